"""Posting lists: for each key, ascending numbers with one byte each.

While a file is built, a posting is one 64-bit number: key (28 bits), number (28 bits), byte (8 bits), so that sorting
numbers sorts postings. On disk a list begins with a varint: four times how many numbers it has, plus its form.

PLAIN: the bytes, then the gaps between the numbers as varints (the first gap counts from zero).
ONES: every byte is 1: the gaps only.
DENSE: a bitmap of the numbers, without bytes: for lists that would take more than the bitmap, where these are allowed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing.arrays import distinct, run_lengths, run_starts
from grove.indexing.errors import IndexCorrupt, IndexTooLarge
from grove.indexing.parts import DELTA_ZSTD, PartsReader, PartsWriter

KEY_MAX: Final = (1 << 28) - 1
NUMBER_MAX: Final = (1 << 28) - 1
PARTITION_POSTINGS: Final = 500_000
STREAM_BYTES_MAX: Final = (1 << 32) - 1
_KEY_SHIFT: Final = 36
_NUMBER_SHIFT: Final = 8
_VARINT_BYTES_MAX: Final = 5
_FORM_BITS: Final = 2
PLAIN, ONES, DENSE = 0, 1, 2
_DENSE_SHARE: Final = 16  # a gap and a byte per number take more than a bitmap where every 16th number is in the list
_DENSE_MIN: Final = 32
_LOW: Final = 0x7F
_MORE: Final = 0x80

Packed = NDArray[np.uint64]
Bytes = NDArray[np.uint8]


class Postings(NamedTuple):
    """A decoded list: ascending numbers, and the byte of each (255 in a dense list, which has none)."""

    numbers: NDArray[np.uint32]
    payload: Bytes


def packed(keys: NDArray[np.uint64], numbers: NDArray[np.uint64], payload: NDArray[np.uint64]) -> Packed:
    """Postings as single numbers; not yet sorted."""
    return (keys << np.uint64(_KEY_SHIFT)) | (numbers << np.uint64(_NUMBER_SHIFT)) | payload


NO_POSTINGS: Final = Postings(np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.uint8))


class Runs:
    """Sorted runs of packed postings, kept in a file while a segment is built, and given back in one order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb")
        self._sizes: list[int] = []

    def add(self, run: Packed) -> None:
        """Keep a run; it need not be sorted."""
        run.sort()
        run.tofile(self._file)
        self._sizes.append(run.size)

    def close(self) -> None:
        """Stop; nothing more is added or asked for."""
        self._file.close()

    def renumber(self, keys: NDArray[np.uint64]) -> None:
        """Give every posting the key that stands at the position of its present one."""
        self._file.flush()
        begin = 0
        for size in filter(None, self._sizes):
            run = np.memmap(self._path, dtype=np.uint64, mode="r+", offset=begin * 8, shape=(size,))
            low = run & np.uint64((1 << _KEY_SHIFT) - 1)
            run[:] = np.sort((keys[run >> np.uint64(_KEY_SHIFT)] << np.uint64(_KEY_SHIFT)) | low)
            begin += size

    def partitions(self) -> Iterator[Packed]:
        """All postings, ascending, in arrays that never part a key's list. Usable once; the file is removed."""
        self._file.close()
        if sum(self._sizes):
            yield from self._merged(np.memmap(self._path, dtype=np.uint64, mode="r"))
        self._path.unlink()

    def _merged(self, content: Packed) -> Iterator[Packed]:
        if len(self._sizes) == 1 and content.size <= PARTITION_POSTINGS:
            yield np.array(content)
            return
        ends = np.cumsum(self._sizes)
        runs = [content[end - size : end] for end, size in zip(ends, self._sizes, strict=True)]
        positions = [0] * len(runs)
        for bound in _bounds(runs, content.size):
            stops = [int(np.searchsorted(run, bound)) for run in runs]
            merged = np.concatenate([run[a:b] for run, a, b in zip(runs, positions, stops, strict=True)])
            merged.sort()
            yield merged
            positions = stops
        rest = np.concatenate([run[a:] for run, a in zip(runs, positions, strict=True)])
        rest.sort()
        yield rest


def write_postings(writer: PartsWriter, name: str, runs: Runs, *, dense_below: int = 0) -> NDArray[np.uint32]:
    """Write all lists into a part, and `NAME_ends`, where each ends; gives their keys, ascending.

    With `dense_below`, lists of numbers below it may take the dense form.

    :raises IndexTooLarge: if they exceed what a part can hold.
    """
    all_keys = [np.empty(0, dtype=np.uint32)]
    all_ends = [np.empty(0, dtype=np.int64)]
    written = 0
    writer.begin(name)
    for partition in runs.partitions():
        if partition.size:
            keys, ends, stream = encoded(partition, dense_below=dense_below)
            all_keys.append(keys)
            all_ends.append(ends + written)
            written += stream.size
            writer.append(stream.tobytes())
    writer.end()
    if written > STREAM_BYTES_MAX:
        raise IndexTooLarge(part=name, bytes=written)
    writer.add(f"{name}_ends", np.concatenate(all_ends).astype(np.uint32), encoding=DELTA_ZSTD)
    return np.concatenate(all_keys)


class PostingLists:
    """Reads the lists of one part."""

    def __init__(self, reader: PartsReader, name: str, *, numbers: int) -> None:
        self._reader = reader
        self._name = name
        self._numbers = numbers
        self._ends = reader.array(f"{name}_ends", np.uint32)

    def __len__(self) -> int:
        return self._ends.size

    def stored_bytes(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """How long each list is on disk: about in proportion to how many postings it has."""
        ends = self._ends[positions].astype(np.int64)
        return np.subtract(ends, np.where(positions > 0, self._ends[positions - 1], 0))

    def read(self, position: int) -> Postings:
        """The list at a position.

        :raises IndexCorrupt: if it is damaged.
        """
        begin = int(self._ends[position - 1]) if position else 0
        found = decoded(self._reader.slice(self._name, begin, int(self._ends[position])))
        if found is None or found.numbers.max(initial=0) >= max(self._numbers, 1):
            raise IndexCorrupt(name=self._reader.label, part=self._name, position=position)
        return found


def encoded(partition: Packed, *, dense_below: int = 0) -> tuple[NDArray[np.uint32], NDArray[np.int64], Bytes]:
    """Sorted postings as keys, where each key's list ends, and the lists."""
    keys = (partition >> np.uint64(_KEY_SHIFT)).astype(np.uint32)
    numbers = ((partition >> np.uint64(_NUMBER_SHIFT)) & np.uint64(NUMBER_MAX)).astype(np.uint32)
    payload = (partition & np.uint64(0xFF)).astype(np.uint8)
    first = run_starts(keys)
    counts = run_lengths(first, keys.size)
    forms = np.where(np.logical_and.reduceat(payload == 1, first), ONES, PLAIN)
    if dense_below:
        forms[counts > max(dense_below // _DENSE_SHARE, _DENSE_MIN)] = DENSE
    gaps = np.diff(numbers, prepend=np.uint32(0))
    gaps[first] = numbers[first]
    sizes = _varint_sizes(gaps)
    heads = (counts << _FORM_BITS | forms).astype(np.uint32)
    head_sizes = _varint_sizes(heads)
    payload_sizes = np.where(forms == PLAIN, counts, 0)
    body_sizes = np.where(forms == DENSE, -(-dense_below // 8), np.add.reduceat(sizes, first))
    ends = np.cumsum(head_sizes + payload_sizes + body_sizes)
    begins = ends - body_sizes - payload_sizes - head_sizes
    stream = np.zeros(int(ends[-1]), dtype=np.uint8)
    _put_varints(stream, begins, heads, head_sizes)
    plain = np.repeat(forms == PLAIN, counts)
    stream[(np.arange(keys.size) + np.repeat(begins + head_sizes - first, counts))[plain]] = payload[plain]
    gap_begins = np.cumsum(sizes) - sizes
    gap_begins += np.repeat(begins + head_sizes + payload_sizes - gap_begins[first], counts)
    gapped = np.repeat(forms != DENSE, counts)
    _put_varints(stream, gap_begins[gapped], gaps[gapped], sizes[gapped])
    for number in np.flatnonzero(forms == DENSE).tolist():
        begin = first[number]
        bitmap = np.zeros(dense_below, dtype=np.bool_)
        bitmap[numbers[begin : begin + counts[number]]] = True
        stream[ends[number] - body_sizes[number] : ends[number]] = np.packbits(bitmap)
    return keys[first], ends, stream


def decoded(stream: Bytes) -> Postings | None:
    """A list from its bytes; nothing if they are not a list."""
    head = at = 0
    for at, byte in enumerate(stream[:_VARINT_BYTES_MAX].tolist(), start=1):
        head |= (byte & _LOW) << (7 * (at - 1))
        if byte < _MORE:
            break
    count, form = head >> _FORM_BITS, head & ((1 << _FORM_BITS) - 1)
    if form == DENSE:
        numbers = np.flatnonzero(np.unpackbits(stream[at:])).astype(np.uint32)
        return Postings(numbers, np.full(count, 255, dtype=np.uint8)) if numbers.size == count else None
    payload = stream[at : at + count] if form == PLAIN else np.ones(min(count, stream.size), dtype=np.uint8)
    numbers_or_none = _from_gaps(stream[at + (count if form == PLAIN else 0) :], count)
    if numbers_or_none is None or payload.size != count:
        return None
    return Postings(numbers_or_none, payload)


def _from_gaps(gaps: Bytes, count: int) -> NDArray[np.uint32] | None:
    if gaps.size == count:
        return np.cumsum(gaps, dtype=np.uint32) if gaps.max(initial=0) < _MORE else None
    ends = np.flatnonzero(gaps < _MORE)
    if ends.size != count or not count or ends[-1] != gaps.size - 1:
        return None
    begins = np.concatenate((ends[:1] * 0, ends[:-1] + 1))
    if (ends - begins).max() >= _VARINT_BYTES_MAX:
        return None
    place = np.arange(gaps.size) - np.repeat(begins, ends - begins + 1)
    parts = (gaps & _LOW).astype(np.uint32) << (7 * place).astype(np.uint32)
    return np.cumsum(np.add.reduceat(parts, begins), dtype=np.uint32)


def _varint_sizes(values: NDArray[np.uint32]) -> NDArray[np.int64]:
    sizes = np.ones(values.size, dtype=np.int64)
    for bits in (7, 14, 21, 28):
        sizes += values >= (1 << bits)
    return sizes


def _put_varints(
    stream: Bytes, begins: NDArray[np.int64], values: NDArray[np.uint32], sizes: NDArray[np.int64]
) -> None:
    for byte in range(_VARINT_BYTES_MAX):
        having = np.flatnonzero(sizes > byte) if byte else slice(None)
        size = sizes[having]
        if not size.size:
            return
        more = np.where(size > byte + 1, _MORE, 0)
        stream[begins[having] + byte] = ((values[having] >> np.uint32(7 * byte)) & np.uint32(_LOW)) | more


def _bounds(runs: list[Packed], total: int) -> list[np.uint64]:
    """Packed values at the beginnings of keys that part all runs into pieces of about PARTITION_POSTINGS."""
    pieces = -(-total // PARTITION_POSTINGS)
    samples = np.sort(np.concatenate([run[:: max(1, run.size // (pieces * 16))] for run in runs]))
    cuts = samples[np.linspace(0, samples.size, pieces, endpoint=False, dtype=np.int64)[1:]]
    return list(distinct((cuts >> np.uint64(_KEY_SHIFT)) << np.uint64(_KEY_SHIFT)))
