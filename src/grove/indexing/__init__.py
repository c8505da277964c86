"""The index: content-addressed chunks, immutable segments, snapshots of commits, and what is looked up in them."""

from grove.indexing.bm25 import WordHits
from grove.indexing.build import build_snapshot
from grove.indexing.embedding import StaticEmbedder
from grove.indexing.errors import BlobUnavailable, IndexCorrupt, IndexFormatUnknown, IndexMissing, IndexTooLarge
from grove.indexing.events import HeadsPublished
from grove.indexing.history import Changes, Commits, History
from grove.indexing.history_building import HistoryLimits
from grove.indexing.history_job import HISTORY_JOB, HistoryTools, index_history
from grove.indexing.languages import LANGUAGES, has_outline, language_of, marks_of
from grove.indexing.leftovers import sweep_index
from grove.indexing.model import (
    BlobSource,
    Built,
    Definition,
    FileEntry,
    Mark,
    Need,
    Occurrence,
    Ordinals,
    Role,
    Scores,
    Selection,
    SkipReason,
    Structure,
    SymbolHit,
    SymbolMatch,
    Task,
    Use,
)
from grove.indexing.needs import candidates_among
from grove.indexing.opened import OpenIndexes
from grove.indexing.parsers import PooledParser, TreeSitterParser
from grove.indexing.parts import ZSTD, PartsReader, PartsWriter
from grove.indexing.paths import shown, stored
from grove.indexing.ports import BuildLimits, BuildTools, DefinitionParser, Embedder, StructureParser, WordCounts
from grove.indexing.refresh import IndexTools, index_repository, settle_index
from grove.indexing.removal import RemovalTools, compact_index, remove_everything
from grove.indexing.rewrite import segments_to_join
from grove.indexing.scope import Scope
from grove.indexing.sketch import (
    CommitOf,
    Sketch,
    SketchCache,
    SketchLimits,
    is_current,
    next_ordinal,
    sketch_commit,
    with_sketches,
)
from grove.indexing.snapshot import SnapshotView
from grove.indexing.store import IndexStore
from grove.indexing.terms import FieldWeights
from grove.indexing.view import IndexView
from grove.indexing.words import split_words

__all__ = [
    "HISTORY_JOB",
    "LANGUAGES",
    "ZSTD",
    "BlobSource",
    "BlobUnavailable",
    "BuildLimits",
    "BuildTools",
    "Built",
    "Changes",
    "CommitOf",
    "Commits",
    "Definition",
    "DefinitionParser",
    "Embedder",
    "FieldWeights",
    "FileEntry",
    "HeadsPublished",
    "History",
    "HistoryLimits",
    "HistoryTools",
    "IndexCorrupt",
    "IndexFormatUnknown",
    "IndexMissing",
    "IndexStore",
    "IndexTooLarge",
    "IndexTools",
    "IndexView",
    "Mark",
    "Need",
    "Occurrence",
    "OpenIndexes",
    "Ordinals",
    "PartsReader",
    "PartsWriter",
    "PooledParser",
    "RemovalTools",
    "Role",
    "Scope",
    "Scores",
    "Selection",
    "Sketch",
    "SketchCache",
    "SketchLimits",
    "SkipReason",
    "SnapshotView",
    "StaticEmbedder",
    "Structure",
    "StructureParser",
    "SymbolHit",
    "SymbolMatch",
    "Task",
    "TreeSitterParser",
    "Use",
    "WordCounts",
    "WordHits",
    "build_snapshot",
    "candidates_among",
    "compact_index",
    "has_outline",
    "index_history",
    "index_repository",
    "is_current",
    "language_of",
    "marks_of",
    "next_ordinal",
    "remove_everything",
    "segments_to_join",
    "settle_index",
    "shown",
    "sketch_commit",
    "split_words",
    "stored",
    "sweep_index",
    "with_sketches",
]
