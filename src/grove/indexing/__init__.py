"""The index: content-addressed chunks, immutable segments, snapshots of commits, and what is looked up in them."""

from grove.indexing.arrays import ChunkLists, are_among, distinct
from grove.indexing.bm25 import WordHits
from grove.indexing.build import build_snapshot
from grove.indexing.embedding import StaticEmbedder
from grove.indexing.errors import (
    BlobUnavailable,
    IndexChanged,
    IndexCorrupt,
    IndexDamagedOften,
    IndexFormatUnknown,
    IndexMissing,
    IndexTooLarge,
    PinNotFound,
)
from grove.indexing.events import (
    HeadsPublished,
    IndexDamaged,
    IndexGrown,
    IndexRebuildRequested,
    IndexVerificationRequested,
    PinsChanged,
)
from grove.indexing.history import Changes, Commits, History
from grove.indexing.history_building import HistoryLimits
from grove.indexing.history_job import HISTORY_JOB, HistoryTools, index_history
from grove.indexing.isolation import damage_isolated, isolate_damage
from grove.indexing.leftovers import sweep_index
from grove.indexing.merging import live_ordinals, merge_index
from grove.indexing.model import (
    BlobSource,
    Built,
    FileEntry,
    Need,
    Occurrence,
    Ordinals,
    Scores,
    Selection,
    SkipReason,
    SymbolHit,
    SymbolMatch,
)
from grove.indexing.nearest import VectorPart, nearest_of
from grove.indexing.needs import candidates_among
from grove.indexing.opened import OpenIndexes
from grove.indexing.parts import DELTA_ZSTD, ZSTD, PartsReader, PartsWriter
from grove.indexing.paths import shown, stored
from grove.indexing.pinning import PinDesk, list_pins
from grove.indexing.ports import BuildLimits, BuildTools, Embedder, WordCounts
from grove.indexing.rebuilding import rebuild_index
from grove.indexing.refresh import IndexTools, Retention, index_repository, settle_index
from grove.indexing.removal import RemovalTools, compact_index, drop_index, remove_everything
from grove.indexing.rewrite import segments_to_join
from grove.indexing.scope import Scope
from grove.indexing.sketch import (
    CommitOf,
    Sketch,
    SketchCache,
    SketchLimits,
    is_current,
    next_ordinal,
    sketch_changes,
    sketch_commit,
    with_sketches,
)
from grove.indexing.snapshot import SnapshotView
from grove.indexing.store import IndexStore
from grove.indexing.survey import UNUSABLE
from grove.indexing.terms import FieldWeights
from grove.indexing.upkeep import (
    IndexTotals,
    RepositoryIndex,
    index_totals,
    is_merge_due,
    request_rebuild,
    request_verification,
    status_of,
)
from grove.indexing.vectors import VectorIndex, VectorWriter
from grove.indexing.verifying import verify_index
from grove.indexing.view import ChunkRun, IndexView
from grove.indexing.vocabulary import count_words
from grove.indexing.words import split_words
from grove.indexing.writing import adding_to_index, copying_index, taking_out_of_index

__all__ = [
    "DELTA_ZSTD",
    "HISTORY_JOB",
    "UNUSABLE",
    "ZSTD",
    "BlobSource",
    "BlobUnavailable",
    "BuildLimits",
    "BuildTools",
    "Built",
    "Changes",
    "ChunkLists",
    "ChunkRun",
    "CommitOf",
    "Commits",
    "Embedder",
    "FieldWeights",
    "FileEntry",
    "HeadsPublished",
    "History",
    "HistoryLimits",
    "HistoryTools",
    "IndexChanged",
    "IndexCorrupt",
    "IndexDamaged",
    "IndexDamagedOften",
    "IndexFormatUnknown",
    "IndexGrown",
    "IndexMissing",
    "IndexRebuildRequested",
    "IndexStore",
    "IndexTooLarge",
    "IndexTools",
    "IndexTotals",
    "IndexVerificationRequested",
    "IndexView",
    "Need",
    "Occurrence",
    "OpenIndexes",
    "Ordinals",
    "PartsReader",
    "PartsWriter",
    "PinDesk",
    "PinNotFound",
    "PinsChanged",
    "RemovalTools",
    "RepositoryIndex",
    "Retention",
    "Scope",
    "Scores",
    "Selection",
    "Sketch",
    "SketchCache",
    "SketchLimits",
    "SkipReason",
    "SnapshotView",
    "StaticEmbedder",
    "SymbolHit",
    "SymbolMatch",
    "VectorIndex",
    "VectorPart",
    "VectorWriter",
    "WordCounts",
    "WordHits",
    "adding_to_index",
    "are_among",
    "build_snapshot",
    "candidates_among",
    "compact_index",
    "copying_index",
    "count_words",
    "damage_isolated",
    "distinct",
    "drop_index",
    "index_history",
    "index_repository",
    "index_totals",
    "is_current",
    "is_merge_due",
    "isolate_damage",
    "list_pins",
    "live_ordinals",
    "merge_index",
    "nearest_of",
    "next_ordinal",
    "rebuild_index",
    "remove_everything",
    "request_rebuild",
    "request_verification",
    "segments_to_join",
    "settle_index",
    "shown",
    "sketch_changes",
    "sketch_commit",
    "split_words",
    "status_of",
    "stored",
    "sweep_index",
    "taking_out_of_index",
    "verify_index",
    "with_sketches",
]
