"""Which trigrams the paths of a commit have: a small filter that tells where a path cannot match.

Each trigram sets one of 65,536 flags. The flags of many commits side by side rule most of them out at once, before
anything else of them is read.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing.grams import grams_in, grams_of
from grove.indexing.model import Need
from grove.indexing.paths import shown
from grove.kit.caching import SizedCache

PART: Final = "path_grams"
FILTER_BYTES: Final = 1 << 13
KEPT_BYTES_MAX: Final = 64 * 1024 * 1024
_FLAGS: Final = FILTER_BYTES * 8
_MULTIPLIER: Final = np.uint32(2_654_435_769)
"""The golden ratio of 2**32: the high bits of a product with it are as good as random (Knuth, TAOCP 3, 6.4)."""
_SHIFT: Final = np.uint32(16)

Flags = NDArray[np.bool_]


def path_filter(paths: Sequence[bytes]) -> NDArray[np.uint8]:
    """The filter of some paths, as git has them."""
    joined = "\n".join(map(shown, paths))
    flags = np.zeros(_FLAGS, dtype=np.bool_)
    for text in {joined, joined if joined.isascii() else joined.casefold()}:  # words are folded otherwise than letters
        flags[_places(grams_in(text.encode()))] = True
    return np.packbits(flags)


class PathFilters:
    """The filters of many commits, side by side."""

    def __init__(self, filters: Sequence[NDArray[np.uint8]]) -> None:
        self._count = len(filters)
        self._rows = np.ascontiguousarray(np.reshape(filters, (self._count, FILTER_BYTES)).T)

    @property
    def size_bytes(self) -> int:
        """How much memory they take."""
        return self._rows.nbytes

    def may_hold(self, need: Need, *, fold_case: bool) -> Flags:
        """For each commit, whether one of its paths may hold what a pattern needs."""
        parts = [self._may_hold_text(literal, fold_case=fold_case) for literal in need.literals]
        parts += [self.may_hold(inner, fold_case=fold_case) for inner in need.needs]
        if not parts:
            return np.ones(self._count, dtype=np.bool_)
        found: Flags = np.any(parts, axis=0) if need.any_of else np.all(parts, axis=0)
        return found

    def _may_hold_text(self, literal: bytes, *, fold_case: bool) -> Flags:
        places = _places(grams_of(literal, fold_case=fold_case))
        flags = np.uint8(0x80) >> (places & 7).astype(np.uint8)
        found: Flags = (self._rows[places >> 3] & flags[:, np.newaxis]).all(axis=0)
        return found


class PathFilterCache:
    """Puts the filters of commits side by side, and keeps them so: questions mostly ask the same commits again."""

    def __init__(self, filter_of: Callable[[str], NDArray[np.uint8]]) -> None:
        self._filter_of = filter_of
        self._kept: SizedCache[PathFilters] = SizedCache(KEPT_BYTES_MAX)

    def of(self, snapshots: tuple[str, ...]) -> PathFilters:
        """The filters of some snapshots, by their names."""
        filters = self._kept.get(("", snapshots))
        if filters is None:
            filters = PathFilters([self._filter_of(name) for name in snapshots])
            self._kept.put(("", snapshots), filters, filters.size_bytes)
        return filters


def _places(grams: NDArray[np.uint32]) -> NDArray[np.intp]:
    return ((grams * _MULTIPLIER) >> _SHIFT).astype(np.intp)
