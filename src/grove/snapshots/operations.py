"""Publishing and retiring. Called by jobs alone, in the transaction in which their lease is checked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from grove.kit.transactions import Transaction
from grove.snapshots.errors import SegmentsGone
from grove.snapshots.model import SegmentRecord, SnapshotRecord
from grove.snapshots.pins import pins_of, unpin_repository
from grove.snapshots.tables import HeadRow, IndexDamageRow, IndexStoreRow, SegmentRow, SnapshotRow

RETIRED_SECONDS_KEPT = 600
"""For how long a snapshot that answers for no branch any more stays for those who are reading it."""


def reserve_ordinals(tx: Transaction, *, tenant_id: str, count: int) -> int:
    """The first of `count` ordinals that nobody else will get."""
    store = locked_store(tx, tenant_id)
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
    locked_store(tx, tenant_id).generation += 1


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
    pinned = {pin.commit for pin in pins_of(tx, repositories=[repository_id])}
    used = {name for commit, name in commits.items() if commit in pinned or commit in heads.values()}
    mine = SnapshotRow.repository_id == repository_id
    tx.session.execute(
        update(SnapshotRow)
        .where(mine, SnapshotRow.name.not_in(used), SnapshotRow.retired_at.is_(None))
        .values(retired_at=now)
    )
    tx.session.execute(update(SnapshotRow).where(mine, SnapshotRow.name.in_(used)).values(retired_at=None))
    locked_store(tx, tenant_id).generation += 1


def take_retired(
    tx: Transaction, *, tenant_id: str, repository_id: str, kept_min: int, in_use: Collection[str], now: datetime
) -> list[str]:
    """Strike out snapshots that were retired long ago; their names, so that their files can go.

    The `kept_min` that were retired last stay, and those of commits that are `in_use`.
    """
    last_retired = (
        select(SnapshotRow)
        .where(SnapshotRow.repository_id == repository_id, SnapshotRow.retired_at.is_not(None))
        .order_by(SnapshotRow.retired_at.desc(), SnapshotRow.published_at.desc())
        .offset(kept_min)
    )
    long_ago = now - timedelta(seconds=RETIRED_SECONDS_KEPT)
    rows = [row for row in tx.session.scalars(last_retired) if row.retired_at and row.retired_at < long_ago]
    return _strike_out(tx, tenant_id, [row.name for row in rows if row.commit not in in_use])


def forget_repository(tx: Transaction, *, tenant_id: str, repository_id: str) -> list[str]:
    """Strike out every snapshot of a repository; their names, so that their files can go."""
    tx.session.execute(delete(HeadRow).where(HeadRow.repository_id == repository_id))
    tx.session.execute(delete(IndexDamageRow).where(IndexDamageRow.repository_id == repository_id))
    unpin_repository(tx, repository_id=repository_id)
    mine = select(SnapshotRow.name).where(SnapshotRow.repository_id == repository_id)
    return _strike_out(tx, tenant_id, tx.session.scalars(mine).all())


def drop_others(tx: Transaction, *, tenant_id: str, repository_id: str, kept: Collection[str]) -> list[str]:
    """Strike out the snapshots of a repository that answer for no branch and are not kept; their names."""
    heads = select(HeadRow.snapshot).where(HeadRow.repository_id == repository_id)
    others = select(SnapshotRow.name).where(
        SnapshotRow.repository_id == repository_id, SnapshotRow.name.not_in(kept), SnapshotRow.name.not_in(heads)
    )
    return _strike_out(tx, tenant_id, tx.session.scalars(others).all())


def replace_segments(
    tx: Transaction, *, tenant_id: str, names: Collection[str], rewritten: SegmentRecord | None, now: datetime
) -> None:
    """Let one segment take the place of others, or nothing when nothing of them was left.

    :raises SegmentsGone: if one of them does not count any more.
    """
    require_segments(tx, tenant_id=tenant_id, names=names)
    tx.session.execute(delete(SegmentRow).where(SegmentRow.name.in_(names), SegmentRow.tenant_id == tenant_id))
    if rewritten is not None:
        tx.session.add(SegmentRow(tenant_id=tenant_id, created_at=now, **asdict(rewritten)))
    locked_store(tx, tenant_id).generation += 1


def replace_snapshot(
    tx: Transaction,
    *,
    tenant_id: str,
    repository_id: str,
    snapshot: SnapshotRecord,
    segment: SegmentRecord | None,
    now: datetime,
) -> list[str]:
    """Publish a snapshot in the place of the one of the same commit, for every branch; the names of what is gone."""
    mine = SnapshotRow.repository_id == repository_id
    old = tx.session.scalars(select(SnapshotRow.name).where(mine, SnapshotRow.commit == snapshot.commit)).all()
    heads = tx.session.scalars(select(HeadRow).where(HeadRow.snapshot.in_(old))).all()
    branches = [head.branch for head in heads]
    tx.session.execute(delete(HeadRow).where(HeadRow.snapshot.in_(old)))
    names = _strike_out(tx, tenant_id, old)
    tx.session.expire_all()
    publish_snapshot(tx, tenant_id=tenant_id, repository_id=repository_id, snapshot=snapshot, segment=segment, now=now)
    for branch in branches:
        row = HeadRow(tenant_id=tenant_id, repository_id=repository_id, branch=branch, snapshot=snapshot.name)
        tx.session.add(row)
    return names


def require_segments(tx: Transaction, *, tenant_id: str, names: Collection[str]) -> None:
    """Return when all these segments count; they do until the transaction ends.

    :raises SegmentsGone: if one does not any more.
    """
    locked_store(tx, tenant_id)
    counted = select(func.count()).where(SegmentRow.tenant_id == tenant_id, SegmentRow.name.in_(names))
    if tx.session.scalar(counted) != len(set(names)):
        raise SegmentsGone(segments=len(set(names)))


def raise_generation(tx: Transaction, *, tenant_id: str) -> None:
    """Tell readers that there is something new to open."""
    locked_store(tx, tenant_id).generation += 1


def _strike_out(tx: Transaction, tenant_id: str, names: Sequence[str]) -> list[str]:
    if names:
        tx.session.execute(delete(SnapshotRow).where(SnapshotRow.name.in_(names)))
        locked_store(tx, tenant_id).generation += 1
    return list(names)


def locked_store(tx: Transaction, tenant_id: str) -> IndexStoreRow:
    """A tenant's index, made when there is none; nobody else changes it until the transaction ends."""
    row = tx.session.get(IndexStoreRow, tenant_id, with_for_update=True, populate_existing=True)
    if row is None:
        row = IndexStoreRow(tenant_id=tenant_id, next_ordinal=0, generation=0)
        tx.session.add(row)
        tx.session.flush()
    return row
