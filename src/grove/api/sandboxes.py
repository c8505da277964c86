"""`/registry/{repo_id}/sandboxes`: workspaces in the words of an older interface, by the same operations.

What that interface lets a caller write, such as the status, follows here from what is so, and is only told. A sandbox
is its user's own: nobody opens one for somebody else.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import Path, Request
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from grove import accounts
from grove.api.caller import Caller, CallerOf
from grove.api.errors import SandboxForAnother
from grove.api.registry import RepoId, repository_named
from grove.api.routing import needs, router_at
from grove.api.shapes import Line, Received, Shown
from grove.repositories import Repository
from grove.workspaces import Standing, Workspace, WorkspaceNotFound

DERIVED: Final = frozenset(
    {"created_by", "last_checked_at", "last_synced_at", "parent_commit", "path", "status", "upstream_url"}
)
_UNFIT: Final = re.compile(r"[^A-Za-z0-9]+")

router = router_at("/registry", tag="registry")

SandboxId = Annotated[str, Path(max_length=60, description="The sandbox's id, or its name.")]


class SandboxReceived(Received):
    """What is said of a sandbox."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_claims(cls, given: Any) -> Any:
        """Say of what nobody can set that it is so, rather than that it is not known."""
        if isinstance(given, dict) and (claimed := sorted(DERIVED & given.keys())):
            names = ", ".join(claimed)
            raise PydanticCustomError(
                "derived", "{names}: this follows from what is so; nobody sets it", {"names": names}
            )
        return given


class SandboxIn(SandboxReceived):
    """A sandbox to open at the default branch."""

    user_id: Line | None = None
    """Whom it is for: the id or the name of whoever asks."""
    name: Line | None = None
    """What to call it; like the end of the repository's name if it is left out."""
    auto_sync: bool = False


class SandboxUpdateIn(SandboxReceived):
    """Whether a sandbox moves forward by itself after each sync, while nothing of the user's is in the way."""

    auto_sync: bool


class SandboxOut(Shown):
    """A sandbox, which is a workspace: `status` is `ready`, `stale`, `sync_failed` or `pruned`, as `state` has it.

    It is `sync_failed` when it should move forward by itself and cannot, because of changes or commits of the user's;
    `advice` says what to do. `last_checked_at` is when the mirror was brought up to date last.
    """

    id: UUID
    repo_id: str
    user_id: str
    created_by: str
    name: str
    status: str
    state: str
    advice: str
    auto_sync: bool
    branch: str
    parent_commit: str
    upstream_url: str
    clone_url: str
    ahead: int
    behind: int
    last_checked_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, workspace: Workspace, standing: Standing, *, repository: Repository, owner: str, base: str) -> Self:
        """In the words of these routes; `base` is the server's own address."""
        return cls(
            id=UUID(workspace.id),
            repo_id=repository.name,
            user_id=owner,
            created_by=owner,
            name=workspace.name,
            status=_status(workspace, standing),
            state=standing.state,
            advice=standing.advice,
            auto_sync=workspace.follows,
            branch=workspace.branch,
            parent_commit=workspace.base,
            upstream_url=repository.url,
            clone_url=f"{base}/git/ws/{workspace.id}.git",
            ahead=standing.ahead,
            behind=standing.behind,
            last_checked_at=repository.synced_at,
            created_at=workspace.created_at,
            updated_at=workspace.used_at,
        )


@router.get("/{repo_id:path}/sandboxes", openapi_extra=needs("workspace.list"))
def list_sandboxes(repo_id: RepoId, caller: CallerOf, request: Request, *, everybody: bool = False) -> list[SandboxOut]:
    """Your open sandboxes of a repository; administrators may see everybody's."""
    repository = repository_named(caller, repo_id)
    found = caller.grove.workspaces.owned(caller.actor, everybody=everybody)
    return _shown(caller, request, repository, [each for each in found if each.repository_id == repository.id])


@router.post("/{repo_id:path}/sandboxes", status_code=201, openapi_extra=needs("workspace.create"))
def create_sandbox(repo_id: RepoId, wanted: SandboxIn, caller: CallerOf, request: Request) -> SandboxOut:
    """Open a sandbox of a repository for whoever asks, at its default branch."""
    if wanted.user_id is not None and wanted.user_id not in {caller.actor.id, caller.actor.name}:
        raise SandboxForAnother(user=wanted.user_id)
    repository = repository_named(caller, repo_id)
    name = wanted.name or _name_of(repository)
    desk = caller.grove.workspaces
    made = desk.create(caller.actor, repository=repository.id, name=name, target="", now=caller.now)
    if wanted.auto_sync:
        made = caller.grove.keeping.set_following(caller.actor, made.id, follows=True, now=caller.now)
    return _shown(caller, request, repository, [made])[0]


@router.patch("/{repo_id:path}/sandboxes/{sandbox_id}", openapi_extra=needs("workspace.change"))
def update_sandbox(
    repo_id: RepoId, sandbox_id: SandboxId, wanted: SandboxUpdateIn, *, caller: CallerOf, request: Request
) -> SandboxOut:
    """Have a sandbox follow its branch, or not."""
    repository = repository_named(caller, repo_id)
    seen = caller.grove.workspaces.status(caller.actor, sandbox_id).workspace
    if seen.repository_id != repository.id:
        raise WorkspaceNotFound(workspace=sandbox_id)
    changed = caller.grove.keeping.set_following(caller.actor, seen.id, follows=wanted.auto_sync, now=caller.now)
    return _shown(caller, request, repository, [changed])[0]


def _shown(caller: Caller, request: Request, repository: Repository, workspaces: list[Workspace]) -> list[SandboxOut]:
    base = (caller.grove.settings.base_url or str(request.base_url)).rstrip("/")
    standings = caller.grove.keeping.standings(caller.actor, workspaces)
    with caller.reading() as tx:
        owners = accounts.names_of(tx, principal_ids={each.owner_id for each in workspaces})
    return [
        SandboxOut.of(each, standing, repository=repository, owner=owners.get(each.owner_id, ""), base=base)
        for each, standing in zip(workspaces, standings, strict=True)
    ]


def _status(workspace: Workspace, standing: Standing) -> str:
    """In one of the words of that interface."""
    if standing.has_ended:
        return "pruned"
    if not standing.behind:
        return "ready"
    is_in_the_way = standing.is_dirty or standing.ahead > 0
    return "sync_failed" if workspace.follows and is_in_the_way else "stale"


def _name_of(repository: Repository) -> str:
    """A name for a workspace, like the end of the repository's."""
    return _UNFIT.sub("-", repository.name.rpartition("/")[2]).strip("-")[:60].rstrip("-") or "sandbox"
