"""`/api/v1/repositories/{id}/pulls`: the open pull requests of a repository, and what they change."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from grove import mirrors, repositories
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Received, Shown
from grove.navigation import SymbolChange

router = router_at("/api/v1/repositories/{repository_id}/pulls", tag="repositories")

Number = Annotated[int, Path(ge=1, le=2_147_483_647)]


class PullOut(Shown):
    """An open pull request; search it by `rev:pr/NUMBER`."""

    number: int
    title: str
    branch: str
    target: str
    head: str
    url: str


class PullsOut(Shown):
    """The open pull requests whose commits are here, if they are mirrored."""

    tracked: bool
    items: list[PullOut]


class PullsIn(Received):
    """Whether open pull requests are mirrored and indexed."""

    tracked: bool


class PullFileOut(Shown):
    """A file that a pull request changes."""

    path: str
    old_path: str
    kind: str
    lines_added: int
    lines_removed: int


class ChangedSymbolOut(Shown):
    """A definition that a pull request adds, changes or removes."""

    path: str
    name: str
    kind: str
    container: str
    line: int
    change: SymbolChange


class PullDeltaOut(Shown):
    """What a pull request changes since the commit `base`, from which it and its target have gone apart."""

    pull: PullOut
    base: str
    files: list[PullFileOut]
    symbols: list[ChangedSymbolOut]
    files_unread: int


@router.get("", openapi_extra=needs("repository.view"))
def list_pulls(repository_id: UUID, caller: CallerOf) -> PullsOut:
    """The open pull requests of a repository, the newest first."""
    with caller.reading() as tx:
        found = repositories.get_repository(tx, actor=caller.actor, repository_id=str(repository_id))
        tracked = mirrors.are_pulls_tracked(tx, repository_id=found.id)
        pulls = mirrors.pulls_of(tx, repository_id=found.id) if found.is_served else []
    return PullsOut(tracked=tracked, items=[PullOut.model_validate(pull) for pull in pulls])


@router.put("", openapi_extra=needs("repository.keep_up"))
def track_pulls(repository_id: UUID, wanted: PullsIn, caller: CallerOf) -> PullsOut:
    """Have open pull requests mirrored and indexed, or no more; a sync begins."""
    with caller.writing() as tx:
        mirrors.track_pulls(
            tx, actor=caller.actor, repository_id=str(repository_id), tracked=wanted.tracked, now=caller.now
        )
    return list_pulls(repository_id, caller)


@router.get("/{number}", openapi_extra=needs("file.read"))
def get_pull(repository_id: UUID, number: Number, caller: CallerOf) -> PullDeltaOut:
    """What a pull request changes: files, and the definitions in them."""
    delta = caller.grove.deltas.delta(caller.actor, repository=str(repository_id), number=number)
    return PullDeltaOut.model_validate(delta)
