"""The words of the index. Pure: no disk, no database.

A *chunk* is a run of whole lines, addressed by its content and numbered once in its store by an *ordinal*. A *segment*
holds chunks and everything that is looked up in them. A *snapshot* says which paths of one commit consist of which
chunks. A *scope* is the set of chunks that a question may see; it is applied before anything is ranked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from grove.languages import Mark
from grove.snapshots import SegmentRecord, SnapshotRecord

Ordinals = NDArray[np.uint32]
Scores = NDArray[np.float32]


class SkipReason(StrEnum):
    """Why a file of a commit has no chunks in the index. New reasons go to the end: files hold their numbers."""

    BINARY = "binary"
    TOO_LARGE = "too_large"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    UNSAFE_PATH = "unsafe_path"
    PATH_TOO_LONG = "path_too_long"
    PATH_TOO_DEEP = "path_too_deep"
    DUPLICATE_PATH = "duplicate_path"
    TOO_MANY_FILES = "too_many_files"
    TOO_MANY_BYTES = "too_many_bytes"
    EMPTY = "empty"
    MISSING = "missing"
    NOT_READ = "not_read"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of a commit's tree: `path` as bytes, as git has it; `oid` the blob's id in hexadecimal."""

    path: bytes
    oid: str
    mode: int
    size_bytes: int


class BlobSource(Protocol):
    """Reads the contents of blobs, many at a time."""

    def read_blobs(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield every blob with its id, in the order asked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolHit:
    """A definition in the index: `line` is 0-based within its chunk."""

    ordinal: int
    line: int
    name: str
    kind: str
    container: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A place where a chunk stands: in a snapshot, in a file, from a 1-based line on."""

    snapshot: str
    path_number: int
    path: str
    first_line: int
    language: str
    marks: Mark


class SymbolMatch(StrEnum):
    """How a name is compared with the names of definitions; all but `EXACT` ignore the case of ASCII letters."""

    EXACT = "exact"
    FOLDED = "folded"
    PREFIX = "prefix"
    SUBSTRING = "substring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Paths of a snapshot, by their numbers; `None` selects them all."""

    snapshot: str
    path_numbers: NDArray[np.uint32] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a matching chunk must contain: all (`and_`) or any (`or_`) of literals and nested needs.

    An empty need admits everything: the pattern has no literal that an index could look up.
    """

    literals: tuple[bytes, ...] = ()
    needs: "tuple[Need, ...]" = ()
    any_of: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What indexing one commit made: no segment when every chunk was known."""

    snapshot: SnapshotRecord
    segment: SegmentRecord | None
    new_chunk_count: int
    seconds: dict[str, float] = field(default_factory=dict)
