"""Published versions of repositories, and the segments that they are made of: what a reader may open."""

from grove.snapshots.model import Generation, Head, SegmentRecord, Snapshot, SnapshotRecord
from grove.snapshots.operations import (
    forget_repository,
    point_heads,
    publish_snapshot,
    replace_segment,
    reserve_ordinals,
    take_retired,
)
from grove.snapshots.queries import (
    commits_of,
    generation_of,
    heads_of,
    known_commits,
    list_heads,
    snapshots_named,
    storage_of,
)

__all__ = [
    "Generation",
    "Head",
    "SegmentRecord",
    "Snapshot",
    "SnapshotRecord",
    "commits_of",
    "forget_repository",
    "generation_of",
    "heads_of",
    "known_commits",
    "list_heads",
    "point_heads",
    "publish_snapshot",
    "replace_segment",
    "reserve_ordinals",
    "snapshots_named",
    "storage_of",
    "take_retired",
]
