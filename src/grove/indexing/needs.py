"""Evaluates what a match must contain: over the chunks of a segment, or over files."""

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from grove.indexing.grams import Bitmap
from grove.indexing.model import Need, Ordinals
from grove.indexing.scope import Scope, ScopePart
from grove.indexing.segment import Segment

Files = dict[str, NDArray[np.uint32]]


def bitmap_of(part: ScopePart, need: Need, *, fold_case: bool) -> Bitmap:
    """The chunks of a scope's part that may satisfy a need."""
    if _is_empty(need):
        return part.bitmap
    if need.any_of:
        found = [part.segment.grams.containing(literal, part.bitmap, fold_case=fold_case) for literal in need.literals]
        found.extend(bitmap_of(part, inner, fold_case=fold_case) for inner in need.needs)
        return reduce(np.bitwise_or, found)
    within = part.bitmap
    for literal in sorted(need.literals, key=len, reverse=True):
        within = part.segment.grams.containing(literal, within, fold_case=fold_case)
        if not within.any():
            return within
    for inner in need.needs:
        within = within & bitmap_of(part, inner, fold_case=fold_case)
    return within


def candidates_among(segments: Sequence[Segment], ordinals: Ordinals, need: Need, *, fold_case: bool) -> Ordinals:
    """Those of some ascending chunks, in whatever segments, that may satisfy a need."""
    found = [np.empty(0, dtype=np.uint32)]
    for segment in segments:
        part = ScopePart(segment, segment.numbers_of(ordinals))
        if part.numbers.size:
            bits = np.unpackbits(bitmap_of(part, need, fold_case=fold_case), bitorder="little")
            found.append(part.ordinals(np.flatnonzero(bits)))
    return np.sort(np.concatenate(found))


def files_of(scope: Scope, need: Need, candidates: Callable[[Need], Ordinals]) -> Files:
    """The files of a scope that may satisfy a need, each literal in any of their chunks.

    A literal with newlines is looked up line by line: no chunk parts a line.
    """
    found = [
        scope.files_of(candidates(Need(literals=(line,)))) for literal in need.literals for line in literal.split(b"\n")
    ]
    if need.any_of:
        found = [
            _all([scope.files_of(candidates(Need(literals=(line,)))) for line in literal.split(b"\n")])
            for literal in need.literals
        ]
    found.extend(files_of(scope, inner, candidates) for inner in need.needs)
    if _is_empty(need):
        return scope.files_of(scope.ordinals)
    return _any(found) if need.any_of else _all(found)


def _all(found: list[Files]) -> Files:
    return reduce(
        lambda a, b: {name: both for name in a.keys() & b.keys() if (both := np.intersect1d(a[name], b[name])).size},
        found,
    )


def _any(found: list[Files]) -> Files:
    none = np.empty(0, dtype=np.uint32)
    return reduce(
        lambda a, b: {name: np.union1d(a.get(name, none), b.get(name, none)) for name in a.keys() | b.keys()}, found
    )


def _is_empty(need: Need) -> bool:
    return not need.literals and not need.needs
