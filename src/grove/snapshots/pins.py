"""Commits that stay indexed whatever their branches do. Who may pin is decided by the capabilities that ask."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from grove.kit.transactions import Transaction
from grove.snapshots.model import SnapshotPin
from grove.snapshots.tables import SnapshotPinRow


def pin_commit(
    tx: Transaction,
    *,
    tenant_id: str,
    repository_id: str,
    commit: str,
    revision: str,
    reason: str,
    pinned_by: str,
    now: datetime,
) -> SnapshotPin:
    """Have a commit stay indexed; one that is pinned already gets the new reason."""
    row = SnapshotPinRow(
        tenant_id=tenant_id,
        repository_id=repository_id,
        commit=commit,
        revision=revision,
        reason=reason,
        pinned_by=pinned_by,
        pinned_at=now,
    )
    return tx.session.merge(row).value()


def unpin_commit(tx: Transaction, *, repository_id: str, commit: str) -> SnapshotPin | None:
    """Let a commit go when no branch needs it; its pin, if it had one."""
    row = tx.session.get(SnapshotPinRow, (repository_id, commit))
    if row is None:
        return None
    tx.session.delete(row)
    tx.session.flush()
    return row.value()


def unpin_repository(tx: Transaction, *, repository_id: str) -> None:
    """Let every commit of a repository go."""
    tx.session.execute(delete(SnapshotPinRow).where(SnapshotPinRow.repository_id == repository_id))


def pins_of(tx: Transaction, *, repositories: Collection[str]) -> list[SnapshotPin]:
    """The pinned commits of some repositories, the newest pin first."""
    chosen = select(SnapshotPinRow).where(SnapshotPinRow.repository_id.in_(repositories))
    ordered = chosen.order_by(SnapshotPinRow.pinned_at.desc(), SnapshotPinRow.commit)
    return [row.value() for row in tx.session.scalars(ordered)]
