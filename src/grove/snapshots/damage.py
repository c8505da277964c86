"""Taking damaged parts of an index out of service, so that everything else keeps answering."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, func, select, update

from grove.kit.transactions import Transaction
from grove.snapshots.operations import locked_store
from grove.snapshots.tables import HeadRow, HistoryRow, IndexDamageRow, SegmentRow, SnapshotRow


def strike_out_damaged(
    tx: Transaction,
    *,
    tenant_id: str,
    generation: int,
    broken: Mapping[str, str],
    lost: Mapping[str, Collection[str]],
    now: datetime,
) -> dict[str, list[str]] | None:
    """Strike out damaged parts, and what cannot do without them; per repository the parts that it had.

    `broken` says of parts what is wrong with them, `lost` which of these each snapshot or history needs.
    Nothing is done, and `None` answered, when the index is not of that generation any more.
    """
    store = locked_store(tx, tenant_id)
    if store.generation != generation:
        return None
    parts: dict[str, list[str]] = {}
    for table in (SnapshotRow, HistoryRow):
        chosen = select(table.name, table.repository_id).where(table.name.in_(lost), table.tenant_id == tenant_id)
        for name, repository_id in tx.session.execute(chosen):
            parts.setdefault(repository_id, []).extend(lost[name])
    tx.session.execute(delete(HeadRow).where(HeadRow.tenant_id == tenant_id, HeadRow.snapshot.in_(lost)))
    tx.session.execute(delete(SnapshotRow).where(SnapshotRow.tenant_id == tenant_id, SnapshotRow.name.in_(lost)))
    tx.session.execute(delete(HistoryRow).where(HistoryRow.tenant_id == tenant_id, HistoryRow.name.in_(lost)))
    tx.session.execute(delete(SegmentRow).where(SegmentRow.tenant_id == tenant_id, SegmentRow.name.in_(broken)))
    store.generation += 1
    for repository_id, needed in parts.items():
        parts[repository_id] = sorted(set(needed))
        for part in parts[repository_id]:
            row = IndexDamageRow(
                repository_id=repository_id,
                part=part,
                tenant_id=tenant_id,
                reason=broken[part],
                found_at=now,
                repaired_at=None,
            )
            tx.session.add(row)
    tx.session.flush()
    return parts


def count_damage(tx: Transaction, *, repository_id: str, since: datetime) -> int:
    """How many times damage was found in what a repository needs."""
    found = select(func.count(IndexDamageRow.found_at.distinct())).where(
        IndexDamageRow.repository_id == repository_id, IndexDamageRow.found_at >= since
    )
    return tx.session.scalar(found) or 0


def damaged_among(tx: Transaction, *, tenant_id: str) -> frozenset[str]:
    """The repositories that are being built again because of damage."""
    chosen = select(IndexDamageRow.repository_id).where(
        IndexDamageRow.tenant_id == tenant_id, IndexDamageRow.repaired_at.is_(None)
    )
    return frozenset(tx.session.scalars(chosen))


def settle_damage(tx: Transaction, *, repository_id: str, now: datetime) -> None:
    """A repository has been built again: what was damaged is whole."""
    tx.session.execute(
        update(IndexDamageRow)
        .where(IndexDamageRow.repository_id == repository_id, IndexDamageRow.repaired_at.is_(None))
        .values(repaired_at=now)
    )
