"""What is known of sets of vectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSet:
    """The vectors of some chunks by one model: a file, and the store that has a copy of them."""

    name: str
    model: str
    dimensions: int
    chunk_count: int
    texts_cut: int
    stored_bytes: int
    checksum: str
    copied_to: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorTotals:
    """How far a model has come: `chunks_done` of `chunks` have vectors by it; `texts_cut` were too long for it.

    `others` are chunks with vectors by models that were used before, which serve until this one has caught up.
    """

    model: str
    chunks: int
    chunks_done: int
    texts_cut: int
    stored_bytes: int
    others: Mapping[str, int]
    store: str
    chunks_in_store: int
