"""Published versions of repositories, and the segments that they are made of: what a reader may open."""

from grove.snapshots.histories import histories_of, publish_history, retire_history, take_retired_histories
from grove.snapshots.model import (
    Generation,
    Head,
    HistoryRecord,
    RepositoryHistory,
    SegmentRecord,
    Snapshot,
    SnapshotRecord,
)
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
    "HistoryRecord",
    "RepositoryHistory",
    "SegmentRecord",
    "Snapshot",
    "SnapshotRecord",
    "commits_of",
    "forget_repository",
    "generation_of",
    "heads_of",
    "histories_of",
    "known_commits",
    "list_heads",
    "point_heads",
    "publish_history",
    "publish_snapshot",
    "replace_segment",
    "reserve_ordinals",
    "retire_history",
    "snapshots_named",
    "storage_of",
    "take_retired",
    "take_retired_histories",
]
