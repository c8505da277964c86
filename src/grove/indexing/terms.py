"""Words of chunks, by field, and how well chunks match weighted words (BM25F).

A posting's byte holds how often the word stands in the chunk's code (4 bits), in its comments (2 bits) and in names
that are defined there (2 bits); each count saturates, as it does in the formula.
"""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing.errors import IndexCorrupt
from grove.indexing.parts import DELTA_ZSTD, ZSTD, PartsReader, PartsWriter
from grove.indexing.postings import NO_POSTINGS, Packed, PostingLists, Postings, Runs, packed, write_postings
from grove.kit.caching import SizedCache

PART: Final = "terms"
_ENTRY_BYTES: Final = 300  # of memory for a word that is kept in a cache, with an empty list
BODY_MAX: Final = 15
COMMENT_MAX: Final = 3
DEFINITION_MAX: Final = 3
_BYTE: Final = np.arange(256, dtype=np.uint8)
BODY_OF: Final = (_BYTE & BODY_MAX).astype(np.float32)
COMMENT_OF: Final = ((_BYTE >> 4) & COMMENT_MAX).astype(np.float32)
DEFINITION_OF: Final = (_BYTE >> 6).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldWeights:
    """How much a word counts by where it stands, and how far a field's length discounts it (BM25F)."""

    k1: float = 1.2
    body: float = 1.0
    comment: float = 1.0
    definition: float = 3.0
    body_length: float = 0.75
    comment_length: float = 0.5


def rarity(total: int, holding: int) -> float:
    """How much a word tells that `holding` of `total` texts have."""
    return float(np.log1p((total - holding + 0.5) / (holding + 0.5)))


class TermIndex:
    """The words of a segment's chunks. A word's list stands at the word's position in the sorted table of words."""

    def __init__(self, reader: PartsReader, cache: SizedCache[Postings], *, chunk_count: int) -> None:
        self._label = reader.label
        self._cache = cache
        self._lists = PostingLists(reader, PART, numbers=chunk_count)
        self._text = reader.array("words", np.uint8)
        self._ends = reader.array("word_ends", np.uint32)
        ascending = (np.diff(self._ends.astype(np.int64), prepend=0) >= 0).all()
        if not ascending or self._ends.max(initial=0) != self._text.size or self._ends.size != len(self._lists):
            raise IndexCorrupt(name=reader.label, part="words")
        self.body_lengths = reader.array("body_lengths", np.uint16)
        self.comment_lengths = reader.array("comment_lengths", np.uint16)
        if not self.body_lengths.size == self.comment_lengths.size == chunk_count:
            raise IndexCorrupt(name=reader.label, part="body_lengths")

    def postings(self, word: str) -> Postings:
        """In which chunks a word stands, and its counts."""
        found = self._cache.get((self._label, word))
        if found is None:
            found = self._read(word)
            self._cache.put((self._label, word), found, _ENTRY_BYTES + found.numbers.nbytes + found.payload.nbytes)
        return found

    def _read(self, word: str) -> Postings:
        wanted = word.encode("utf-8", "replace")
        position = bisect_left(range(self._ends.size), wanted, key=self._word)
        if position == self._ends.size or self._word(position) != wanted:
            return NO_POSTINGS
        return self._lists.read(position)

    def _word(self, position: int) -> bytes:
        begin = self._ends[position - 1] if position else 0
        return self._text[begin : self._ends[position]].tobytes()


def write_terms(
    writer: PartsWriter, *, words: list[str], runs: Runs, body: NDArray[np.uint16], comment: NDArray[np.uint16]
) -> None:
    """Write all parts that a `TermIndex` reads; `words` are by the keys of `runs`."""
    encoded = [word.encode("utf-8", "replace") for word in words]
    order = sorted(range(len(words)), key=encoded.__getitem__)
    ranks = np.empty(len(words), dtype=np.uint64)
    ranks[order] = np.arange(len(words), dtype=np.uint64)
    runs.renumber(ranks)
    write_postings(writer, PART, runs)
    ordered = [encoded[term] for term in order]
    writer.add("words", b"".join(ordered), encoding=ZSTD)
    writer.add("word_ends", np.array(list(accumulate(map(len, ordered))), dtype=np.uint32), encoding=DELTA_ZSTD)
    writer.add("body_lengths", body)
    writer.add("comment_lengths", comment)


def payload_of(counts: NDArray[np.int64], fields: NDArray[np.uint8]) -> NDArray[np.int64]:
    """What a count in a field adds to a posting's byte; fields are 0 body, 1 comment, 2 definition."""
    limits = np.array([BODY_MAX, COMMENT_MAX, DEFINITION_MAX])[fields]
    shifts = np.array([0, 4, 6])[fields]
    added: NDArray[np.int64] = np.minimum(counts, limits) << shifts
    return added


def pack_terms(terms: NDArray[np.uint64], chunks: NDArray[np.uint64], payload: NDArray[np.int64]) -> Packed:
    """Term postings as single numbers."""
    return packed(terms, chunks, payload.astype(np.uint64))
