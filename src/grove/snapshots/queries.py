"""What can be asked about snapshots. Who may see which is decided by the capabilities that ask."""

from collections.abc import Collection

from sqlalchemy import func, select

from grove.kit.transactions import Transaction
from grove.snapshots.model import Generation, Head, Snapshot, StoredSize
from grove.snapshots.tables import HeadRow, HistoryRow, IndexStoreRow, SegmentRow, SnapshotRow


def generation_of(tx: Transaction, *, tenant_id: str) -> Generation:
    """What a reader of the tenant's index may open now."""
    store = tx.session.get(IndexStoreRow, tenant_id)
    if store is None:
        return Generation(number=0, segments=(), snapshots=())
    segments = select(SegmentRow.name).where(SegmentRow.tenant_id == tenant_id).order_by(SegmentRow.first_ordinal)
    snapshots = select(SnapshotRow.name).where(SnapshotRow.tenant_id == tenant_id).order_by(SnapshotRow.name)
    histories = select(HistoryRow.name).where(HistoryRow.tenant_id == tenant_id).order_by(HistoryRow.name)
    return Generation(
        number=store.generation,
        segments=tuple(tx.session.scalars(segments)),
        snapshots=tuple(tx.session.scalars(snapshots)),
        histories=tuple(tx.session.scalars(histories)),
    )


def checksums_of(tx: Transaction, *, tenant_id: str) -> dict[str, str]:
    """Of every segment, snapshot and history of a tenant, by its name, the checksum with which it was published."""
    return {
        name: checksum
        for table in (SegmentRow, SnapshotRow, HistoryRow)
        for name, checksum in tx.session.execute(
            select(table.name, table.checksum).where(table.tenant_id == tenant_id)
        ).all()
    }


def known_commits(tx: Transaction, *, repository_id: str) -> dict[str, str]:
    """The commits of a repository that have a snapshot, with its name."""
    chosen = select(SnapshotRow.commit, SnapshotRow.name).where(SnapshotRow.repository_id == repository_id)
    return dict(tx.session.execute(chosen).all())


def commits_of(tx: Transaction, *, repositories: Collection[str]) -> dict[str, dict[str, str]]:
    """Per repository the commits that have a snapshot, with its name."""
    chosen = select(SnapshotRow.repository_id, SnapshotRow.commit, SnapshotRow.name)
    found: dict[str, dict[str, str]] = {}
    for repository, commit, name in tx.session.execute(chosen.where(SnapshotRow.repository_id.in_(repositories))):
        found.setdefault(repository, {})[commit] = name
    return found


def heads_of(tx: Transaction, *, repository_id: str) -> list[Head]:
    """The branches of a repository that are indexed."""
    return list_heads(tx, repositories=[repository_id])


def list_heads(tx: Transaction, *, repositories: Collection[str]) -> list[Head]:
    """The branches of several repositories that are indexed."""
    chosen = (
        select(HeadRow.repository_id, HeadRow.branch, HeadRow.snapshot, SnapshotRow.commit)
        .join(SnapshotRow, SnapshotRow.name == HeadRow.snapshot)
        .where(HeadRow.repository_id.in_(repositories))
        .order_by(HeadRow.repository_id, HeadRow.branch)
    )
    return [
        Head(repository_id=repository, branch=branch, snapshot=snapshot, commit=commit)
        for repository, branch, snapshot, commit in tx.session.execute(chosen)
    ]


def snapshots_named(tx: Transaction, *, names: Collection[str]) -> dict[str, Snapshot]:
    """The snapshots of these names."""
    rows = tx.session.scalars(select(SnapshotRow).where(SnapshotRow.name.in_(names)))
    return {row.name: row.value() for row in rows}


def parts_of(tx: Transaction, *, repository_id: str) -> frozenset[str]:
    """The names of the snapshots and histories of a repository."""
    snapshots = select(SnapshotRow.name).where(SnapshotRow.repository_id == repository_id)
    histories = select(HistoryRow.name).where(HistoryRow.repository_id == repository_id)
    return frozenset([*tx.session.scalars(snapshots), *tx.session.scalars(histories)])


def snapshots_of(tx: Transaction, *, repositories: Collection[str]) -> list[Snapshot]:
    """The snapshots of some repositories, oldest first."""
    chosen = select(SnapshotRow).where(SnapshotRow.repository_id.in_(repositories)).order_by(SnapshotRow.published_at)
    return [row.value() for row in tx.session.scalars(chosen)]


def stored_size_of(tx: Transaction, *, tenant_id: str) -> StoredSize:
    """What a tenant's index consists of."""
    store = tx.session.get(IndexStoreRow, tenant_id)
    segments = select(SegmentRow.chunk_count, SegmentRow.source_bytes, SegmentRow.stored_bytes)
    rows = tx.session.execute(segments.where(SegmentRow.tenant_id == tenant_id)).all()
    snapshots = select(func.count(), func.coalesce(func.sum(SnapshotRow.stored_bytes), 0))
    histories = select(func.coalesce(func.sum(HistoryRow.stored_bytes), 0)).where(HistoryRow.tenant_id == tenant_id)
    history_bytes = int(tx.session.scalar(histories) or 0)
    count, snapshot_bytes = tx.session.execute(snapshots.where(SnapshotRow.tenant_id == tenant_id)).one()
    return StoredSize(
        generation=store.generation if store else 0,
        segment_chunks=tuple(row.chunk_count for row in rows),
        snapshots=count,
        source_bytes=sum(row.source_bytes for row in rows),
        stored_bytes=sum(row.stored_bytes for row in rows) + int(snapshot_bytes) + history_bytes,
    )


def storage_of(tx: Transaction) -> dict[str, int]:
    """How many bytes all indexes take, by kind: for metrics."""
    segments = tx.session.scalar(select(func.coalesce(func.sum(SegmentRow.stored_bytes), 0)))
    snapshots = tx.session.scalar(select(func.coalesce(func.sum(SnapshotRow.stored_bytes), 0)))
    histories = tx.session.scalar(select(func.coalesce(func.sum(HistoryRow.stored_bytes), 0)))
    return {"segments": int(segments or 0), "snapshots": int(snapshots or 0), "histories": int(histories or 0)}
