"""What a snapshot and a segment are, as far as the database knows them. Pure."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRecord:
    """A finished segment, to be named in the database."""

    name: str
    first_ordinal: int
    chunk_count: int
    blob_count: int
    source_bytes: int
    stored_bytes: int
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRecord:
    """A finished snapshot, to be named in the database."""

    name: str
    commit: str
    file_count: int
    indexed_file_count: int
    chunk_count: int
    source_bytes: int
    stored_bytes: int
    skipped: dict[str, int] = field(default_factory=dict)
    languages: dict[str, int] = field(default_factory=dict)
    checksum: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A published version of one commit of a repository."""

    name: str
    tenant_id: str
    repository_id: str
    commit: str
    file_count: int
    indexed_file_count: int
    chunk_count: int
    source_bytes: int
    stored_bytes: int
    skipped: dict[str, int]
    languages: dict[str, int]
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotPin:
    """A commit that stays indexed until it is unpinned; `revision` is what it was called when it was pinned."""

    repository_id: str
    commit: str
    revision: str
    reason: str
    pinned_by: str
    pinned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A branch, and the snapshot that answers for it."""

    repository_id: str
    branch: str
    snapshot: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRecord:
    """A finished history, to be named in the database: `commits_waiting` are not in it yet.

    `policy` is by what it was made; `skipped` counts the versions of files that are not indexed, by reason.
    """

    name: str
    policy: str
    commit_count: int
    commits_waiting: int
    change_count: int
    chunk_count: int
    stored_bytes: int
    skipped: dict[str, int] = field(default_factory=dict)
    checksum: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryHistory:
    """The published history of a repository."""

    repository_id: str
    record: HistoryRecord
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """Everything that a reader of one tenant's index may open; the number grows with each change."""

    number: int
    segments: tuple[str, ...]
    snapshots: tuple[str, ...]
    histories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSize:
    """What an index consists of: how many chunks each segment has, and bytes; `source_bytes` of the chunks, once."""

    generation: int
    segment_chunks: tuple[int, ...]
    snapshots: int
    source_bytes: int
    stored_bytes: int
