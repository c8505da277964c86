"""The chunks that a question may see, and where they stand."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from grove.indexing.arrays import are_among, distinct
from grove.indexing.errors import IndexMissing
from grove.indexing.grams import GROUP, Bitmap
from grove.indexing.model import Occurrence, Ordinals, Selection
from grove.indexing.segment import Segment
from grove.indexing.snapshot import SnapshotView

_BLOCK: Final = 64


class ScopePart:
    """What of a scope is in one segment."""

    def __init__(self, segment: Segment, numbers: NDArray[np.int64]) -> None:
        self.segment = segment
        self.numbers = numbers
        """The chunks' numbers within the segment, ascending."""

    @property
    def whole(self) -> bool:
        """Whether every chunk of the segment is in scope."""
        return self.numbers.size == len(self.segment)

    @cached_property
    def mask(self) -> NDArray[np.bool_]:
        """Per chunk of the segment, whether it is in scope."""
        mask = np.zeros(len(self.segment), dtype=np.bool_)
        mask[self.numbers] = True
        return mask

    @cached_property
    def bitmap(self) -> Bitmap:
        """The same, a byte per group of chunks."""
        bitmap = np.packbits(self.mask, bitorder="little")
        return np.pad(bitmap, (0, -(-len(self.segment) // GROUP) - bitmap.size))

    def ordinals(self, numbers: NDArray[np.int64]) -> Ordinals:
        """The ordinals of numbers of this segment."""
        return self.segment.ordinals[numbers]


class MeanLengths(NamedTuple):
    """How many words a chunk has in its fields, in the mean."""

    body: float
    comment: float


class Scope:
    """A set of chunks, decided before anything is looked up or ranked. Made by `IndexView.scope`."""

    def __init__(
        self, selections: Sequence[Selection], *, snapshots: Mapping[str, SnapshotView], segments: Sequence[Segment]
    ) -> None:
        self.selections = _merged(selections)
        self._snapshots = {selection.snapshot: _snapshot(snapshots, selection) for selection in self.selections}
        self.ordinals = self._union()
        parts = (ScopePart(segment, segment.numbers_of(self.ordinals)) for segment in segments)
        self.parts = tuple(part for part in parts if part.numbers.size)
        present = sum(part.numbers.size for part in self.parts)
        if present != self.ordinals.size:
            raise IndexMissing(chunks=self.ordinals.size - present)

    def __len__(self) -> int:
        """How many chunks are in scope."""
        return self.ordinals.size

    @cached_property
    def mean_lengths(self) -> MeanLengths:
        """The means over its chunks."""
        terms = [(part, part.segment.terms) for part in self.parts]
        return MeanLengths(
            body=_mean([index.body_lengths[part.numbers] for part, index in terms]),
            comment=_mean([index.comment_lengths[part.numbers] for part, index in terms]),
        )

    def occurrences(self, ordinal: int) -> list[Occurrence]:
        """Every place in scope where the chunk stands: by selection, then path number, then line."""
        found: list[Occurrence] = []
        for selection in self.selections:
            snapshot = self._snapshots[selection.snapshot]
            if ordinal in snapshot.bitmap:
                places = snapshot.occurrences(ordinal)
                numbers = selection.path_numbers
                found.extend(place for place in places if numbers is None or _holds(numbers, place.path_number))
        return found

    def path_numbers(self, snapshot: str) -> NDArray[np.uint32]:
        """The selected paths of a snapshot, ascending; empty if the snapshot is not selected."""
        for selection in self.selections:
            if selection.snapshot == snapshot:
                if selection.path_numbers is not None:
                    return selection.path_numbers
                return np.arange(self._snapshots[snapshot].path_count, dtype=np.uint32)
        return np.empty(0, dtype=np.uint32)

    def files_of(self, ordinals: Ordinals) -> dict[str, NDArray[np.uint32]]:
        """Per snapshot the selected paths in which any of some ascending chunks stands."""
        found: dict[str, NDArray[np.uint32]] = {}
        if not ordinals.size:
            return found
        flags = np.zeros(int(self.ordinals[-1]) + 1 if len(self) else 0, dtype=np.bool_)
        flags[ordinals] = True
        for selection in compress(self.selections, self._holders.may_hold(ordinals)):
            numbers = self._snapshots[selection.snapshot].paths_of(ordinals, flags)
            if selection.path_numbers is not None:
                numbers = numbers[are_among(numbers, selection.path_numbers)]
            if numbers.size:
                found[selection.snapshot] = numbers
        return found

    @cached_property
    def _holders(self) -> "_Holders":
        return _Holders([self._snapshots[selection.snapshot] for selection in self.selections])

    def _union(self) -> Ordinals:
        whole = [self._snapshots[chosen.snapshot].bitmap for chosen in self.selections if chosen.path_numbers is None]
        some = [
            self._snapshots[chosen.snapshot].ordinals_of(chosen.path_numbers)
            for chosen in self.selections
            if chosen.path_numbers is not None
        ]
        if whole:
            some.append(np.array(BitMap.union(*whole).to_array(), dtype=np.uint32))
        if len(some) == 1:
            return some[0]
        return distinct(np.concatenate(some)) if some else np.empty(0, dtype=np.uint32)


class _Holders:
    """Which of some snapshots may hold a chunk: per block of neighbouring ordinals, those that hold any of them.

    What a repository was the first to have has ordinals of its own, so a block has few holders.
    """

    def __init__(self, snapshots: Sequence[SnapshotView]) -> None:
        self._count = len(snapshots)
        blocks = [distinct(snapshot.ordinals // _BLOCK) for snapshot in snapshots]
        last = max((int(of_one[-1]) for of_one in blocks if of_one.size), default=0)
        self._rows = np.zeros((last + 1, -(-self._count // 8)), dtype=np.uint8)
        for number, of_one in enumerate(blocks):
            self._rows[of_one, number >> 3] |= 0x80 >> (number & 7)

    def may_hold(self, ordinals: Ordinals) -> list[int]:
        """For each snapshot whether it may hold any of some ascending ordinals; all of these are in one of them."""
        rows = self._rows[distinct(ordinals // _BLOCK)]
        return np.unpackbits(np.bitwise_or.reduce(rows, axis=0), count=self._count).tolist()


def _merged(selections: Sequence[Selection]) -> tuple[Selection, ...]:
    """The selections with each snapshot once, and path numbers ascending."""
    merged: dict[str, NDArray[np.uint32] | None] = {}
    for selection in selections:
        numbers = selection.path_numbers
        before = merged.get(selection.snapshot, np.empty(0, dtype=np.uint32))
        both = (
            None if numbers is None or before is None else distinct(np.concatenate((before, numbers))).astype(np.uint32)
        )
        merged[selection.snapshot] = both
    return tuple(Selection(snapshot=snapshot, path_numbers=numbers) for snapshot, numbers in merged.items())


def _snapshot(snapshots: Mapping[str, SnapshotView], selection: Selection) -> SnapshotView:
    snapshot = snapshots.get(selection.snapshot)
    if snapshot is None:
        raise IndexMissing(name=selection.snapshot)
    return snapshot


def _mean(lengths: list[NDArray[np.uint16]]) -> float:
    count = sum(array.size for array in lengths)
    return sum(int(array.sum(dtype=np.int64)) for array in lengths) / count if count else 0.0


def _holds(ascending: NDArray[np.uint32], number: int) -> bool:
    return bool(are_among(np.array([number], dtype=np.uint32), ascending)[0])
