"""What is done to arrays throughout the index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)


def distinct(values: NDArray[Number]) -> NDArray[Number]:
    """The values in ascending order, each once."""
    ordered = np.sort(values)
    return ordered[run_starts(ordered)]


def are_among(values: NDArray[Number], ascending: NDArray[Number]) -> NDArray[np.bool_]:
    """For each value whether it is among others, which ascend: quick when these are many more."""
    if not ascending.size:
        return np.zeros(values.size, dtype=np.bool_)
    at = np.minimum(np.searchsorted(ascending, values), ascending.size - 1)
    among: NDArray[np.bool_] = ascending[at] == values
    return among


def run_starts(ordered: NDArray[Number]) -> NDArray[np.int64]:
    """The positions at which another value begins."""
    if not ordered.size:
        return np.empty(0, dtype=np.int64)
    begins = np.empty(ordered.size, dtype=np.bool_)
    begins[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    return np.flatnonzero(begins)


def run_lengths(starts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """How long the runs are that begin at `starts` and fill `size` positions."""
    return np.diff(starts, append=size)


def places_by_value(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The positions of the values, by value, then position."""
    both = (values.astype(np.uint64) << np.uint64(32)) | np.arange(values.size, dtype=np.uint64)
    both.sort()
    return both.astype(np.uint32)


def spans(begins: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The positions of many spans, one span after the other."""
    ends = np.cumsum(counts)
    positions = np.arange(ends[-1] if ends.size else 0, dtype=np.int64)
    positions += np.repeat(begins - ends + counts, counts)
    return positions


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkLists:
    """The chunks of each of some files: those of file `n` end at `ends[n]` in `ordinals`."""

    ordinals: NDArray[np.uint32]
    ends: NDArray[np.int64]

    @classmethod
    def joined(cls, lists: "Sequence[ChunkLists]") -> "ChunkLists":
        """The lists of several, one after the other."""
        begins = np.cumsum([0, *(each.ordinals.size for each in lists)])
        return cls(
            ordinals=np.concatenate([np.empty(0, dtype=np.uint32), *(each.ordinals for each in lists)]),
            ends=np.concatenate(
                [np.empty(0, dtype=np.int64), *(each.ends + begin for each, begin in zip(lists, begins, strict=False))]
            ),
        )

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many chunks each file has."""
        sizes: NDArray[np.int64] = np.diff(self.ends, prepend=0)
        return sizes

    def each(self) -> Iterator[NDArray[np.uint32]]:
        """The chunks of one file after the other."""
        begin = 0
        for end in self.ends.tolist():
            yield self.ordinals[begin:end]
            begin = end

    def sums(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Per file the sum of what its chunks have; `values` are parallel to `ordinals`."""
        totals = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
        sums: NDArray[np.int64] = np.diff(totals[self.ends], prepend=0)
        return sums

    def most(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Per file the largest of what its chunks have, and at least 0; `values` are parallel to `ordinals`."""
        begins = np.concatenate([[0], self.ends[:-1]])
        found = np.zeros(self.ends.size, dtype=np.float32)
        if (filled := begins < self.ends).any():
            found[filled] = np.maximum(np.maximum.reduceat(values, begins[filled]), 0)
        return found
