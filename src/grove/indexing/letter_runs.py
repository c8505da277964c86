"""The runs of letters of words, hashed for many words at once: what stands for a word that a table lacks."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing.arrays import spans

RUN_LETTERS: Final = (3, 4, 5)
RUNS_PER_WORD_MAX: Final = 48
_ALL: Final = np.uint32(0xFFFFFFFF)
_LOW: Final = np.uint32(0xFF)
_BYTE_BITS: Final = np.uint32(8)
_PADDING: Final = bytes(RUN_LETTERS[-1])


def _table() -> NDArray[np.uint32]:
    """What a byte does to a CRC-32, as `zlib` counts it."""
    states = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        states = np.where(
            states & np.uint32(1), (states >> np.uint32(1)) ^ np.uint32(0xEDB88320), states >> np.uint32(1)
        )
    return states


_OF_BYTE: Final = _table()


def runs_of(words: Sequence[str], buckets: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The buckets of all words' runs, word after word, and where each word's end, from 0 on.

    A word's beginning and end are marked. A word that is shorter than a run is one run; the shortest runs count first.
    """
    marked = [f"<{word[:RUNS_PER_WORD_MAX]}>".encode() for word in words]
    lengths = np.fromiter(map(len, marked), dtype=np.int64, count=len(marked))
    begins = np.cumsum(lengths) - lengths
    hashes = _hashes(b"".join(marked))
    for shorter, longer in pairwise(RUN_LETTERS):
        short = begins[lengths < longer]
        hashes[longer][short] = hashes[shorter][short]
    counts = []
    left = np.full(len(marked), RUNS_PER_WORD_MAX)
    for letters in RUN_LETTERS:
        counts.append(np.minimum(np.maximum(lengths - letters + 1, 1), left))
        left -= counts[-1]
    ends = np.concatenate(([0], np.cumsum(RUNS_PER_WORD_MAX - left)))
    found = np.empty(int(ends[-1]), dtype=np.int64)
    places = ends[:-1]
    for letters, count in zip(RUN_LETTERS, counts, strict=True):
        found[spans(places, count)] = hashes[letters][spans(begins, count)] % np.uint32(buckets)
        places = places + count
    return found, ends


def _hashes(text: bytes) -> dict[int, NDArray[np.uint32]]:
    """Per length the CRC-32 of the run that begins at each byte."""
    read = np.frombuffer(text + _PADDING, dtype=np.uint8)
    state = np.full(len(text), _ALL)
    hashes = {}
    for at in range(RUN_LETTERS[-1]):
        state = _OF_BYTE[(state ^ read[at : at + len(text)]) & _LOW] ^ (state >> _BYTE_BITS)
        if at + 1 in RUN_LETTERS:
            hashes[at + 1] = ~state
    return hashes
