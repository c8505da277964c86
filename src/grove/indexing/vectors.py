"""Vectors of chunks: a bit per dimension to look through, and four bits per dimension to rank by.

A code is a number from -7 to 7, kept with 8 added, two to a byte: the first half of the dimensions in the low, the
second half in the high halves of the bytes. A code times its chunk's scale is about the number it stands for. The bits
say which codes are above zero; they are kept in words of 64 dimensions, all first words before all second ones.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing.errors import IndexCorrupt
from grove.indexing.parts import PartsReader, PartsWriter

CODE_MAX: Final = 7
_MIDDLE: Final = 8
_WORD: Final = 64
_ROWS: Final = 512

Vectors = NDArray[np.float32]


class VectorWriter:
    """Collects the vectors of a segment's chunks, in order."""

    def __init__(self) -> None:
        self._codes: list[NDArray[np.uint8]] = []
        self._scales: list[NDArray[np.float32]] = []
        self._bits: list[NDArray[np.uint64]] = []

    def add(self, vectors: Vectors) -> None:
        """Add the next chunks' vectors."""
        scales = np.abs(vectors).max(axis=1, initial=0.0) / np.float32(CODE_MAX)
        scales[scales == 0] = 1.0
        codes = (np.rint(vectors / scales[:, None]) + _MIDDLE).astype(np.uint8)
        half = -(-vectors.shape[1] // 2)
        high = np.full((vectors.shape[0], half), _MIDDLE, dtype=np.uint8)
        high[:, : codes.shape[1] - half] = codes[:, half:]
        self._codes.append(codes[:, :half] | (high << np.uint8(4)))
        self._scales.append(scales.astype(np.float32))
        self._bits.append(_bits_of(codes > _MIDDLE))

    def write(self, writer: PartsWriter) -> None:
        """Write all parts that a `VectorIndex` reads."""
        writer.add("vector_codes", np.concatenate(self._codes))
        writer.add("vector_scales", np.concatenate(self._scales))
        writer.add("vector_bits", np.concatenate(self._bits, axis=1))


class VectorIndex:
    """The vectors of a segment's chunks."""

    def __init__(self, reader: PartsReader, *, chunk_count: int, dimensions: int) -> None:
        codes = reader.array("vector_codes", np.uint8)
        bits = reader.array("vector_bits", np.uint64)
        self._scales = reader.array("vector_scales", np.float32)
        self._dimensions = dimensions
        self._half = -(-dimensions // 2)
        whole = codes.size == chunk_count * self._half and bits.size == chunk_count * -(-dimensions // _WORD)
        if not whole or self._scales.size != chunk_count:
            raise IndexCorrupt(name=reader.label, part="vector_codes")
        self._codes = codes.reshape(chunk_count, self._half)
        self._bits = bits.reshape(-1, chunk_count)

    def vectors(self, numbers: NDArray[np.int64]) -> Vectors:
        """The vectors of chunks, as near as their codes give them."""
        packed = self._codes[numbers]
        codes = np.concatenate((packed & 15, packed >> 4), axis=1)[:, : self._dimensions].astype(np.float32)
        codes -= _MIDDLE
        codes *= self._scales[numbers][:, None]
        return codes

    def cosines(self, numbers: NDArray[np.int64], vector: Vectors) -> NDArray[np.float32]:
        """How near chunks are to a vector of unit length."""
        low, high = vector[: self._half], np.zeros(self._half, dtype=np.float32)
        high[: vector.size - self._half] = vector[self._half :]
        middle = _MIDDLE * vector.sum()
        found = np.empty(numbers.size, dtype=np.float32)
        for at in range(0, numbers.size, _ROWS):
            packed = self._codes[numbers[at : at + _ROWS]]
            products = (packed & 15).astype(np.float32) @ low
            products += (packed >> 4).astype(np.float32) @ high
            found[at : at + _ROWS] = products - middle
        found *= self._scales[numbers]
        return found

    def differing(self, numbers: NDArray[np.int64], vector: Vectors) -> NDArray[np.uint16]:
        """In how many dimensions chunks and a vector are on different sides of zero; `numbers` ascend."""
        whole = numbers.size == self._scales.size
        found = np.zeros(numbers.size, dtype=np.uint16)
        for word, wanted in zip(self._bits, _bits_of(vector[None, :] > 0)[:, 0], strict=True):
            found += np.bitwise_count((word if whole else word[numbers]) ^ wanted)
        return found


def _bits_of(above: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Per word of 64 dimensions, the words of all vectors."""
    padded = np.zeros((above.shape[0], -(-above.shape[1] // _WORD) * _WORD), dtype=np.bool_)
    padded[:, : above.shape[1]] = above
    packed = np.packbits(padded, axis=1, bitorder="little").view("<u8")
    return np.ascontiguousarray(packed.T)
