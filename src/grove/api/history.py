"""How much of a repository is indexed ahead: which branches, how much of its past, and how far that is."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from grove import repositories, snapshots
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Branches, Line, Received, Shown
from grove.kit.transactions import Transaction
from grove.repositories import HistoryPolicy, Repository

router = router_at("/api/v1/repositories", tag="repositories")


class HistoryPolicyIn(Received):
    """What is indexed ahead, beside the heads of tracked branches."""

    index: Line = Field(description="`heads`, `tags`, `all`, or so many months: `12 months`.", examples=["all"])


class TrackedIn(Received):
    """Which branches are indexed."""

    branches: Branches


class TrackedOut(Shown):
    """The patterns of branches whose heads are indexed, beside that of the default branch."""

    branches: list[str]


class HistoryOut(Shown):
    """What is indexed ahead of a repository's past, and what is: every other commit is read when it is asked for.

    `skipped` counts versions of files that are not indexed, by reason.
    """

    index: str
    commits: int
    commits_waiting: int
    changes: int
    stored_bytes: int
    skipped: dict[str, int]
    published_at: datetime | None

    @classmethod
    def of(cls, tx: Transaction, repository: Repository) -> Self:
        """The present state."""
        found = snapshots.histories_of(tx, repositories=[repository.id]).get(repository.id)
        record = found.record if found else None
        return cls(
            index=str(repository.history),
            commits=record.commit_count if record else 0,
            commits_waiting=record.commits_waiting if record else 0,
            changes=record.change_count if record else 0,
            stored_bytes=record.stored_bytes if record else 0,
            skipped=record.skipped if record else {},
            published_at=found.published_at if found else None,
        )


@router.get("/{repository_id}/history", openapi_extra=needs("repository.view"))
def get_history(repository_id: UUID, caller: CallerOf) -> HistoryOut:
    """How much of a repository's past is indexed ahead, and how far that is."""
    with caller.reading() as tx:
        repository = repositories.get_repository(tx, actor=caller.actor, repository_id=str(repository_id))
        return HistoryOut.of(tx, repository)


@router.put("/{repository_id}/history", openapi_extra=needs("repository.configure"))
def set_history(repository_id: UUID, wanted: HistoryPolicyIn, caller: CallerOf) -> HistoryOut:
    """Have more or less of a repository's past indexed ahead; a job does it in the background."""
    policy = HistoryPolicy.parse(wanted.index)
    with caller.writing() as tx:
        repository = repositories.set_history_policy(
            tx, actor=caller.actor, repository_id=str(repository_id), policy=policy, now=caller.now
        )
        return HistoryOut.of(tx, repository)


@router.put("/{repository_id}/tracked", openapi_extra=needs("repository.configure"))
def track_branches(repository_id: UUID, wanted: TrackedIn, caller: CallerOf) -> TrackedOut:
    """Have the heads of these branches indexed from now on, and of no others; a job does it."""
    with caller.writing() as tx:
        repository = repositories.track_branches(
            tx, actor=caller.actor, repository_id=str(repository_id), patterns=wanted.branches, now=caller.now
        )
        return TrackedOut(branches=list(repository.tracked))
