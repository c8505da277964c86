"""Pinning commits: what is pinned stays indexed, and in the mirror, whatever its branches do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grove import activity, repositories, snapshots
from grove.indexing.errors import PinNotFound
from grove.indexing.events import PinsChanged
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Database, Transaction
from grove.mirrors import MirrorReader
from grove.repositories import Repository
from grove.snapshots import SnapshotPin

PIN: Final = "refs/grove/pins/"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinDesk:
    """Pins and unpins commits; any number of threads may use it."""

    database: Database
    mirrors: MirrorReader

    def pin(self, actor: Actor, *, repository_id: str, revision: str, reason: str, now: datetime) -> SnapshotPin:
        """Have the commit that a revision means now stay indexed; it is indexed if it is not yet.

        :raises Denied: if `actor` may not.
        :raises RepositoryNotFound: if the tenant has no such repository.
        :raises MirrorAbsent: if nothing of it is here yet.
        :raises RevisionUnknown: if it has no such branch, tag or commit.
        """
        with self.database.reading() as tx:
            repository = _pinnable(tx, actor, repository_id)
        commit = self.mirrors.resolve(repository, revision)
        self.mirrors.git.update_refs(self.mirrors.path(repository), updates={PIN + commit: commit})
        with self.database.transaction() as tx:
            _pinnable(tx, actor, repository_id)
            made = snapshots.pin_commit(
                tx,
                tenant_id=repository.tenant_id,
                repository_id=repository_id,
                commit=commit,
                revision=revision,
                reason=reason,
                pinned_by=actor.id,
                now=now,
            )
            _tell(tx, "index.pinned", actor=actor, repository=repository, commit=commit, reason=reason, now=now)
        return made

    def unpin(self, actor: Actor, *, repository_id: str, commit: str, now: datetime) -> SnapshotPin:
        """Let a commit go; what its pin was.

        :raises Denied: if `actor` may not.
        :raises RepositoryNotFound: if the tenant has no such repository.
        :raises PinNotFound: if the commit is not pinned.
        """
        with self.database.transaction() as tx:
            repository = _pinnable(tx, actor, repository_id)
            gone = snapshots.unpin_commit(tx, repository_id=repository_id, commit=commit)
            if gone is None:
                raise PinNotFound(repository=repository_id, commit=commit)
            _tell(tx, "index.unpinned", actor=actor, repository=repository, commit=commit, reason=gone.reason, now=now)
        self.mirrors.git.update_refs(self.mirrors.path(repository), updates={}, deletes=[PIN + commit])
        return gone


def list_pins(tx: Transaction, *, actor: Actor, shown: Sequence[Repository]) -> list[SnapshotPin]:
    """The pinned commits of repositories that `actor` has been shown, the newest pin first.

    :raises Denied: if `actor` may not see them.
    """
    tx.require(actor, "index.view", Resource(kind="index", tenant_id=actor.tenant_id))
    return snapshots.pins_of(tx, repositories=[repository.id for repository in shown])


def _pinnable(tx: Transaction, actor: Actor, repository_id: str) -> Repository:
    repository = repositories.get_repository(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "index.pin", repositories.resource_of(repository))
    return repository


def _tell(
    tx: Transaction, action: str, *, actor: Actor, repository: Repository, commit: str, reason: str, now: datetime
) -> None:
    activity.record(
        tx,
        actor=actor,
        action=action,
        target_kind="repository",
        target_id=repository.id,
        now=now,
        name=repository.name,
        commit=commit,
        reason=reason,
    )
    tx.publish(PinsChanged(tenant_id=actor.tenant_id, repository_id=repository.id, actor_id=actor.id, at=now))
