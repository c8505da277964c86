"""Publishing, retiring and finding histories. Who may see which is decided by the capabilities that ask."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from grove.kit.transactions import Transaction
from grove.snapshots.model import HistoryRecord, RepositoryHistory, SegmentRecord
from grove.snapshots.operations import RETIRED_SECONDS_KEPT, raise_generation
from grove.snapshots.tables import HistoryRow, SegmentRow


def publish_history(
    tx: Transaction,
    *,
    tenant_id: str,
    repository_id: str,
    history: HistoryRecord,
    segment: SegmentRecord | None,
    now: datetime,
) -> None:
    """Let a history, and the segment that came with it, take the place of the one before, for every reader at once."""
    if segment is not None:
        tx.session.add(SegmentRow(tenant_id=tenant_id, created_at=now, **asdict(segment)))
    retire_history(tx, tenant_id=tenant_id, repository_id=repository_id, now=now)
    tx.session.add(HistoryRow(tenant_id=tenant_id, repository_id=repository_id, published_at=now, **asdict(history)))
    tx.session.flush()


def retire_history(tx: Transaction, *, tenant_id: str, repository_id: str, now: datetime) -> None:
    """Let a repository have no history; its files stay for those who are reading them."""
    live = (HistoryRow.repository_id == repository_id) & HistoryRow.retired_at.is_(None)
    tx.session.execute(update(HistoryRow).where(live).values(retired_at=now))
    raise_generation(tx, tenant_id=tenant_id)


def take_retired_histories(tx: Transaction, *, tenant_id: str, repository_id: str, now: datetime | None) -> list[str]:
    """Strike out histories that have been retired for long enough, or all if no moment is given; their names."""
    mine = HistoryRow.repository_id == repository_id
    if now is not None:
        mine &= HistoryRow.retired_at < now - timedelta(seconds=RETIRED_SECONDS_KEPT)
    names = list(tx.session.scalars(select(HistoryRow.name).where(mine)))
    if names:
        tx.session.execute(delete(HistoryRow).where(HistoryRow.name.in_(names)))
        raise_generation(tx, tenant_id=tenant_id)
    return names


def histories_of(tx: Transaction, *, repositories: Collection[str]) -> dict[str, RepositoryHistory]:
    """The published histories of several repositories, by repository."""
    chosen = select(HistoryRow).where(HistoryRow.repository_id.in_(repositories), HistoryRow.retired_at.is_(None))
    return {row.repository_id: row.value() for row in tx.session.scalars(chosen)}
