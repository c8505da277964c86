"""Folding small segments into larger ones, and leaving out what no snapshot uses, while everybody reads on.

What takes long is done beside those who add to the index; only to put the new segment in the place of the old ones does
a merge want the index for itself, for a moment.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final

import numpy as np

from grove.indexing.errors import IndexBusy
from grove.indexing.history import History
from grove.indexing.leftovers import sweep_index
from grove.indexing.model import Ordinals
from grove.indexing.opened import OpenIndexes
from grove.indexing.rewrite import segments_to_join
from grove.indexing.store import IndexStore
from grove.indexing.view import IndexView
from grove.indexing.writing import adding_to_index, taking_out_of_index
from grove.jobs import Progress, Run
from grove.kit import faults
from grove.snapshots import Generation, SegmentRecord, generation_of, replace_segments

MERGE_WRITTEN: Final = faults.declare("index.merge_written")
MERGE_SWAPPED: Final = faults.declare("index.merge_swapped")
ROUNDS_MAX: Final = 100
DEAD_SHARE_MAX: Final = 0.3
"""A segment is written again when more of its chunks than this are in no snapshot."""
WAIT_SECONDS_MAX: Final = 30.0


def merge_index(run: Run, *, indexes: OpenIndexes) -> None:
    """Join and rewrite segments as long as that is worth it; then remove from disk what does not count.

    :raises IndexBusy: if others write to the index all the time.
    """
    store = indexes.store(run.job.tenant_id)
    for number in range(ROUNDS_MAX):
        run.report(Progress(phase="merging", done=number, unit="merges"))
        if not _merge_once(run, indexes, store):
            break
    with _alone(run, store):
        generation = _generation(run)
        sweep_index(store.root, generation=generation)


def live_ordinals(view: IndexView, histories: Sequence[History]) -> Ordinals:
    """The chunks that any snapshot or history uses, ascending."""
    used = [snapshot.ordinals for snapshot in view.snapshots.values()]
    used += [history.ordinals for history in histories]
    return np.unique(np.concatenate(used)) if used else np.empty(0, dtype=np.uint32)


def is_wholly_live(view: IndexView, name: str, live: Ordinals) -> bool:
    """Whether every chunk of a segment is among `live`, which ascends."""
    return all(segment.numbers_of(live).size == len(segment) for segment in view.open_segments if segment.name == name)


def segments_to_merge(view: IndexView, live: Ordinals) -> list[str]:
    """The segments that are worth being written as one: crowded ones, or one of which too much is dead."""
    crowded = segments_to_join(view)
    if crowded:
        return crowded
    for segment in view.open_segments:
        if segment.numbers_of(live).size < (1 - DEAD_SHARE_MAX) * len(segment):
            return [segment.name]
    return []


def _merge_once(run: Run, indexes: OpenIndexes, store: IndexStore) -> bool:
    """Do one merge; whether there may be another."""
    with adding_to_index(store.root, check_cancelled=run.check_cancelled):
        generation = _generation(run)
        view = indexes.view(run.job.tenant_id, generation)
        live = live_ordinals(view, _histories(store, generation))
        names = segments_to_merge(view, live)
        if not names:
            return False
        merged = store.merge_segments(view, names, keep=live, job=run.job.id)
        faults.reach(MERGE_WRITTEN)
    with _alone(run, store):
        present = _generation(run)
        view = indexes.view(run.job.tenant_id, present)
        if _still_serves(view, _histories(store, present), names, kept=live):
            _put_in_place(run, names, merged)
        else:
            run.log("the index has changed meanwhile: once more")
        faults.reach(MERGE_SWAPPED)
    run.log(f"{len(names)} segments became {1 if merged else 0}: {merged.chunk_count if merged else 0} chunks")
    return True


def _put_in_place(run: Run, names: list[str], merged: SegmentRecord | None) -> None:
    with run.finish() as tx:
        replace_segments(tx, tenant_id=run.job.tenant_id, names=names, rewritten=merged, now=run.now)


def _still_serves(view: IndexView, histories: Sequence[History], names: list[str], *, kept: Ordinals) -> bool:
    """Whether what was left out is needed by nothing that has come since, and the segments are still those."""
    live = live_ordinals(view, histories)
    segments = [segment for segment in view.open_segments if segment.name in names]
    missed = [np.setdiff1d(live[np.isin(live, segment.ordinals)], kept, assume_unique=True) for segment in segments]
    return len(segments) == len(names) and not any(ordinals.size for ordinals in missed)


def _histories(store: IndexStore, generation: Generation) -> list[History]:
    return [store.histories.open(name) for name in generation.histories]


def _generation(run: Run) -> Generation:
    with run.begin() as tx:
        return generation_of(tx, tenant_id=run.job.tenant_id)


def _alone(run: Run, store: IndexStore) -> AbstractContextManager[None]:
    return taking_out_of_index(store.root, check_cancelled=_patience(run))


def _patience(run: Run) -> Callable[[], None]:
    until = time.monotonic() + WAIT_SECONDS_MAX

    def check() -> None:
        run.check_cancelled()
        if time.monotonic() > until:
            raise IndexBusy(seconds_max=WAIT_SECONDS_MAX)

    return check
