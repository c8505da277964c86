"""Vectors of chunks: one byte per dimension, and a scale per chunk."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing.errors import IndexCorrupt
from grove.indexing.parts import PartsReader

CODE_MAX: Final = 127
_ROWS: Final = 8_192


def quantised(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Codes and scales of vectors; a code times its row's scale is about the number it stands for."""
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    scales = np.where(largest > 0, largest / CODE_MAX, 1.0).astype(np.float32)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales


class VectorIndex:
    """The vectors of a segment's chunks."""

    def __init__(self, reader: PartsReader, *, chunk_count: int, dimensions: int) -> None:
        codes = reader.array("vector_codes", np.int8)
        self._scales = reader.array("vector_scales", np.float32)
        if codes.size != chunk_count * dimensions or self._scales.size != chunk_count:
            raise IndexCorrupt(name=reader.label, part="vector_codes")
        self._codes = codes.reshape(chunk_count, dimensions)

    def cosines(self, numbers: NDArray[np.int64], vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """How near chunks are to a vector of unit length; `numbers` ascend."""
        found = np.empty(numbers.size, dtype=np.float32)
        for at in range(0, numbers.size, _ROWS):
            rows = numbers[at : at + _ROWS]
            whole = int(rows[-1]) - int(rows[0]) + 1 == rows.size
            codes = self._codes[int(rows[0]) : int(rows[-1]) + 1] if whole else self._codes[rows]
            found[at : at + _ROWS] = codes.astype(np.float32) @ vector * self._scales[rows]
        return found

    def vector(self, number: int) -> NDArray[np.float32]:
        """The vector of a chunk, as near as its codes give it."""
        vector: NDArray[np.float32] = self._codes[number] * self._scales[number]
        return vector
