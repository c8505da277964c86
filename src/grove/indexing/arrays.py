"""What is done to arrays throughout the index."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)


def distinct(values: NDArray[Number]) -> NDArray[Number]:
    """The values in ascending order, each once."""
    ordered = np.sort(values)
    return ordered[run_starts(ordered)]


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


def spans(begins: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The positions of many spans, one span after the other."""
    ends = np.cumsum(counts)
    positions = np.arange(ends[-1] if ends.size else 0, dtype=np.int64)
    positions += np.repeat(begins - ends + counts, counts)
    return positions
