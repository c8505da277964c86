"""Trigrams: which chunks may contain a literal.

A trigram is three bytes of UTF-8 with ASCII letters in lower case. Eight chunks of consecutive numbers make a group;
a trigram's list names the groups it stands in, and the byte of each says in which of its chunks; of a trigram that is
almost everywhere only the groups are kept. So a set of chunks is a bitmap with a byte per group, and lists are combined
with the operators of bitmaps.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing.arrays import distinct, run_starts
from grove.indexing.errors import IndexCorrupt
from grove.indexing.parts import DELTA_ZSTD, PartsReader, PartsWriter
from grove.indexing.postings import Packed, PostingLists, Runs, packed, write_postings

GROUP: Final = 8
PART: Final = "grams"
GRAM_BYTES: Final = 3
_BATCH: Final = 256  # chunks whose trigrams are sorted together: a trigram and a chunk's number fit 32 bits
_LOOKED_UP_MAX: Final = 12
_FEW: Final = 4
_BEYOND_ASCII: Final = np.uint32(0x808080)

Bitmap = NDArray[np.uint8]

_FOLD: Final = np.arange(256, dtype=np.uint8)
_FOLD[ord("A") : ord("Z") + 1] += 32
# The two characters outside ASCII that a search without regard to case takes for ASCII letters.
_LIKE_ASCII: Final = ((b"\xe2\x84\xaa", b"k"), (b"\xc5\xbf", b"s"))


def postings_of(texts: list[bytes], first: int) -> Packed:
    """The trigrams of chunks as packed postings; `first` is the number of the first chunk, divisible by 256."""
    batches = [_batch(texts[at : at + _BATCH], first + at) for at in range(0, len(texts), _BATCH)]
    return np.concatenate(batches) if batches else np.empty(0, dtype=np.uint64)


def _batch(texts: list[bytes], first: int) -> Packed:
    sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    joined = b"".join(texts)
    keys = _keyed(joined, sizes)
    if not joined.isascii() and any(character in joined for character, _ in _LIKE_ASCII):
        keys = np.concatenate((keys, *(_keyed_as_ascii(text, number) for number, text in enumerate(texts))))
    keys.sort()
    keys = keys[run_starts(keys)]
    groups = keys >> np.uint32(3)
    starts = run_starts(groups)
    # No chunk is twice in a group, so the sum of bits is their union; a difference of sums is quicker than `reduceat`.
    sums = np.cumsum(np.left_shift(np.uint32(1), keys & np.uint32(7)), dtype=np.uint32)
    masks = np.diff(sums[np.append(starts[1:], keys.size) - 1], prepend=np.uint32(0)) if keys.size else sums
    groups = groups[starts]
    numbers = (groups & np.uint32(31)).astype(np.uint64) + np.uint64(first // GROUP)
    return packed((groups >> np.uint32(5)).astype(np.uint64), numbers, masks.astype(np.uint64))


def _keyed(joined: bytes, sizes: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The trigrams of texts that are joined, each with the number of its text in the lowest byte."""
    whole = sizes >= GRAM_BYTES
    if not whole.any():
        return np.empty(0, dtype=np.uint32)
    folded = np.frombuffer(joined.lower(), dtype=np.uint8).astype(np.uint32)
    keys = folded[:-2] << np.uint32(24)
    keys |= folded[1:-1] << np.uint32(16)
    keys |= folded[2:] << np.uint32(8)
    keys |= np.repeat(np.arange(sizes.size, dtype=np.uint32), sizes)[2:]
    # What crosses the end of a text becomes another trigram once more: cheaper than to close the gaps.
    ends = np.cumsum(sizes)
    others = np.where(whole, ends, ends[np.argmax(whole)]) - GRAM_BYTES
    for at in (1, 2):
        crossing = (ends >= at) & (ends - at < keys.size)
        keys[(ends - at)[crossing]] = keys[others[crossing]]
    return keys


def _keyed_as_ascii(text: bytes, owner: int) -> NDArray[np.uint32]:
    for character, letter in _LIKE_ASCII:
        text = text.replace(character, letter)
    return _keyed(text, np.array([len(text)])) | np.uint32(owner)


def grams_in(text: bytes) -> NDArray[np.uint32]:
    """Every trigram by which a literal within a text may be looked up; some more than once."""
    as_ascii = text
    for character, letter in _LIKE_ASCII:
        as_ascii = as_ascii.replace(character, letter)
    return np.concatenate([_grams(version) for version in {text, as_ascii}])


def grams_of(literal: bytes, *, fold_case: bool) -> NDArray[np.uint32]:
    """The distinct trigrams by which a literal is looked up.

    Without regard to case a letter outside ASCII has other bytes in its other case: such trigrams are left out.
    """
    grams = _grams(literal)
    if fold_case:
        grams = grams[grams & _BEYOND_ASCII == 0]
    return distinct(grams)


def _grams(text: bytes) -> NDArray[np.uint32]:
    """The trigrams of a text, one after the other."""
    if len(text) < GRAM_BYTES:
        return np.empty(0, dtype=np.uint32)
    folded = _FOLD[np.frombuffer(text, dtype=np.uint8)].astype(np.uint32)
    return (folded[:-2] << np.uint32(16)) | (folded[1:-1] << np.uint32(8)) | folded[2:]


def write_grams(writer: PartsWriter, runs: Runs, *, chunk_count: int) -> None:
    """Write all parts that a `GramIndex` reads."""
    keys = write_postings(writer, PART, runs, dense_below=-(-chunk_count // GROUP))
    writer.add("gram_keys", keys, encoding=DELTA_ZSTD)


class GramIndex:
    """Looks literals up among the chunks of a segment."""

    def __init__(self, reader: PartsReader, *, chunk_count: int) -> None:
        self._groups = -(-chunk_count // GROUP)
        self._lists = PostingLists(reader, PART, numbers=self._groups)
        self._keys = reader.array("gram_keys", np.uint32)
        if self._keys.size != len(self._lists):
            raise IndexCorrupt(name=reader.label, part="gram_keys")

    def containing(self, literal: bytes, within: Bitmap, *, fold_case: bool) -> Bitmap:
        """The chunks of `within` that have all trigrams of the literal, or of its rarest ones."""
        grams = grams_of(literal, fold_case=fold_case)
        if not grams.size:
            return within
        positions = np.minimum(np.searchsorted(self._keys, grams), max(len(self._lists) - 1, 0))
        if not self._keys.size or (self._keys[positions] != grams).any():
            return np.zeros_like(within)
        rarest = positions[np.argsort(self._lists.stored_bytes(positions), kind="stable")][:_LOOKED_UP_MAX]
        found = within
        for position in rarest.tolist():
            groups, masks = self._lists.read(position)
            of_gram = np.zeros(self._groups, dtype=np.uint8)
            of_gram[groups] = masks
            found = found & of_gram
            if np.count_nonzero(found) <= _FEW:
                break
        return found
