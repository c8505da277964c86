"""`/git`: what git itself speaks to: mirrors to fetch from, and workspaces to fetch from and push to.

The user name does not matter; the password is a token. `/git/REPOSITORY.git` is a mirror, `/git/ws/NAME.git` a
workspace of one's own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path as Folder
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query, Request, Response, Security
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials

from grove import mirrors
from grove.api.caller import Caller, TokenShown, caller_of, serving_caller
from grove.api.edge import EdgeOf, open_transfer
from grove.api.errors import MirrorReadOnly
from grove.api.git_body import body_of
from grove.api.git_exchange import Exchanged, said_by
from grove.api.git_report import Commands, refusal_report
from grove.api.routing import needs, router_at
from grove.git import Service
from grove.kit.errors import GroveError
from grove.kit.gate import TokenMissing
from grove.repositories import Repository
from grove.sandbox import Conversation
from grove.usage import Act, Use
from grove.workspaces import Exchange

REQUEST_BYTES_MAX: Final = 64 * 1024 * 1024
"""What a client may say of what it has and wants."""
REPORT_BYTES_MAX: Final = 4 * 1024 * 1024
COMMANDS_BYTES_MAX: Final = 1024 * 1024
"""What a push may have beside its pack."""

router = router_at("/git", tag="git")

_basic = HTTPBasic(auto_error=False, description="Any user name; a token of this server as the password.")


def git_caller_of(
    request: Request,
    edge: EdgeOf,
    bearer: TokenShown = None,
    basic: Annotated[HTTPBasicCredentials | None, Security(_basic)] = None,
) -> Caller:
    """Authenticate git, which sends a name and a password.

    :raises TokenMissing: if it shows no token.
    :raises TokenInvalid: if its token is unknown, expired or revoked.
    """
    if basic is not None:
        bearer = HTTPAuthorizationCredentials(scheme="Bearer", credentials=basic.password or basic.username)
    if bearer is None or not bearer.credentials:
        raise TokenMissing  # a browser's cookie is not for git
    return caller_of(request, edge, bearer)


async def serving_git_caller(caller: Annotated[Caller, Depends(git_caller_of)]) -> Caller:
    """The caller, whose tenant the rest of the request is for."""
    return await serving_caller(caller)


GitCaller = Annotated[Caller, Depends(serving_git_caller)]
Asked = Annotated[Service, Query(alias="service", description="What git wants to do.")]
Repo = Annotated[str, Path(max_length=1_024, description="The repository's name, with or without `.git`.")]
Name = Annotated[str, Path(max_length=64, description="The workspace's name or id, with or without `.git`.")]


def _answers(what: str, permission: str) -> dict[str, Any]:
    """What a route says of itself: it answers in git's own protocol."""
    content = {what: {"schema": {"type": "string", "format": "binary"}}}
    return {
        "response_class": Response,
        "responses": {200: {"content": content, "description": "As git's protocol has it"}},
        "dependencies": [Depends(open_transfer)],
        "openapi_extra": needs(permission),
    }


@router.get("/ws/{name}/info/refs", **_answers("application/x-git-upload-pack-advertisement", "workspace.view"))
async def advertise_workspace(name: Name, service: Asked, caller: GitCaller, request: Request) -> Response:
    """What a workspace has: its branches."""
    pushes = service is Service.RECEIVE
    exchange = await run_in_threadpool(caller.grove.pushes.open, caller.actor, _plain(name), changes=pushes)
    workspace, server = exchange.workspace, caller.grove.git_server

    @asynccontextmanager
    async def speaking() -> AsyncIterator[Conversation]:
        stage = server.stage(exchange.folder, branch=workspace.branch, commits=exchange.commits)
        async with contextmanager_in_threadpool(stage) as git_dir:
            begun = (
                server.receive(
                    git_dir,
                    branch=workspace.branch,
                    protocol=_protocol(request),
                    advertises=True,
                    bytes_max=exchange.room_bytes,
                    seconds_max=caller.grove.settings.git_clone_timeout,
                )
                if pushes
                else server.upload(git_dir, **_fetching(caller, request, advertises=True))
            )
            async with begun as conversation:
                yield conversation

    return Exchanged(speaking, service=service, advertises=True)


@router.post("/ws/{name}/git-upload-pack", **_answers("application/x-git-upload-pack-result", "workspace.view"))
async def fetch_workspace(name: Name, caller: GitCaller, request: Request) -> Response:
    """Hand out what a client lacks of a workspace."""
    exchange = await run_in_threadpool(caller.grove.pushes.open, caller.actor, _plain(name), changes=False)
    workspace, server = exchange.workspace, caller.grove.git_server

    @asynccontextmanager
    async def speaking() -> AsyncIterator[Conversation]:
        stage = server.stage(exchange.folder, branch=workspace.branch, commits=exchange.commits)
        async with (
            contextmanager_in_threadpool(stage) as git_dir,
            server.upload(git_dir, **_fetching(caller, request)) as conversation,
        ):
            yield conversation

    return Exchanged(speaking, service=Service.UPLOAD, body=body_of(request, bytes_max=REQUEST_BYTES_MAX))


@router.post("/ws/{name}/git-receive-pack", **_answers("application/x-git-receive-pack-result", "workspace.change"))
async def push_to_workspace(name: Name, caller: GitCaller, request: Request) -> Response:
    """Take commits for a workspace's current branch. It moves when all of them are here and checked, or not at all."""
    exchange = await run_in_threadpool(caller.grove.pushes.open, caller.actor, _plain(name), changes=True)
    workspace, server = exchange.workspace, caller.grove.git_server
    commands = Commands()
    body = commands.noting(body_of(request, bytes_max=exchange.room_bytes + COMMANDS_BYTES_MAX))
    stage = server.stage(exchange.folder, branch=workspace.branch, commits=exchange.commits)
    async with contextmanager_in_threadpool(stage) as git_dir:
        receiving = server.receive(
            git_dir,
            branch=workspace.branch,
            protocol=_protocol(request),
            advertises=False,
            bytes_max=exchange.room_bytes,
            seconds_max=caller.grove.settings.git_clone_timeout,
        )
        # What git reports is told when it is true: after the workspace has moved.
        report = await said_by(receiving, body, bytes_max=REPORT_BYTES_MAX)
        try:
            await run_in_threadpool(_accept, caller, exchange, git_dir, commands)
        except GroveError as error:
            report = refusal_report(commands, error)
    return Response(report, media_type="application/x-git-receive-pack-result")


@router.get("/{name:path}/info/refs", **_answers("application/x-git-upload-pack-advertisement", "repository.clone"))
async def advertise_mirror(name: Repo, service: Asked, caller: GitCaller, request: Request) -> Response:
    """What a mirror has."""
    repository = await run_in_threadpool(_mirrored, caller, name)
    if service is Service.RECEIVE:
        raise MirrorReadOnly(repository=repository.name)
    mirror = caller.grove.mirrors.path(repository)
    options = _fetching(caller, request, advertises=True)
    return Exchanged(lambda: caller.grove.git_server.upload(mirror, **options), service=service, advertises=True)


@router.post("/{name:path}/git-upload-pack", **_answers("application/x-git-upload-pack-result", "repository.clone"))
async def fetch_mirror(name: Repo, caller: GitCaller, request: Request) -> Response:
    """Hand out what a client lacks of a mirror."""
    repository = await run_in_threadpool(_mirrored, caller, name)
    mirror = caller.grove.mirrors.path(repository)
    await run_in_threadpool(_record, caller, repository)
    return Exchanged(
        lambda: caller.grove.git_server.upload(mirror, **_fetching(caller, request)),
        service=Service.UPLOAD,
        body=body_of(request, bytes_max=REQUEST_BYTES_MAX),
    )


def _accept(caller: Caller, exchange: Exchange, stage: Folder, commands: Commands) -> None:
    """With the rights that the caller has now: a push may take long."""
    again = caller.again()
    refs = {ref.decode(errors="replace") for ref in commands.refs}
    again.grove.pushes.accept(again.actor, exchange, stage=stage, refs=refs, now=again.now)


def _mirrored(caller: Caller, name: str) -> Repository:
    with caller.reading() as tx:
        return mirrors.repository_to_clone(tx, actor=caller.actor, name=_plain(name))


def _record(caller: Caller, repository: Repository) -> None:
    with caller.writing() as tx:
        mirrors.record_fetch(tx, actor=caller.actor, repository=repository, now=caller.now)
    caller.grove.usage.count(caller.actor, Act.CLONE, [Use(repository_id=repository.id)], now=caller.now)


def _plain(name: str) -> str:
    return name.removesuffix(".git")


def _protocol(request: Request) -> str:
    return request.headers.get("git-protocol", "")


def _fetching(caller: Caller, request: Request, *, advertises: bool = False) -> dict[str, Any]:
    seconds_max = caller.grove.settings.git_clone_timeout
    return {"protocol": _protocol(request), "advertises": advertises, "seconds_max": seconds_max}
