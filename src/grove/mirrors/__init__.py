"""Bare copies of repositories: fetched aside, checked, published whole, never edited."""

from grove.mirrors.arguments import MoveArguments, SyncArguments
from grove.mirrors.asking import is_upstream_there
from grove.mirrors.errors import MirrorAbsent, MirrorWithheld, PullNotFound, PullsNotTracked, RefsVanished
from grove.mirrors.events import MirrorFoundCurrent, MirrorGrowing, MirrorPublished, SyncFailed
from grove.mirrors.fetch import MirrorLimits, MirrorTools, settle_sync, sync_mirror
from grove.mirrors.moving import move_upstream, request_new_address, settle_move
from grove.mirrors.owning import PathOwners, path_owners
from grove.mirrors.pulls import MirroredPull, are_pulls_tracked, pull_of, pulls_of, track_pulls
from grove.mirrors.queries import (
    branches_of,
    heads_to_index,
    record_fetch,
    refs_named,
    refs_of,
    refs_to_show,
    repository_to_clone,
    require_served,
)
from grove.mirrors.reading import MirrorReader
from grove.mirrors.source import Source, SourceReport, SourceTools, check_source, connect_source, require_check
from grove.mirrors.trees import FolderCache, TreePath
from grove.mirrors.upkeep import remove_mirror, sweep_leftovers

__all__ = [
    "FolderCache",
    "MirrorAbsent",
    "MirrorFoundCurrent",
    "MirrorGrowing",
    "MirrorLimits",
    "MirrorPublished",
    "MirrorReader",
    "MirrorTools",
    "MirrorWithheld",
    "MirroredPull",
    "MoveArguments",
    "PathOwners",
    "PullNotFound",
    "PullsNotTracked",
    "RefsVanished",
    "Source",
    "SourceReport",
    "SourceTools",
    "SyncArguments",
    "SyncFailed",
    "TreePath",
    "are_pulls_tracked",
    "branches_of",
    "check_source",
    "connect_source",
    "heads_to_index",
    "is_upstream_there",
    "move_upstream",
    "path_owners",
    "pull_of",
    "pulls_of",
    "record_fetch",
    "refs_named",
    "refs_of",
    "refs_to_show",
    "remove_mirror",
    "repository_to_clone",
    "request_new_address",
    "require_check",
    "require_served",
    "settle_move",
    "settle_sync",
    "sweep_leftovers",
    "sync_mirror",
    "track_pulls",
]
