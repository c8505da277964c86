"""Files by a few characters of their paths, over every repository that may be looked at."""

import weakref
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing import SnapshotView
from grove.navigation.fuzzy import PATTERN_BYTES_MAX, FuzzyPaths
from grove.navigation.ground import File, Ground, Told
from grove.navigation.model import FoundFile, FoundFiles, Wanted

_PER_MARK: Final = 2.0
_MARK_COUNTS: Final = np.array([marks.bit_count() for marks in range(256)], dtype=np.float64)

_prepared: "weakref.WeakKeyDictionary[Any, FuzzyPaths]" = weakref.WeakKeyDictionary()


def find_files(wanted: Wanted, *, ground: Ground) -> FoundFiles:
    """The files whose paths hold the pattern's characters in their order, the best first; white space is left out."""
    pattern = "".join(wanted.name.split()).encode("utf-8", "replace")[:PATTERN_BYTES_MAX]
    end = wanted.offset + wanted.limit
    best: list[tuple[float, File, NDArray[np.int64]]] = []
    found, is_whole, repositories = 0, True, set()
    for selected in ground.field.selected:
        if ground.progress.time_is_up():
            break
        matched, is_all = fuzzy_paths(selected.snapshot).match(pattern, selected.admitted, enough=end)
        scores = matched.scores - _PER_MARK * _MARK_COUNTS[selected.snapshot.marks[matched.numbers]]
        best += [
            (float(scores[row]), File(selected, int(matched.numbers[row])), matched.places[row])
            for row in _highest(scores, end)
        ]
        found += matched.numbers.size
        is_whole = is_whole and is_all
        repositories |= {selected.target.repository_id} if matched.numbers.size else set()
    best.sort(key=lambda one: (-one[0], one[1].path, one[1].address.repository))
    items = tuple(_found(*one) for one in best[wanted.offset : end])
    truth = ground.truth(
        Told(
            files_found=found,
            repositories_found=len(repositories),
            places_found=found,
            files_shown=len(items),
            offset=wanted.offset,
            more=not is_whole or found > end,
            notes=() if is_whole else ("paths that match only together with their folders were not counted",),
        )
    )
    return FoundFiles(name=wanted.name, items=items, truth=truth)


def fuzzy_paths(snapshot: SnapshotView) -> FuzzyPaths:
    """The prepared paths of a snapshot; kept as long as the snapshot is open."""
    paths = _prepared.get(snapshot)
    if paths is None:
        paths = _prepared[snapshot] = FuzzyPaths([path.encode("utf-8", "replace") for path in snapshot.paths])
    return paths


def _highest(scores: NDArray[np.float64], count: int) -> list[int]:
    """The rows with the highest scores; the first of equals, so that pages fit together."""
    rows = np.arange(scores.size)
    if scores.size > count:
        rows = np.flatnonzero(scores >= np.partition(scores, -count)[-count])
    order: list[int] = rows[np.argsort(-scores[rows], kind="stable")][:count].tolist()
    return order


def _found(score: float, file: File, places: NDArray[np.int64]) -> FoundFile:
    raw = file.path.encode("utf-8", "replace")
    columns = (
        places if raw.isascii() else np.array([len(raw[:at].decode("utf-8", "replace")) for at in places.tolist()])
    )
    return FoundFile(
        address=file.address,
        language=file.language,
        marks=file.marks,
        score=round(score, 2),
        columns=tuple(columns.tolist()),
    )
