"""A snapshot with some files taken out and others put in, without being written anew.

It answers as the snapshot of the changed tree would, to the last score. What takes long to prepare is the snapshot's
own and shared with it; what is left are copies of arrays, and the few files that differ.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from grove.indexing.arrays import distinct, places_by_value
from grove.indexing.blobs import SKIPS, BlobTable, joined
from grove.indexing.commit_files import CommitFiles
from grove.indexing.model import SkipReason
from grove.indexing.path_grams import path_filter
from grove.indexing.path_words import HeldWords, PathWords
from grove.indexing.paths import shown
from grove.indexing.snapshot import SnapshotView

_BYTES_PER_FILE: Final = 100
_BYTES_PER_CHUNK: Final = 30

Item = TypeVar("Item")
Number = TypeVar("Number", bound=np.generic)


class Exchange:
    """Which rows of a table go, and before which of those that stay others come in; both ascend."""

    def __init__(self, *, size: int, gone: NDArray[np.int64], at: NDArray[np.int64]) -> None:
        self._kept = kept_without(gone, size=size)
        self._at = at

    @property
    def before_count(self) -> int:
        """How many rows there were before."""
        return self._kept.size

    @property
    def new_count(self) -> int:
        """How many rows come in."""
        return self._at.size

    def array(self, rows: NDArray[Number], new: NDArray[Number]) -> NDArray[Number]:
        """The rows of an array after it."""
        exchanged: NDArray[Number] = np.insert(rows[self._kept], self._at, new)
        return exchanged

    def items(self, rows: Sequence[Item], new: Sequence[Item]) -> list[Item]:
        """The rows of a list after it."""
        kept = list(compress(rows, self._kept.tolist()))
        found: list[Item] = []
        begin = 0
        for at, item in zip(self._at.tolist(), new, strict=True):
            found += kept[begin:at]
            found.append(item)
            begin = at
        return found + kept[begin:]


def kept_without(gone: NDArray[np.int64], *, size: int) -> NDArray[np.bool_]:
    """Of each of so many rows whether it is none of those that go."""
    kept = np.ones(size, dtype=np.bool_)
    kept[gone] = False
    return kept


class _ExchangedWords:
    """The words of paths of which some went and others came in."""

    def __init__(self, exchange: Exchange, below: HeldWords, added: HeldWords) -> None:
        self._exchange = exchange
        self._below = below
        self._added = added

    def holding(self, word: str) -> NDArray[np.float32] | None:
        """Per path, how much it has of a word; nothing if none has it."""
        below, added = self._below.holding(word), self._added.holding(word)
        if below is None and added is None:
            return None
        held = self._exchange.array(
            np.zeros(self._exchange.before_count, dtype=np.float32) if below is None else below,
            np.zeros(self._exchange.new_count, dtype=np.float32) if added is None else added,
        )
        return held if held.any() else None


class Overlay(SnapshotView):
    """The snapshot `below` without the paths that are `gone`, and with `added` ones, which ascend and are not kept.

    Nothing may be refused below: a path that is not in its table cannot be taken out.
    """

    def __init__(
        self, below: SnapshotView, *, name: str, commit: str, gone: NDArray[np.int64], added: CommitFiles
    ) -> None:
        self.name = name
        self.commit = commit
        self.reader = below.reader
        self._below = below
        self._gone = gone
        self._added = added
        kept = list(compress(below.raw_paths, kept_without(gone, size=below.path_count).tolist()))
        at = np.array([bisect_left(kept, path) for path in added.paths], dtype=np.int64)
        self._exchange = exchange = Exchange(size=below.path_count, gone=gone, at=at)
        self._columns, numbers = joined(below.blobs.columns, added.blobs)
        new_blobs = numbers[added.path_blobs + len(below.blobs)]
        self.path_blobs = exchange.array(numbers[below.path_blobs], new_blobs).astype(np.uint32)
        self.path_count = self.path_blobs.size
        further = sorted(set(added.language_names) - set(below.language_names))
        self._names = [*below.language_names, *further]
        renamed = np.array([self._names.index(each) for each in added.language_names], dtype=np.uint8)
        self.language_numbers = exchange.array(below.language_numbers, renamed[added.languages])
        self.marks = exchange.array(below.marks, added.marks)
        self.sizes = exchange.array(below.sizes, added.sizes)
        self.path_skips = exchange.array(below.path_skips, added.skips)

    @property
    def memory_bytes(self) -> int:
        """About how much memory it takes, beside the snapshot below."""
        return _BYTES_PER_FILE * self.path_count + _BYTES_PER_CHUNK * self._columns.chunks.size

    @cached_property
    def raw_paths(self) -> list[bytes]:
        """The paths as git has them, sorted."""
        return self._exchange.items(self._below.raw_paths, self._added.paths)

    @cached_property
    def paths(self) -> Sequence[str]:
        """The paths to be displayed."""
        return self._exchange.items(self._below.paths, [shown(path) for path in self._added.paths])

    @cached_property
    def language_names(self) -> list[str]:
        """The languages by their numbers."""
        return self._names

    @property
    def rules(self) -> object:
        """What decided about the rows: the same as below."""
        return self._below.rules

    @cached_property
    def skipped(self) -> Mapping[str, SkipReason]:
        """Displayable path -> why it has no chunks."""
        return {self.paths[number]: self._skip_of(number) for number in np.flatnonzero(self.path_skips).tolist()}

    @property
    def skipped_counts(self) -> Mapping[str, int]:
        """How many files were skipped, by reason."""
        counts = np.bincount(self.path_skips)
        return {SKIPS[number]: int(counts[number]) for number in np.flatnonzero(counts).tolist() if number}

    @cached_property
    def path_words(self) -> HeldWords:
        """The words of the paths."""
        return _ExchangedWords(self._exchange, self._below.path_words, PathWords(self._added.paths))

    @cached_property
    def path_filter(self) -> NDArray[np.uint8]:
        """Which trigrams the paths may have: those of paths that are gone are still among them."""
        return self._below.path_filter | path_filter(self._added.paths)

    @cached_property
    def blobs(self) -> BlobTable:
        """The blobs of both; some may be of files that are gone."""
        return BlobTable(self._columns)

    @cached_property
    def bitmap(self) -> BitMap:
        """The chunks of the files."""
        lost = self._below.ordinals_of(self._gone.astype(np.uint32))
        begins = np.searchsorted(self._sorted, lost)
        ends = np.searchsorted(self._sorted, lost, side="right")
        return (self._below.bitmap - BitMap(lost[begins == ends])) | BitMap(distinct(self._added.blobs.chunks))

    @cached_property
    def _places(self) -> NDArray[np.uint32]:
        return places_by_value(self._flat)
