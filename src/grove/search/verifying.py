"""Decides for certain in which files conditions hold, on the bytes of their chunks.

A text that stays within lines is counted in each chunk once, however many files consist of it; one that crosses lines
is counted in whole files.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from grove.indexing import ChunkLists, ChunkRun, IndexView, Ordinals, distinct
from grove.search.lookups import Lookups, TextLookup
from grove.search.masks import Mask
from grove.search.patterns import SPANS_MAX
from grove.search.progress import Progress
from grove.search.question import Condition, Finds, Part
from grove.search.selection import Selected
from grove.search.tree import All, AnyOf, Is, Negated, signed_leaves

Counts = NDArray[np.int64]

_ASCII_COUNT: Final = 128
_LINE_FEED: Final = 10
_IN_WORD: Final = np.array([chr(octet).isalnum() or octet == ord("_") or octet >= _ASCII_COUNT for octet in range(256)])
"""Of each octet, whether it is part of a word; those of letters outside ASCII are."""
_NOTHING: Final = np.empty(0, dtype=np.bool_)


class Piece(NamedTuple):
    """Some files of one commit, by their path numbers."""

    selected: Selected
    numbers: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Some files of some commits, one piece after the other, and the chunks of each file."""

    pieces: tuple[Piece, ...]
    chunks: ChunkLists

    @classmethod
    def of(cls, pieces: Sequence[Piece]) -> Self:
        """The files of these pieces."""
        lists = [piece.selected.snapshot.chunk_lists(piece.numbers) for piece in pieces]
        return cls(pieces=tuple(pieces), chunks=ChunkLists.joined(lists))

    def __len__(self) -> int:
        return self.chunks.ends.size

    def gathered(self, columns_of: Callable[[Selected], NDArray[Any]]) -> NDArray[Any]:
        """What the files have in a column of each commit that is parallel to its paths."""
        return np.concatenate([_NOTHING, *(columns_of(selected)[numbers] for selected, numbers in self.pieces)])

    def those(self, mask: Mask) -> "Files":
        """Only those of them that a mask, parallel to them, admits."""
        begin, pieces = 0, []
        for selected, numbers in self.pieces:
            admitted = numbers[mask[begin : begin + numbers.size]]
            begin += numbers.size
            if admitted.size:
                pieces.append(Piece(selected, admitted))
        return Files.of(pieces)


class Verifier:
    """Reads files and decides the conditions of one question in them."""

    def __init__(self, condition: Condition, *, view: IndexView, lookups: Lookups, progress: Progress) -> None:
        self._condition = condition
        self._view = view
        self._lookups = lookups
        self._progress = progress
        self._in_chunks: dict[Finds, _ChunkCounts] = {}
        self._in_files: dict[tuple[Finds, bytes], int] = {}

    @cached_property
    def wanted(self) -> tuple[Finds, ...]:
        """The texts that are looked for in content, each once."""
        signed = signed_leaves(self._condition)
        found = {part: None for part, negated in signed if not negated and isinstance(part, Finds)}
        return tuple(part for part in found if part in self._lookups.texts)

    def held(self, files: Files) -> Files:
        """Those files in which the conditions hold."""
        self._read(files)
        mask = self._holds(self._condition, files)
        return files if mask.all() else files.those(mask)

    def counts(self, part: Finds, files: Files) -> Counts:
        """How often a text is in the content of each of some files that were read, up to `SPANS_MAX`."""
        if part.pattern.crosses_lines:
            keys = [(part, ordinals.tobytes()) for ordinals in files.chunks.each()]
            counts = np.array([self._in_files.get(key, 0) for key in keys], dtype=np.int64)
        else:
            counts = files.chunks.sums(self._in_chunks[part].of(files.chunks.ordinals))
        counts[~self._maybe(part, files)] = 0
        return np.minimum(counts, SPANS_MAX)

    def are_words(self, part: Finds, files: Files) -> Mask:
        """For each of some files that were read, whether a literal stands in it as a word of its own."""
        if part.pattern.crosses_lines:
            return np.zeros(len(files), dtype=np.bool_)
        return files.chunks.sums(self._in_chunks[part].words[files.chunks.ordinals]) > 0

    def _read(self, files: Files) -> None:
        """Read what the conditions need of all these files together, and count in it."""
        for part, lookup in self._lookups.texts.items():
            if part.pattern.crosses_lines:
                self._try_whole(part, lookup, files)
                continue
            known = self._in_chunks.setdefault(part, _ChunkCounts(part, is_counted=part in self.wanted))
            known.make_room(int(files.chunks.ordinals.max(initial=0)) + 1)
            for run in self._view.runs_with(known.untried(self._possible(part, lookup, files))):
                known.add(run)

    def _possible(self, part: Finds, lookup: TextLookup, files: Files) -> Ordinals:
        """The chunks of some files that may hold a text: ascending, each once."""
        ordinals = files.chunks.ordinals[np.repeat(self._maybe(part, files), files.chunks.sizes)]
        possible: Ordinals = ordinals[lookup.may_be_in(ordinals)]
        return distinct(possible)

    def _try_whole(self, part: Finds, lookup: TextLookup, files: Files) -> None:
        for is_possible, ordinals in zip(self._maybe(part, files).tolist(), files.chunks.each(), strict=True):
            key = (part, ordinals.tobytes())
            if not is_possible or not ordinals.size or key in self._in_files:
                continue
            text = b"".join(self._view.chunk_texts(ordinals))
            if lookup.pattern.is_too_costly_for(text):
                self._progress.hit("pattern_work_max")
                self._in_files[key] = 0
            elif part in self.wanted:
                self._in_files[key] = lookup.pattern.count_in(text)
            else:
                self._in_files[key] = int(lookup.pattern.found_in(text))

    def _holds(self, tree: Condition, files: Files) -> Mask:
        match tree:
            case Is(part):
                return self._part_holds(part, files)
            case Negated(part):
                return ~self._holds(part, files)
            case AnyOf(parts):
                held = np.zeros(len(files), dtype=np.bool_)
                for part in parts:
                    held |= self._holds(part, files)
                return held
            case All(parts):
                held = np.ones(len(files), dtype=np.bool_)
                for part in parts:
                    held &= self._holds(part, files)
                return held
        raise TypeError(type(tree))

    def _part_holds(self, part: Part, files: Files) -> Mask:
        surely: Mask = files.gathered(lambda selected: self._lookups.bounds(part, selected).surely)
        if isinstance(part, Finds) and part in self._lookups.texts:
            return surely | (self.counts(part, files) > 0)
        return surely

    def _maybe(self, part: Part, files: Files) -> Mask:
        return files.gathered(lambda selected: self._lookups.bounds(part, selected).maybe)


class _ChunkCounts:
    """How often a text is in each chunk that was read, and whether as a word of its own, by ordinal."""

    def __init__(self, part: Finds, *, is_counted: bool) -> None:
        self._pattern = part.pattern
        self._is_counted = is_counted
        self._counts = np.zeros(0, dtype=np.int32)  # one more than were found: 0 was not tried
        self.words = np.zeros(0, dtype=np.bool_)

    def make_room(self, size: int) -> None:
        """Make the columns long enough for so many ordinals."""
        if size > self._counts.size:
            size = max(size, 2 * self._counts.size)
            counts, self._counts = self._counts, np.zeros(size, dtype=np.int32)
            words, self.words = self.words, np.zeros(size, dtype=np.bool_)
            self._counts[: counts.size], self.words[: words.size] = counts, words

    def untried(self, ordinals: Ordinals) -> Ordinals:
        """Those of some chunks in which the text was not looked for yet."""
        untried: Ordinals = ordinals[self._counts[ordinals] == 0]
        return untried

    def of(self, ordinals: Ordinals) -> NDArray[np.int32]:
        """How often the text is in some chunks; not at all in those in which it was not looked for."""
        counts: NDArray[np.int32] = np.maximum(self._counts[ordinals] - 1, 0)
        return counts

    def add(self, run: ChunkRun) -> None:
        """Try the text in some chunks."""
        fitting = int(np.searchsorted(run.ordinals, self._counts.size))
        if self._is_counted:
            found, ends = self._pattern.places_in(run.text)
            numbers = np.searchsorted(run.begins, found, side="right") - 1
            counts = np.bincount(numbers, minlength=run.begins.size)
            if not self._pattern.is_regex and found.size:
                words = np.zeros(run.begins.size, dtype=np.bool_)
                words[numbers[_are_words(run.text, found, ends)]] = True
                self.words[run.ordinals[:fitting]] = words[:fitting]
        else:
            counts = np.array(self._pattern.found_in_parts(run.text, run.begins.tolist()), dtype=np.int64)
        self._counts[run.ordinals[:fitting]] = counts[:fitting] + 1


def _are_words(text: bytes, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> Mask:
    """For each place in a text, whether it is a word of its own."""
    octets = np.frombuffer(text, dtype=np.uint8)
    before = np.where(begins > 0, octets[begins - 1], _LINE_FEED)
    after = np.where(ends < octets.size, octets[np.minimum(ends, octets.size - 1)], _LINE_FEED)
    are_words: Mask = ~_IN_WORD[before] & ~_IN_WORD[after]
    return are_words
