"""What the index knows about each condition, before any text is read."""

from dataclasses import dataclass

import numpy as np

from grove.indexing import IndexView, Need, Ordinals, Scope, SymbolHit, SymbolMatch
from grove.search.masks import Bounds, Mask, unknown
from grove.search.patterns import Pattern
from grove.search.progress import Progress
from grove.search.question import Condition, Defines, Finds, Part, Place
from grove.search.selection import Field, Selected, part_bounds
from grove.search.tree import signed_leaves

_OPEN = Need()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLookup:
    """Where a text may be: the chunks that may hold it, by ordinal, and the files by commit; `None` is anywhere.

    For a pattern that crosses lines only the files are known.
    """

    pattern: Pattern
    chunks: Mask | None
    files: dict[str, Ordinals] | None

    def may_be_in(self, ordinals: Ordinals) -> Mask:
        """For each of a file's chunks, whether it may hold the text."""
        return np.ones(len(ordinals), dtype=np.bool_) if self.chunks is None else self.chunks[ordinals]


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolLookup:
    """Where a symbol is defined: the files by commit, and the definitions by chunk."""

    files: dict[str, Ordinals]
    hits: dict[int, list[SymbolHit]]


class Lookups:
    """The index's knowledge of every condition of one question, gathered once."""

    def __init__(self, condition: Condition, *, view: IndexView, field_: Field, progress: Progress) -> None:
        self.texts: dict[Finds, TextLookup] = {}
        self.symbols: dict[Defines, SymbolLookup] = {}
        self._paths = field_.paths
        self._bounds: dict[tuple[Part, str], Bounds] = {}
        for part, _ in signed_leaves(condition):
            if progress.time_is_up():
                return
            if isinstance(part, Defines):
                self.symbols[part] = _symbol_lookup(part, view, field_.scope, progress)
            elif isinstance(part, Finds) and part.place is not Place.PATH:
                self.texts[part] = _text_lookup(part.pattern, view, field_.scope)

    def bounds(self, part: Part, selected: Selected) -> Bounds:
        """In which files of a commit a condition holds for certain, and in which it may.

        A file whose content is not in the index may hold any text.
        """
        key = (part, selected.target.snapshot)
        if key not in self._bounds:
            self._bounds[key] = self._bounds_of(part, selected)
        return self._bounds[key]

    def may_hold(self, part: Part, selected: Selected) -> bool:
        """Whether a condition may hold in any file of a commit that is in the index, told from what costs the least."""
        if not isinstance(part, Finds) or part.place is Place.PATH:
            return True
        files = self.texts[part].files
        if files is None or selected.target.snapshot in files:
            return True
        return part.place is Place.ANYWHERE and self._paths.matches_any(part.pattern, selected.snapshot)

    def _bounds_of(self, part: Part, selected: Selected) -> Bounds:
        name, size = selected.target.snapshot, selected.snapshot.path_count
        if isinstance(part, Defines):
            mask = _mask(self.symbols[part].files.get(name), size)
            return Bounds(mask, mask)
        if isinstance(part, Finds) and part.place is not Place.PATH:
            in_path = np.zeros(size, dtype=np.bool_)
            if part.place is Place.ANYWHERE:
                in_path = self._paths.matching(part.pattern, selected.snapshot)
            files = self.texts[part].files
            maybe = unknown(size).maybe if files is None else _mask(files.get(name), size)
            return Bounds(in_path, in_path | maybe | selected.snapshot.unread)
        return part_bounds(part, selected.target, selected.snapshot, paths=self._paths, size=size)


def find_definitions(view: IndexView, scope: Scope, pattern: Pattern, progress: Progress) -> list[SymbolHit]:
    """The definitions whose name the pattern matches, exact spelling and shorter names first."""
    limits = progress.limits
    literals = [] if pattern.need.any_of else [literal.decode() for literal in pattern.need.literals]
    hint = max(literals, key=len, default="") if pattern.is_regex else pattern.source
    scanned_max = limits.symbols_scanned_max if pattern.is_regex else limits.symbols_max
    hits = view.find_symbols(scope, hint, match=SymbolMatch.SUBSTRING, limit=scanned_max)
    named = [hit for hit in hits if pattern.found_in(hit.name.encode("utf-8", "replace"))]
    if len(hits) >= scanned_max or len(named) > limits.symbols_max:
        progress.hit("symbols_max")
    return named[: limits.symbols_max]


def _text_lookup(pattern: Pattern, view: IndexView, scope: Scope) -> TextLookup:
    if pattern.need == _OPEN:
        return TextLookup(pattern=pattern, chunks=None, files=None)
    fold_case = pattern.need_folds_case
    if pattern.crosses_lines:
        files = view.candidate_files(scope, pattern.need, fold_case=fold_case)
        return TextLookup(pattern=pattern, chunks=None, files=files)
    chunks = view.candidates(scope, pattern.need, fold_case=fold_case)
    flags = _mask(chunks, int(scope.ordinals[-1]) + 1 if len(scope) else 0)
    return TextLookup(pattern=pattern, chunks=flags, files=scope.files_of(chunks))


def _symbol_lookup(defines: Defines, view: IndexView, scope: Scope, progress: Progress) -> SymbolLookup:
    hits: dict[int, list[SymbolHit]] = {}
    for hit in find_definitions(view, scope, defines.pattern, progress):
        if defines.kind and hit.kind.lower() != defines.kind:
            continue
        hits.setdefault(hit.ordinal, []).append(hit)
    chunks = np.array(sorted(hits), dtype=np.uint32)
    return SymbolLookup(files=scope.files_of(chunks), hits=hits)


def _mask(numbers: Ordinals | None, size: int) -> Mask:
    mask = np.zeros(size, dtype=np.bool_)
    if numbers is not None:
        mask[numbers] = True
    return mask
