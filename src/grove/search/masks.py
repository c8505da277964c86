"""Sets of a snapshot's files as arrays of booleans, one per path number, and conditions on paths evaluated to them."""

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, reduce
from itertools import compress
from operator import and_, or_
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing import IndexView, Need, SnapshotView
from grove.kit.caching import SizedCache
from grove.search.patterns import Pattern
from grove.search.tree import All, AnyOf, Is, Leaf, Negated, Tree

Mask = NDArray[np.bool_]

_MASKS_KEPT: Final = 16
_FEW: Final = 8
"""Of fewer commits all are looked at."""


class Bounds(NamedTuple):
    """The files in which a condition surely holds, and those in which it may."""

    surely: Mask
    maybe: Mask


def bounds_of(tree: Tree[Leaf], leaf_bounds: Callable[[Leaf], Bounds], *, size: int) -> Bounds:
    """Where a condition holds, from where its leaves do."""
    match tree:
        case Is(leaf):
            return leaf_bounds(leaf)
        case Negated(part):
            inner = bounds_of(part, leaf_bounds, size=size)
            return Bounds(~inner.maybe, ~inner.surely)
        case All(parts) if parts:
            return _combined([bounds_of(part, leaf_bounds, size=size) for part in parts], and_)
        case AnyOf(parts) if parts:
            return _combined([bounds_of(part, leaf_bounds, size=size) for part in parts], or_)
    return constant(size, holds=True)


def constant(size: int, *, holds: bool) -> Bounds:
    """The bounds of what holds in every file, or in none."""
    mask = np.full(size, holds)
    return Bounds(mask, mask)


def unknown(size: int) -> Bounds:
    """The bounds of what may hold anywhere."""
    return Bounds(np.zeros(size, dtype=np.bool_), np.ones(size, dtype=np.bool_))


class PathTable:
    """The paths of a snapshot, prepared for being matched by patterns."""

    def __init__(self, snapshot: SnapshotView) -> None:
        encoded = [path.encode("utf-8", "replace") for path in snapshot.paths]
        self._count = len(encoded)
        self._joined = b"\n".join(encoded)
        self._matched: SizedCache[Mask] = SizedCache(_MASKS_KEPT * self._count)
        lengths = np.fromiter((len(path) + 1 for path in encoded), dtype=np.int64, count=self._count)
        self._ends = np.cumsum(lengths) - 1

    def matching(self, pattern: Pattern) -> Mask:
        """The files whose path the pattern matches; not to be changed, for it is kept for the next question."""
        key = (pattern.source, (pattern.is_regex, pattern.fold_case))
        mask = self._matched.get(key)
        if mask is None:
            mask = self._match(pattern)
            mask.flags.writeable = False
            self._matched.put(key, mask, mask.nbytes)
        return mask

    def _match(self, pattern: Pattern) -> Mask:
        if pattern.crosses_lines:
            paths = self._joined.split(b"\n")[: self._count]
            return np.fromiter((pattern.found_in(path) for path in paths), dtype=np.bool_, count=self._count)
        mask = np.zeros(self._count, dtype=np.bool_)
        begins = np.array(list(self._matches(pattern)), dtype=np.int64)
        mask[np.searchsorted(self._ends, begins)] = True
        return mask

    def _matches(self, pattern: Pattern) -> Iterator[int]:
        """Where matches begin in the joined paths, at least one for every path that has any."""
        if pattern.literal is not None and self._joined.isascii():
            joined = self._folded if pattern.fold_case else self._joined
            begin = joined.find(pattern.literal)
            while begin >= 0:
                yield begin
                following = joined.find(b"\n", begin) + 1
                begin = joined.find(pattern.literal, following) if following else -1
            return
        at = pattern.first_in(self._joined, 0) if self._count else None
        while at is not None:
            yield at
            following = self._joined.find(b"\n", at) + 1
            at = pattern.first_in(self._joined, following) if following else None

    @cached_property
    def _folded(self) -> bytes:
        return self._joined.lower()


_tables: "weakref.WeakKeyDictionary[Any, PathTable]" = weakref.WeakKeyDictionary()


def _path_table(snapshot: SnapshotView) -> PathTable:
    """The prepared paths of a snapshot; kept as long as the snapshot is open."""
    table = _tables.get(snapshot)
    if table is None:
        table = PathTable(snapshot)
        _tables[snapshot] = table
    return table


class PathMatches:
    """Which files of some commits have a path that a pattern matches; most commits are ruled out unread."""

    def __init__(self, view: IndexView, snapshots: Iterable[str]) -> None:
        self._view = view
        self._snapshots = tuple(snapshots)
        self._possible: dict[Pattern, frozenset[str]] = {}

    def matching(self, pattern: Pattern, snapshot: SnapshotView) -> Mask:
        """The files of a commit whose path the pattern matches; not to be changed."""
        if snapshot.name not in self._that_may_match(pattern):
            return np.zeros(snapshot.path_count, dtype=np.bool_)
        return _path_table(snapshot).matching(pattern)

    def matches_any(self, pattern: Pattern, snapshot: SnapshotView) -> bool:
        """Whether the pattern matches a path of a commit."""
        return snapshot.name in self._that_may_match(pattern) and bool(_path_table(snapshot).matching(pattern).any())

    def words_by_snapshot(self, words: Mapping[str, float]) -> list[Mapping[str, float]]:
        """For each of the commits, those of some words that may stand in its paths."""
        if len(self._snapshots) < _FEW:
            return [words] * len(self._snapshots)
        filters = self._view.path_filters.of(self._snapshots)
        flags = [filters.may_hold(Need(literals=(word.encode(),)), fold_case=True).tolist() for word in words]
        return [dict(compress(words.items(), held)) for held in zip(*flags, strict=True)]

    def _that_may_match(self, pattern: Pattern) -> frozenset[str]:
        possible = self._possible.get(pattern)
        if possible is None and len(self._snapshots) < _FEW:
            possible = self._possible[pattern] = frozenset(self._snapshots)
        if possible is None:
            filters = self._view.path_filters.of(self._snapshots)
            flags = filters.may_hold(pattern.need, fold_case=pattern.need_folds_case)
            possible = self._possible[pattern] = frozenset(compress(self._snapshots, flags.tolist()))
        return possible


def _combined(parts: list[Bounds], join: Callable[[Mask, Mask], Mask]) -> Bounds:
    return Bounds(reduce(join, [part.surely for part in parts]), reduce(join, [part.maybe for part in parts]))
