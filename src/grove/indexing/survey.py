"""Which parts of an index can be used, and which snapshots and histories have all that they need."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing.errors import IndexCorrupt, IndexFormatUnknown, IndexMissing
from grove.indexing.model import Ordinals
from grove.indexing.segment import Segment
from grove.indexing.store import IndexStore
from grove.snapshots import Generation

UNUSABLE: Final = (IndexCorrupt, IndexFormatUnknown, IndexMissing)
"""What a reader says of a part that must be built again."""


class Survey(NamedTuple):
    """The parts that cannot be used, with what is wrong; and what must go, with which of these parts it needs."""

    broken: dict[str, str]
    lost: dict[str, list[str]]


def survey_index(store: IndexStore, generation: Generation, *, suspects: Mapping[str, str]) -> Survey:
    """Open every part of a generation but the suspects, of which a reader has said what is wrong with them."""
    named = {*generation.segments, *generation.snapshots, *generation.histories}
    broken = {name: code for name, code in suspects.items() if name in named}
    present = _present(_usable_segments(store, generation, broken))
    unusable_segments = sorted(broken.keys() & set(generation.segments))
    lost: dict[str, list[str]] = {}
    for name in (*generation.snapshots, *generation.histories):
        try:
            if name not in broken and not _has_all(_needed(store, generation, name), present):
                lost[name] = unusable_segments or [name]
        except UNUSABLE as error:
            broken[name] = error.code
        if name in broken:
            lost[name] = [name]
        elif lost.get(name) == [name]:
            broken[name] = IndexMissing.code
    return Survey(broken, lost)


def _usable_segments(store: IndexStore, generation: Generation, broken: dict[str, str]) -> list[Segment]:
    """The segments that can be opened; those that cannot are broken, too."""
    segments: list[Segment] = []
    for name in generation.segments:
        try:
            if name not in broken:
                segments += store.open_view(segments=[name], snapshots=[]).open_segments
        except UNUSABLE as error:
            broken[name] = error.code
    return segments


def _needed(store: IndexStore, generation: Generation, name: str) -> Ordinals:
    """The chunks that a snapshot or a history needs, ascending."""
    if name in generation.histories:
        return store.histories.open(name).ordinals
    return store.open_view(segments=[], snapshots=[name]).snapshots[name].ordinals


def _present(segments: list[Segment]) -> NDArray[np.bool_]:
    present = np.zeros(1 + max((segment.last for segment in segments), default=0), dtype=np.bool_)
    for segment in segments:
        present[segment.ordinals] = True
    return present


def _has_all(ordinals: Ordinals, present: NDArray[np.bool_]) -> bool:
    if not ordinals.size:
        return True
    return int(ordinals[-1]) < present.size and bool(present[ordinals].all())
