"""Decides for certain whether conditions hold in a file, on its bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from grove.indexing import IndexView, Ordinals
from grove.search.lookups import Lookups, TextLookup
from grove.search.patterns import SPANS_MAX
from grove.search.progress import Progress
from grove.search.question import Condition, Finds, Part
from grove.search.selection import Selected
from grove.search.tree import All, AnyOf, Is, Negated, signed_leaves


@dataclass(slots=True, kw_only=True)
class OpenFile:
    """A file that is being decided: its chunks, and their texts as far as they were read."""

    selected: Selected
    path_number: int
    ordinals: Ordinals
    texts: dict[int, bytes] = field(default_factory=dict)

    def whole(self) -> bytes:
        """The file's text; all its chunks must have been read."""
        return b"".join(self.texts[ordinal] for ordinal in self.ordinals.tolist())


def open_file(selected: Selected, path_number: int) -> OpenFile:
    """A file of which nothing was read yet."""
    return OpenFile(selected=selected, path_number=path_number, ordinals=selected.snapshot.chunks_of(path_number))


@dataclass(frozen=True, slots=True)
class Span:
    """A match: bytes within the text of the file's `chunk`-th chunk, or of the whole file if `chunk` is negative."""

    chunk: int
    begin: int
    end: int


class Verifier:
    """Reads files and decides the conditions of one question in them."""

    def __init__(self, condition: Condition, *, view: IndexView, lookups: Lookups, progress: Progress) -> None:
        self._condition = condition
        self._view = view
        self._lookups = lookups
        self._progress = progress
        self._decided: dict[tuple[Finds, int], bool] = {}
        self._wanted = {part for part, negated in signed_leaves(condition) if not negated and isinstance(part, Finds)}

    def held(self, files: Sequence[OpenFile]) -> Iterator[OpenFile]:
        """Those files in which the conditions hold."""
        self._read(files)
        for file in files:
            if self._holds(self._condition, file):
                yield file

    def spans(self, file: OpenFile) -> tuple[list[Span], bool]:
        """Where the content of a file that was read matches, each place once, and whether all places were told."""
        found: set[Span] = set()
        for part, lookup in self._lookups.texts.items():
            if part in self._wanted and self._lookups.bounds(part, file.selected).maybe[file.path_number]:
                found.update(self._spans_of(lookup, file))
        spans = sorted(found, key=lambda span: (span.chunk, span.begin, span.end))
        return spans, len(spans) < SPANS_MAX

    def _read(self, files: Sequence[OpenFile]) -> None:
        """Read what the conditions need of all these files together."""
        needed = [self._needed_of(file) for file in files]
        ordinals = np.unique(np.concatenate(needed)) if needed else np.empty(0, dtype=np.uint32)
        texts = dict(zip(ordinals.tolist(), self._view.chunk_texts(ordinals), strict=True))
        for file, mine in zip(files, needed, strict=True):
            file.texts.update((ordinal, texts[ordinal]) for ordinal in mine.tolist())

    def _needed_of(self, file: OpenFile) -> Ordinals:
        mask = np.zeros(len(file.ordinals), dtype=np.bool_)
        for part, lookup in self._lookups.texts.items():
            if self._lookups.bounds(part, file.selected).maybe[file.path_number]:
                mask |= lookup.may_be_in(file.ordinals)
        return file.ordinals[mask]

    def _holds(self, tree: Condition, file: OpenFile) -> bool:
        match tree:
            case Is(part):
                return self._part_holds(part, file)
            case Negated(part):
                return not self._holds(part, file)
            case AnyOf(parts):
                return any(self._holds(part, file) for part in parts)
            case All(parts):
                return all(self._holds(part, file) for part in parts)
        raise TypeError(type(tree))

    def _part_holds(self, part: Part, file: OpenFile) -> bool:
        bounds = self._lookups.bounds(part, file.selected)
        if bounds.surely[file.path_number] or not bounds.maybe[file.path_number] or not isinstance(part, Finds):
            return bool(bounds.surely[file.path_number])
        lookup = self._lookups.texts[part]
        if lookup.pattern.crosses_lines:
            text = file.whole()
            return self._is_affordable(lookup, text) and lookup.pattern.found_in(text)
        candidates = file.ordinals[lookup.may_be_in(file.ordinals)].tolist()
        return any(self._chunk_holds(part, ordinal, file.texts[ordinal]) for ordinal in candidates)

    def _chunk_holds(self, part: Finds, ordinal: int, text: bytes) -> bool:
        key = (part, ordinal)
        if key not in self._decided:
            self._decided[key] = part.pattern.found_in(text.removesuffix(b"\n"))
        return self._decided[key]

    def _spans_of(self, lookup: TextLookup, file: OpenFile) -> Iterator[Span]:
        if lookup.pattern.crosses_lines:
            text = file.whole()
            if self._is_affordable(lookup, text):
                yield from (Span(-1, begin, end) for begin, end in lookup.pattern.spans(text))
            return
        may = lookup.may_be_in(file.ordinals)
        for chunk, ordinal in enumerate(file.ordinals.tolist()):
            if may[chunk]:
                text = file.texts[ordinal].removesuffix(b"\n")
                yield from (Span(chunk, begin, end) for begin, end in lookup.pattern.spans(text))

    def _is_affordable(self, lookup: TextLookup, text: bytes) -> bool:
        if lookup.pattern.is_too_costly_for(text):
            self._progress.hit("pattern_work_max")
            return False
        return True
