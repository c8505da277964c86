"""How snapshots and segments are stored."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import TenantTable, UtcDateTime
from grove.snapshots.model import HistoryRecord, RepositoryHistory, Snapshot, SnapshotPin


class IndexStoreRow(TenantTable):
    """The index of one tenant: where its numbering stands, and which generation it is."""

    __tablename__ = "index_stores"

    tenant_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    next_ordinal: Mapped[int] = mapped_column(BigInteger)
    generation: Mapped[int] = mapped_column(BigInteger)


class SegmentRow(TenantTable):
    """A live segment; what has no row does not exist."""

    __tablename__ = "segments"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    first_ordinal: Mapped[int] = mapped_column(BigInteger)
    chunk_count: Mapped[int]
    blob_count: Mapped[int]
    source_bytes: Mapped[int] = mapped_column(BigInteger)
    stored_bytes: Mapped[int] = mapped_column(BigInteger)
    checksum: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SnapshotRow(TenantTable):
    """A published snapshot; what has no row does not exist."""

    __tablename__ = "snapshots"
    __table_args__ = (UniqueConstraint("repository_id", "commit"),)

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    repository_id: Mapped[str] = mapped_column(String(36))
    commit: Mapped[str] = mapped_column(String(64))
    file_count: Mapped[int]
    indexed_file_count: Mapped[int]
    chunk_count: Mapped[int]
    source_bytes: Mapped[int] = mapped_column(BigInteger)
    stored_bytes: Mapped[int] = mapped_column(BigInteger)
    skipped: Mapped[dict[str, int]] = mapped_column(JSON)
    languages: Mapped[dict[str, int]] = mapped_column(JSON)
    checksum: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def value(self) -> Snapshot:
        """The row as the domain knows it."""
        return Snapshot(
            name=self.name,
            tenant_id=self.tenant_id,
            repository_id=self.repository_id,
            commit=self.commit,
            file_count=self.file_count,
            indexed_file_count=self.indexed_file_count,
            chunk_count=self.chunk_count,
            source_bytes=self.source_bytes,
            stored_bytes=self.stored_bytes,
            skipped=self.skipped,
            languages=self.languages,
            published_at=self.published_at,
        )


class HistoryRow(TenantTable):
    """A published history of a repository, or one that another has replaced; what has no row does not exist."""

    __tablename__ = "histories"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    repository_id: Mapped[str] = mapped_column(String(36), index=True)
    policy: Mapped[str] = mapped_column(String(40))
    commit_count: Mapped[int]
    commits_waiting: Mapped[int]
    change_count: Mapped[int]
    chunk_count: Mapped[int]
    stored_bytes: Mapped[int] = mapped_column(BigInteger)
    skipped: Mapped[dict[str, int]] = mapped_column(JSON)
    checksum: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def value(self) -> RepositoryHistory:
        """The row as the domain knows it."""
        record = HistoryRecord(
            name=self.name,
            policy=self.policy,
            commit_count=self.commit_count,
            commits_waiting=self.commits_waiting,
            change_count=self.change_count,
            chunk_count=self.chunk_count,
            stored_bytes=self.stored_bytes,
            skipped=self.skipped,
            checksum=self.checksum,
        )
        return RepositoryHistory(repository_id=self.repository_id, record=record, published_at=self.published_at)


class HeadRow(TenantTable):
    """A branch, and the snapshot that answers for it."""

    __tablename__ = "snapshot_heads"

    repository_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    branch: Mapped[str] = mapped_column(String(1024), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    snapshot: Mapped[str] = mapped_column(ForeignKey("snapshots.name"))


class SnapshotPinRow(TenantTable):
    """A commit of a repository that somebody wants to have indexed, whatever its branches do."""

    __tablename__ = "snapshot_pins"

    repository_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    commit: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    revision: Mapped[str] = mapped_column(String(1024))
    reason: Mapped[str] = mapped_column(String(500))
    pinned_by: Mapped[str] = mapped_column(String(36))
    pinned_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def value(self) -> SnapshotPin:
        """The row as the domain knows it."""
        return SnapshotPin(
            repository_id=self.repository_id,
            commit=self.commit,
            revision=self.revision,
            reason=self.reason,
            pinned_by=self.pinned_by,
            pinned_at=self.pinned_at,
        )


class IndexDamageRow(TenantTable):
    """A damaged part of the index that a repository had chunks or files in, and since when it is whole again."""

    __tablename__ = "index_damages"

    repository_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    part: Mapped[str] = mapped_column(String(80), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    reason: Mapped[str] = mapped_column(String(40))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    repaired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
