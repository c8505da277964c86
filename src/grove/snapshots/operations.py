"""Publishing and retiring. Called by jobs alone, in the transaction in which their lease is checked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from grove.kit.transactions import Transaction
from grove.snapshots.model import SegmentRecord, SnapshotRecord
from grove.snapshots.tables import HeadRow, IndexStoreRow, SegmentRow, SnapshotRow

RETIRED_SECONDS_KEPT = 600
"""For how long a snapshot that answers for no branch any more stays for those who are reading it."""


def reserve_ordinals(tx: Transaction, *, tenant_id: str, count: int) -> int:
    """The first of `count` ordinals that nobody else will get."""
    store = _store(tx, tenant_id)
    first = store.next_ordinal
    store.next_ordinal += count
    return first


def publish_snapshot(
    tx: Transaction,
    *,
    tenant_id: str,
    repository_id: str,
    snapshot: SnapshotRecord,
    segment: SegmentRecord | None,
    now: datetime,
) -> None:
    """Make a snapshot, and the segment that came with it, visible to every reader at once."""
    if segment is not None:
        tx.session.add(SegmentRow(tenant_id=tenant_id, created_at=now, **asdict(segment)))
    row = SnapshotRow(tenant_id=tenant_id, repository_id=repository_id, published_at=now, **asdict(snapshot))
    tx.session.add(row)
    tx.session.flush()
    _store(tx, tenant_id).generation += 1


def point_heads(
    tx: Transaction, *, tenant_id: str, repository_id: str, heads: Mapping[str, str], now: datetime
) -> None:
    """Let each branch be answered by the snapshot of a commit; branches that are not named are gone."""
    commits = dict(
        tx.session.execute(
            select(SnapshotRow.commit, SnapshotRow.name).where(SnapshotRow.repository_id == repository_id)
        ).all()
    )
    tx.session.execute(delete(HeadRow).where(HeadRow.repository_id == repository_id))
    for branch, commit in heads.items():
        head = HeadRow(tenant_id=tenant_id, repository_id=repository_id, branch=branch, snapshot=commits[commit])
        tx.session.add(head)
    used = {commits[commit] for commit in heads.values()}
    mine = SnapshotRow.repository_id == repository_id
    tx.session.execute(
        update(SnapshotRow)
        .where(mine, SnapshotRow.name.not_in(used), SnapshotRow.retired_at.is_(None))
        .values(retired_at=now)
    )
    tx.session.execute(update(SnapshotRow).where(mine, SnapshotRow.name.in_(used)).values(retired_at=None))
    _store(tx, tenant_id).generation += 1


def take_retired(tx: Transaction, *, tenant_id: str, repository_id: str, now: datetime) -> list[str]:
    """Strike out snapshots that have been retired for long enough; their names, so that their files can go."""
    retired = select(SnapshotRow.name).where(
        SnapshotRow.repository_id == repository_id,
        SnapshotRow.retired_at < now - timedelta(seconds=RETIRED_SECONDS_KEPT),
    )
    return _strike_out(tx, tenant_id, tx.session.scalars(retired).all())


def forget_repository(tx: Transaction, *, tenant_id: str, repository_id: str) -> list[str]:
    """Strike out every snapshot of a repository; their names, so that their files can go."""
    tx.session.execute(delete(HeadRow).where(HeadRow.repository_id == repository_id))
    mine = select(SnapshotRow.name).where(SnapshotRow.repository_id == repository_id)
    return _strike_out(tx, tenant_id, tx.session.scalars(mine).all())


def replace_segment(
    tx: Transaction, *, tenant_id: str, name: str, rewritten: SegmentRecord | None, now: datetime
) -> None:
    """Let a rewritten segment take the place of another, or nothing when nothing of it was left."""
    tx.session.execute(delete(SegmentRow).where(SegmentRow.name == name, SegmentRow.tenant_id == tenant_id))
    if rewritten is not None:
        tx.session.add(SegmentRow(tenant_id=tenant_id, created_at=now, **asdict(rewritten)))
    _store(tx, tenant_id).generation += 1


def raise_generation(tx: Transaction, *, tenant_id: str) -> None:
    """Tell readers that there is something new to open."""
    _store(tx, tenant_id).generation += 1


def _strike_out(tx: Transaction, tenant_id: str, names: Sequence[str]) -> list[str]:
    if names:
        tx.session.execute(delete(SnapshotRow).where(SnapshotRow.name.in_(names)))
        _store(tx, tenant_id).generation += 1
    return list(names)


def _store(tx: Transaction, tenant_id: str) -> IndexStoreRow:
    row = tx.session.get(IndexStoreRow, tenant_id, with_for_update=True, populate_existing=True)
    if row is None:
        row = IndexStoreRow(tenant_id=tenant_id, next_ordinal=0, generation=0)
        tx.session.add(row)
        tx.session.flush()
    return row
