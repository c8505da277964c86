"""Exact search: every file in which the conditions hold, each with a score by which the best come first.

The index names the files in which the conditions may hold; they are read and decided a few at a time. Ordinary files
come before tests, vendored and generated ones, so that a limit costs the least.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing import IndexView, SymbolMatch
from grove.languages import Mark
from grove.search.lookups import Lookups
from grove.search.masks import Bounds, Mask, bounds_of
from grove.search.patterns import SPANS_MAX
from grove.search.progress import Progress
from grove.search.question import Condition, Defines, Finds
from grove.search.selection import Field, Selected
from grove.search.tree import Is, conjuncts
from grove.search.verifying import Counts, Files, Piece, Verifier

DEMOTED: Final = Mark.TEST | Mark.VENDORED | Mark.GENERATED
_FILES_READ_FIRST: Final = 32
_FILES_READ_TOGETHER: Final = 512
_BYTES_READ_TOGETHER: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactWeights:
    """What lets one file of an exact answer come before another. Added up, then multiplied by `demoted`."""

    defined_exactly: float = 4.0
    defined_folded: float = 3.0
    defined_by_prefix: float = 2.0
    defined_in_part: float = 1.0
    defines_text: float = 3.0
    in_path: float = 1.0
    is_stem: float = 2.0
    whole_word: float = 1.0
    each_doubling: float = 0.2
    demoted: float = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file in which the conditions hold."""

    selected: Selected
    path_number: int
    match_count: int
    is_count_exact: bool
    score: float


class ExactSearch:
    """Finds the files in which the conditions of one question hold."""

    def __init__(self, condition: Condition, *, view: IndexView, field_: Field, progress: Progress) -> None:
        self.lookups = Lookups(condition, view=view, field_=field_, progress=progress)
        self.verifier = Verifier(condition, view=view, lookups=self.lookups, progress=progress)
        self.condition = condition
        self._view = view
        self._field = field_
        self._progress = progress
        self._weights = ExactWeights()
        self._texts = self._wanted_texts()

    def found(self, *, files_max: int) -> Iterator[Found]:
        """The files, until there are no more, the time is up, or more than `files_max` were found."""
        count = 0
        for pieces in self._batches():
            for found in self._scored(self.verifier.held(Files.of(pieces))):
                if count == files_max:
                    self._progress.hit("files_found_max")
                    return
                count += 1
                yield found
            if self._progress.time_is_up():
                return

    def _batches(self) -> Iterator[list[Piece]]:
        """The files that are read together: few at first, so that something is shown soon, then more and more."""
        batch: list[Piece] = []
        room, size, most = _FILES_READ_FIRST, _BYTES_READ_TOGETHER, _FILES_READ_FIRST
        for selected, numbers in self._possible():
            rest = numbers
            while rest.size:
                sizes = np.cumsum(selected.snapshot.sizes[rest[:room]])
                fitting = max(int(np.searchsorted(sizes, size)), 1)
                batch.append(Piece(selected, rest[:fitting]))
                taken = batch[-1].numbers.size
                rest, room, size = rest[taken:], room - taken, size - int(sizes[taken - 1])
                if rest.size or room <= 0 or size <= 0:
                    yield batch
                    most = min(most * 2, _FILES_READ_TOGETHER)
                    batch, room, size = [], most, _BYTES_READ_TOGETHER
        if batch:
            yield batch

    def _possible(self) -> Iterator[Piece]:
        """The files in which the conditions may hold, ordinary ones first."""
        if self._progress.time_is_up():
            return
        demoted: list[Piece] = []
        sought = [part for part in conjuncts(self.condition) if isinstance(part, Is)]
        for each in self._field.selected:
            if not all(self.lookups.may_hold(part.leaf, each) for part in sought):
                continue
            bounds = self._bounds(each)
            numbers = np.flatnonzero(bounds.maybe & each.admitted)
            if numbers.size:
                numbers = numbers[bounds.surely[numbers] | ~each.snapshot.unread[numbers]]
                is_demoted = (each.snapshot.marks[numbers] & int(DEMOTED)) != 0
                yield Piece(each, numbers[~is_demoted])
                demoted.append(Piece(each, numbers[is_demoted]))
        yield from demoted

    def _bounds(self, selected: Selected) -> Bounds:
        size = selected.snapshot.path_count
        return bounds_of(self.condition, lambda part: self.lookups.bounds(part, selected), size=size)

    def _wanted_texts(self) -> dict[Finds, Mask]:
        """Each literal that is looked for, and by ordinal the chunks that define a symbol of this name."""
        size = int(self._field.scope.ordinals[-1]) + 1 if len(self._field.scope) else 0
        texts: dict[Finds, Mask] = {}
        for part in self.verifier.wanted:
            if not part.pattern.is_regex:
                name, limit = part.pattern.source, self._progress.limits.symbols_max
                hits = self._view.find_symbols(self._field.scope, name, match=SymbolMatch.FOLDED, limit=limit)
                texts[part] = np.zeros(size, dtype=np.bool_)
                texts[part][[hit.ordinal for hit in hits]] = True
        return texts

    def _scored(self, files: Files) -> Iterator[Found]:
        counts = [self.verifier.counts(part, files) for part in self.verifier.wanted]
        total = np.sum([np.zeros(len(files), dtype=np.int64), *counts], axis=0)
        is_cut = np.any([np.zeros(len(files), dtype=np.bool_), *(each >= SPANS_MAX for each in counts)], axis=0)
        if is_cut.any():
            self._progress.hit("matches_per_file_max")
        places = [(selected, number) for selected, numbers in files.pieces for number in numbers.tolist()]
        columns = zip(places, total.tolist(), is_cut.tolist(), self._scores(files, total).tolist(), strict=True)
        for (selected, number), count, is_cut_here, score in columns:
            yield Found(
                selected=selected,
                path_number=number,
                match_count=count,
                is_count_exact=not is_cut_here,
                score=score,
            )

    def _scores(self, files: Files, counts: Counts) -> NDArray[np.float64]:
        weights, ordinals = self._weights, files.chunks.ordinals
        scores: NDArray[np.float64] = weights.each_doubling * np.log2(1.0 + counts)
        if self._symbol_scores:
            scores += np.max([files.chunks.most(best[ordinals]) for best in self._symbol_scores], axis=0)
        for part, defining in self._texts.items():
            in_path = files.gathered(partial(self._in_path, part))
            scores += weights.whole_word * self.verifier.are_words(part, files)
            scores += weights.defines_text * (files.chunks.sums(defining[ordinals]) > 0)
            scores += weights.in_path * in_path
            scores += weights.is_stem * self._are_stems(part, files, in_path)
        scores[(files.gathered(lambda selected: selected.snapshot.marks) & int(DEMOTED)) != 0] *= weights.demoted
        return scores

    def _in_path(self, part: Finds, selected: Selected) -> Mask:
        return self.lookups.bounds(part, selected).surely

    def _are_stems(self, part: Finds, files: Files, in_path: Mask) -> Mask:
        """For each of some files, whether its name without the extension is a text."""
        stem, begin = part.pattern.source.lower(), 0
        are_stems = np.zeros(len(files), dtype=np.bool_)
        for selected, numbers in files.pieces:
            for at in np.flatnonzero(in_path[begin : begin + numbers.size]).tolist():
                are_stems[begin + at] = _stem(selected.snapshot.paths[numbers[at]]).lower() == stem
            begin += numbers.size
        return are_stems

    @cached_property
    def _symbol_scores(self) -> list[NDArray[np.float32]]:
        """For each condition on symbols, by ordinal what the best definition in a chunk counts."""
        size = int(self._field.scope.ordinals[-1]) + 1 if len(self._field.scope) else 0
        scores = []
        for part, lookup in self.lookups.symbols.items():
            of_part = np.zeros(size, dtype=np.float32)
            for ordinal, hits in lookup.hits.items():
                of_part[ordinal] = max(self._name_score(part, hit.name) for hit in hits)
            scores.append(of_part)
        return scores

    def _name_score(self, part: Defines, name: str) -> float:
        source, weights = part.pattern.source, self._weights
        if part.pattern.is_regex:
            return weights.defined_in_part
        if name == source:
            return weights.defined_exactly
        if name.lower() == source.lower():
            return weights.defined_folded
        return weights.defined_by_prefix if name.lower().startswith(source.lower()) else weights.defined_in_part


def _stem(path: str) -> str:
    """A file's name without its last extension."""
    name = path[path.rfind("/") + 1 :]
    stem, _, extension = name.rpartition(".")
    return stem if stem and extension else name
