"""Exact search: every file in which the conditions hold, each with a score by which the best come first.

The index names the files in which the conditions may hold; they are read and decided a few at a time. Ordinary files
come before tests, vendored and generated ones, so that a limit costs the least.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing import IndexView, Mark, SymbolMatch
from grove.search.lookups import Lookups
from grove.search.masks import Bounds, Mask, bounds_of
from grove.search.patterns import SPANS_MAX
from grove.search.progress import Progress
from grove.search.question import Condition, Defines, Finds
from grove.search.selection import Field, Selected
from grove.search.verifying import OpenFile, Verifier, open_file

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
        for batch in self._batches():
            for file in self.verifier.held(batch):
                if count == files_max:
                    self._progress.hit("files_found_max")
                    return
                count += 1
                yield self._scored(file)
            if self._progress.time_is_up():
                return

    def _batches(self) -> Iterator[list[OpenFile]]:
        """The files that are read together: few at first, so that something is shown soon, then more and more."""
        batch: list[OpenFile] = []
        size, most = 0, _FILES_READ_FIRST
        for file in self._possible():
            batch.append(file)
            size += int(file.selected.snapshot.sizes[file.path_number])
            if len(batch) == most or size >= _BYTES_READ_TOGETHER:
                yield batch
                batch, size, most = [], 0, min(most * 2, _FILES_READ_TOGETHER)
        if batch:
            yield batch

    def _possible(self) -> Iterator[OpenFile]:
        """The files in which the conditions may hold, ordinary ones first."""
        if self._progress.time_is_up():
            return
        ordinary: list[tuple[Selected, Mask]] = []
        demoted: list[tuple[Selected, Mask]] = []
        for each in self._field.selected:
            bounds = self._bounds(each)
            mask = bounds.maybe & each.admitted
            if mask.any():
                mask &= bounds.surely | ~each.snapshot.unread
                is_demoted = (each.snapshot.marks & int(DEMOTED)) != 0
                ordinary.append((each, mask & ~is_demoted))
                demoted.append((each, mask & is_demoted))
        for selected, mask in ordinary + demoted:
            for number in np.flatnonzero(mask).tolist():
                yield open_file(selected, number)

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

    def _scored(self, file: OpenFile) -> Found:
        counts = {part: self.verifier.count(part, file) for part in self.verifier.wanted}
        weights = self._weights
        score = weights.each_doubling * math.log2(1 + sum(counts.values())) + self._symbol_score(file)
        stem = _stem(file.selected.snapshot.paths[file.path_number]).lower()
        for part, defining in self._texts.items():
            score += weights.whole_word * (counts[part] > 0 and self.verifier.is_word(part, file))
            score += weights.defines_text * bool(defining[file.ordinals].any())
            score += weights.in_path * bool(self.lookups.bounds(part, file.selected).surely[file.path_number])
            score += weights.is_stem * (part.pattern.source.lower() == stem)
        if file.selected.snapshot.marks[file.path_number] & int(DEMOTED):
            score *= weights.demoted
        is_count_exact = all(count < SPANS_MAX for count in counts.values())
        if not is_count_exact:
            self._progress.hit("matches_per_file_max")
        return Found(
            selected=file.selected,
            path_number=file.path_number,
            match_count=sum(counts.values()),
            is_count_exact=is_count_exact,
            score=score,
        )

    def _symbol_score(self, file: OpenFile) -> float:
        return max((float(best[file.ordinals].max(initial=0.0)) for best in self._symbol_scores), default=0.0)

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
