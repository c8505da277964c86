"""An immutable set of chunks and all that is looked up in them. Layout: docs/formats/segment.md."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing.blobs import BlobTable
from grove.indexing.content import ContentIndex, Frame
from grove.indexing.errors import IndexCorrupt
from grove.indexing.grams import GramIndex
from grove.indexing.model import Ordinals
from grove.indexing.parts import PartsReader
from grove.indexing.postings import Postings
from grove.indexing.symbols import SymbolIndex
from grove.indexing.terms import TermIndex
from grove.indexing.vectors import VectorIndex
from grove.kit.caching import SizedCache

KIND: Final = "segment"
FILE_NAME: Final = "segment.grove"

Digests = NDArray[np.uint64]
"""Rows of two numbers: the halves of digests."""


class Caches(NamedTuple):
    """What all segments of a store keep of what they have decoded."""

    frames: SizedCache[Frame]
    postings: SizedCache[Postings]


class Segment:
    """Reads a segment. Within it chunks have numbers from 0; to everyone else they have ordinals.

    Each kind of look-up is opened when it is first used. Safe to share between threads.
    """

    def __init__(self, reader: PartsReader, *, name: str, caches: Caches) -> None:
        self.name = name
        self.reader = reader
        self._caches = caches
        self.facts = reader.facts("facts")
        self.ordinals: Ordinals = reader.array("ordinals", np.uint32)
        self.lines = reader.array("chunk_lines", np.uint8)
        self.languages = reader.array("chunk_languages", np.uint8)
        ascending = (np.diff(self.ordinals.astype(np.int64)) > 0).all()
        if not ascending or not self.lines.size == self.languages.size == self.ordinals.size:
            raise IndexCorrupt(name=name, part="ordinals")
        self.first = int(self.ordinals[0]) if len(self) else 0
        self.last = int(self.ordinals[-1]) if len(self) else -1
        self._gapless = self.last - self.first + 1 == len(self)

    @classmethod
    def open(cls, folder: Path, *, caches: Caches) -> "Segment":
        """Map the segment in a folder.

        :raises IndexMissing: if there is none.
        :raises IndexCorrupt: if it is damaged.
        """
        reader = PartsReader.open(folder / FILE_NAME, kind=KIND)
        return cls(reader, name=folder.name, caches=caches)

    def __len__(self) -> int:
        return self.ordinals.size

    def numbers_of(self, ordinals: Ordinals) -> NDArray[np.int64]:
        """The numbers of those ascending ordinals that are in this segment."""
        if not len(self):
            return np.empty(0, dtype=np.int64)
        begin = np.searchsorted(ordinals, self.ordinals[0])
        inside = ordinals[begin : np.searchsorted(ordinals, self.ordinals[-1], side="right")]
        if self._gapless:
            return inside.astype(np.int64) - self.first
        numbers: NDArray[np.int64] = np.minimum(np.searchsorted(self.ordinals, inside), len(self) - 1)
        return np.compress(self.ordinals[numbers] == inside, numbers)

    def number_of(self, ordinal: int) -> int | None:
        """The number of a chunk, if it is in this segment."""
        if not self.first <= ordinal <= self.last:
            return None
        number = ordinal - self.first
        if not self._gapless:
            number = int(np.searchsorted(self.ordinals, np.uint32(ordinal)))
        return number if int(self.ordinals[number]) == ordinal else None

    @cached_property
    def digests(self) -> "DigestTable":
        """The digests of the chunks."""
        return DigestTable(self.reader, chunk_count=len(self))

    @cached_property
    def blobs(self) -> BlobTable:
        """The blobs that were read when this segment was made."""
        return BlobTable.read(self.reader, self.facts)

    @cached_property
    def content(self) -> ContentIndex:
        """The texts."""
        return ContentIndex(self.reader, self._caches.frames, chunk_count=len(self))

    @cached_property
    def grams(self) -> GramIndex:
        """The trigrams."""
        return GramIndex(self.reader, chunk_count=len(self))

    @cached_property
    def terms(self) -> TermIndex:
        """The words."""
        return TermIndex(self.reader, self._caches.postings, chunk_count=len(self))

    @cached_property
    def vectors(self) -> VectorIndex:
        """The vectors."""
        return VectorIndex(self.reader, chunk_count=len(self), dimensions=self.dimensions)

    @cached_property
    def symbols(self) -> SymbolIndex:
        """The definitions."""
        return SymbolIndex(self.reader, chunk_count=len(self))

    def language_of(self, number: int) -> str:
        """In what language a chunk's comments were told."""
        names = self.facts.get("languages")
        if not isinstance(names, list) or self.languages[number] >= len(names):
            raise IndexCorrupt(name=self.name, part="facts")
        return str(names[self.languages[number]])

    def verify(self) -> None:
        """Read everything and open every look-up.

        :raises IndexCorrupt: if anything is not what was written.
        """
        self.reader.verify()
        for part in (self.digests, self.blobs, self.content, self.grams, self.terms, self.vectors, self.symbols):
            assert part is not None

    @property
    def embedder(self) -> str:
        """Whose vectors these are."""
        return str(self.facts.get("embedder", ""))

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        dimensions = self.facts.get("dimensions")
        if not isinstance(dimensions, int) or dimensions < 1:
            raise IndexCorrupt(name=self.name, part="facts")
        return dimensions


class DigestTable:
    """Finds chunks by their digests, which are sorted."""

    def __init__(self, reader: PartsReader, *, chunk_count: int) -> None:
        self._highs = reader.array("digest_highs", np.uint64)
        self._lows = reader.array("digest_lows", np.uint64)
        self._numbers = reader.array("digest_numbers", np.uint32)
        whole = self._highs.size == self._lows.size == self._numbers.size == chunk_count
        if not whole or self._numbers.max(initial=0) >= max(chunk_count, 1):
            raise IndexCorrupt(name=reader.label, part="digest_numbers")

    def find(self, digests: Digests) -> NDArray[np.int64]:
        """For each digest the chunk's number, or -1."""
        if not self._numbers.size or not digests.size:
            return np.full(len(digests), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self._highs, digests[:, 0]), self._numbers.size - 1)
        same = (self._highs[place] == digests[:, 0]) & (self._lows[place] == digests[:, 1])
        return np.where(same, self._numbers[place].astype(np.int64), -1)

    def by_number(self) -> Digests:
        """The digests in the order of the chunks."""
        digests = np.empty((self._numbers.size, 2), dtype=np.uint64)
        digests[self._numbers, 0] = self._highs
        digests[self._numbers, 1] = self._lows
        return digests


def digests_of(digests: Sequence[bytes]) -> Digests:
    """Digests as rows of two numbers."""
    return np.frombuffer(b"".join(digests), dtype=np.uint64).reshape(-1, 2)
