"""What building an index needs from outside: a reader of definitions, a maker of vectors, limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from grove.languages import DefinitionParser


class WordCounts(NamedTuple):
    """How often each word stands in each chunk, as compressed sparse rows.

    Row `i` holds `indices[indptr[i]:indptr[i + 1]]` (numbers of words, ascending) with their counts in `values`.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: NDArray[np.float32]


class ChunkEmbedder(Protocol):
    """Gives chunks their vectors."""

    @property
    def name(self) -> str:
        """What tells this embedder's vectors from another's; vectors of different names are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        ...

    def embed_counts(self, words: Sequence[str], counts: WordCounts) -> NDArray[np.float32]:
        """One vector per row of `counts`; its indices are positions in `words`."""
        ...


class Embedder(ChunkEmbedder, Protocol):
    """Turns words into vectors of unit length; chunks and questions land in the same space."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector of a question."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLimits:
    """What one commit may cost; what exceeds it is skipped, and the snapshot says so."""

    file_bytes_max: int = 2 * 1024 * 1024
    files_max: int = 500_000
    total_bytes_max: int = 4 * 1024**3
    path_bytes_max: int = 4_096
    path_depth_max: int = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildTools:
    """With what a snapshot is built."""

    parser: DefinitionParser
    embedder: Embedder
    limits: BuildLimits = BuildLimits()
