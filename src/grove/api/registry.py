"""`/registry`: the registry in the words of two older interfaces, over the same repositories and the same operations.

`repo_id` is a repository's name, the unmistakable end of it, or its id. What these interfaces let a caller claim, such
as the last indexed commit, is only told here; and unlike there, every route needs a token.
"""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from grove import freshness, mirrors, repositories
from grove.api.caller import Caller, CallerOf
from grove.api.connecting import connect, look_at
from grove.api.edge import EdgeOf
from grove.api.hooks import DeliveryOut
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.shapes import Address, Line, Received, Shown, Words
from grove.repositories import (
    Index,
    Lifecycle,
    Repository,
    RepositoryNotFound,
    clone_status_of,
    request_status_of,
    why_not_ready,
)

LIST_MAX = 1_000

router = router_at("/registry", tag="registry")

RepoId = Annotated[str, Path(max_length=500, description="A name, the end of one, or an id.")]


class RegistryIn(Received):
    """A repository to register; one that is kept already stays as it is."""

    url: Address = Field(examples=["https://github.com/acme/payments-api.git"])
    repo_id: Line | None = Field(default=None, description="What to call it; its address if it is left out.")
    name: Line | None = Field(default=None, description="The same, in other words.")
    reason: Words = ""

    def source(self) -> mirrors.Source:
        """As the core has it."""
        return mirrors.Source(address=self.url, name=self.repo_id or self.name, reason=self.reason)


class RegistryPreviewOut(Shown):
    """What registering would do: `target` is `create`, or `keep` when it is there; `payload` is what would be sent."""

    target: str
    payload: dict[str, Any]
    name: str
    default_branch: str | None
    estimated_bytes: int | None


class RegistryUpdateIn(Received):
    """Whether a repository is put aside."""

    archived: bool
    reason: Words = ""

    @model_validator(mode="before")
    @classmethod
    def _refuse_renaming(cls, given: Any) -> Any:
        """A name is what others know it by."""
        if isinstance(given, dict) and (wanted := sorted({"name", "repo_id"} & given.keys())):
            raise PydanticCustomError("not_here", "{name}: a repository keeps its name for good", {"name": wanted[0]})
        return given


class RegistryOut(Shown):
    """A repository; `status` goes from pending by approved, cloning and indexing to ready, or to error."""

    repo_id: str
    id: UUID
    name: str
    url: str
    status: str
    clone_status: str
    updating: bool
    stale: bool
    why: str
    archived: bool
    last_indexed_commit: str | None
    last_indexed_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, repository: Repository) -> Self:
        """In the words of these routes."""
        return cls(
            repo_id=repository.name,
            id=UUID(repository.id),
            name=repository.name.rpartition("/")[2],
            url=repository.url,
            status=request_status_of(repository),
            clone_status=clone_status_of(repository),
            updating=repository.index is Index.BUILDING and repository.indexed_at is not None,
            stale=repository.index is Index.STALE,
            why=why_not_ready(repository),
            archived=repository.lifecycle is Lifecycle.ARCHIVED,
            last_indexed_commit=repository.head_commit if repository.indexed_at is not None else None,
            last_indexed_at=repository.indexed_at,
            created_at=repository.created_at,
            updated_at=repository.updated_at,
        )


@router.get("", openapi_extra=needs("repository.list"))
def list_registry(caller: CallerOf, *, include_archived: Annotated[bool, Query()] = False) -> list[RegistryOut]:
    """The repositories by name, 1,000 at most; those that are put aside when wanted."""
    with caller.reading() as tx:
        found = repositories.list_repositories(tx, actor=caller.actor, limit=LIST_MAX)
    return [RegistryOut.of(each) for each in found if include_archived or each.lifecycle is not Lifecycle.ARCHIVED]


@router.get("/{repo_id:path}", openapi_extra=needs("repository.view"))
def get_registry_entry(repo_id: RepoId, caller: CallerOf) -> RegistryOut:
    """A repository."""
    return RegistryOut.of(repository_named(caller, repo_id))


@router.post("", openapi_extra=needs("repository.connect"))
def register(wanted: RegistryIn, caller: CallerOf) -> RegistryOut:
    """Register a repository, or show it when it is kept already; it is mirrored at once when policy admits it."""
    try:
        return RegistryOut.of(repository_named(caller, wanted.url))
    except RepositoryNotFound:
        repository, _job = connect(caller, wanted.source())
    return RegistryOut.of(repository_named(caller, repository.id))


@router.post("/preview", openapi_extra=needs("repository.check"))
def preview_registry_entry(wanted: RegistryIn, caller: CallerOf) -> RegistryPreviewOut:
    """Look at a repository as registering would, without keeping anything."""
    report, _source = look_at(caller, wanted.source())
    try:
        kept: Repository | None = repository_named(caller, report.url)
    except RepositoryNotFound:
        kept = None
    return RegistryPreviewOut(
        target="keep" if kept else "create",
        payload={"url": report.url, "repo_id": kept.name if kept else report.name, "reason": wanted.reason},
        name=kept.name if kept else report.name,
        default_branch=report.default_branch,
        estimated_bytes=report.estimated_bytes,
    )


@router.post("/webhook", status_code=202, openapi_extra=needs(PUBLIC))
async def take_registry_delivery(hook: UUID, request: Request, edge: EdgeOf) -> DeliveryOut:
    """Take `{action, url}`, signed as `X-Hub-Signature-256` with the secret of the generic webhook of that id.

    It is a hint like every delivery: whatever its action, the repository's host is asked how things are. Nothing is put
    aside or removed because a delivery says so.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    received = freshness.Received(headers=headers, body=await request.body())
    return DeliveryOut.model_validate(await edge.intake.take(freshness.Provider.GENERIC, str(hook), received))


@router.put("/{repo_id:path}", openapi_extra=needs("repository.archive"))
def update_registry_entry(repo_id: RepoId, wanted: RegistryUpdateIn, caller: CallerOf) -> RegistryOut:
    """Put a repository aside, or take it back into use; what holds already stays."""
    repository = repository_named(caller, repo_id)
    is_archived = repository.lifecycle is Lifecycle.ARCHIVED
    with caller.writing() as tx:
        if wanted.archived == is_archived:
            tx.require(caller.actor, "repository.archive", repositories.resource_of(repository))
        elif wanted.archived:
            repository = repositories.archive_repository(
                tx, actor=caller.actor, repository_id=repository.id, reason=wanted.reason, now=caller.now
            )
        else:
            repository = repositories.restore_repository(
                tx, actor=caller.actor, repository_id=repository.id, now=caller.now
            )
    return RegistryOut.of(repository)


@router.delete("/{repo_id:path}", status_code=204, openapi_extra=needs("repository.remove"))
def remove_registry_entry(repo_id: RepoId, caller: CallerOf) -> Response:
    """Have a repository removed with its mirror, index and credential."""
    repository = repository_named(caller, repo_id)
    with caller.writing() as tx:
        repositories.remove_repository(tx, actor=caller.actor, repository_id=repository.id, now=caller.now)
    return Response(status_code=204)


def repository_named(caller: Caller, name: str) -> Repository:
    """The repository of that id or name, or of the unmistakable end of one.

    :raises RepositoryNotFound: if there is none that the caller may see.
    """
    with caller.reading() as tx:
        return repositories.find_repository(tx, actor=caller.actor, name=name)
