"""Making the vectors that the chosen model has not made yet: slice by slice, while the present ones serve.

Each slice is published whole, so a crash costs one slice at most. What the chosen model has caught up with is let go by
the others; small sets are folded; what no snapshot uses goes, from the index and from the vector store.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from grove.indexing import (
    IndexView,
    Ordinals,
    adding_to_index,
    live_ordinals,
    taking_out_of_index,
)
from grove.jobs import Progress, Run, are_others_due, enqueue
from grove.kit import faults
from grove.snapshots import Generation, generation_of
from grove.vectors.desk import VectorDesk
from grove.vectors.files import VectorFiles, numbers_in
from grove.vectors.model import VectorSet
from grove.vectors.operations import forget_sets, mark_copied, publish_set, sets_of
from grove.vectors.ports import Space

SLICE_CHUNKS: Final = 1_024
FOLDED_MIN: Final = 16
FOLDED_CHUNKS_MAX: Final = 65_536
_COPIED_TOGETHER: Final = 4_096
SET_WRITTEN: Final = faults.declare("vectors.set_written")
SET_PUBLISHED: Final = faults.declare("vectors.set_published")


def embed_index(run: Run, *, desk: VectorDesk) -> None:
    """Have the chosen model make a vector of every chunk in use, and the vector store keep a copy.

    :raises EmbedderFailed: or one of its kinds; what was published before keeps serving.
    :raises VectorStoreUnavailable: if the vector store cannot be filled.
    """
    files = desk.files(run.job.tenant_id)
    if run.job.arguments.get("refill"):
        _empty_store(run, desk)
    while _embed_slice(run, desk, files):
        if _give_way(run):
            run.log("giving way to other jobs")
            return
    _let_others_go(run, desk, files)
    tidy_vectors(run, desk=desk)
    _copy(run, desk, files)


def tidy_vectors(run: Run, *, desk: VectorDesk) -> None:
    """Take the vectors of chunks that nothing uses out of the index and the vector store; fold small sets."""
    tenant_id = run.job.tenant_id
    files = desk.files(tenant_id)
    with taking_out_of_index(files.root, check_cancelled=run.check_cancelled):
        generation, sets = _state(run)
        live = _live(desk, tenant_id, generation)
        for model in dict.fromkeys(each.model for each in sets):
            mine = [each for each in sets if each.model == model]
            _drop_dead(run, desk, mine, live)
            small = [each for each in mine if each.chunk_count < FOLDED_CHUNKS_MAX]
            crowded = small if len(small) >= FOLDED_MIN else []
            dying = [each for each in mine if each not in crowded and _dead(files, each, live).size]
            for together in [crowded] if crowded else []:
                _replace(run, files, together, live)
            for alone in dying:
                _replace(run, files, [alone], live)


def _embed_slice(run: Run, desk: VectorDesk, files: VectorFiles) -> bool:
    """Make the next vectors; whether there were any to make."""
    tenant_id, embedder = run.job.tenant_id, desk.models.chosen
    with adding_to_index(files.root, check_cancelled=run.check_cancelled):
        generation, sets = _state(run)
        view = desk.indexes.view(tenant_id, generation)
        mine = [files.open(each.name).ordinals for each in sets if each.model == embedder.name]
        mine += [segment.ordinals for segment in view.open_segments if segment.embedder == embedder.name]
        wanted = _by_urgency(desk, tenant_id, generation, view)
        missing = _without(wanted, mine)
        run.report(Progress(phase="embedding", done=wanted.size - missing.size, total=int(wanted.size), unit="chunks"))
        if not missing.size:
            return False
        ordinals = np.sort(missing[:SLICE_CHUNKS])
        made = embedder.embed_texts(view.chunk_texts(ordinals))
        written = files.write(
            job=run.job.id,
            model=embedder.name,
            ordinals=ordinals,
            rows=lambda begin, end: made.vectors[begin:end],
            texts_cut=made.texts_cut,
        )
        faults.reach(SET_WRITTEN)
        with run.finish() as tx:
            publish_set(tx, tenant_id=tenant_id, made=written, now=run.now)
    faults.reach(SET_PUBLISHED)
    if made.texts_cut:
        run.log(f"{made.texts_cut:,} texts were too long for the model and were cut")
    return True


def _by_urgency(desk: VectorDesk, tenant_id: str, generation: Generation, view: IndexView) -> Ordinals:
    """Every chunk in use: those of snapshots, which most questions are about, before those of the past alone."""
    present = live_ordinals(view, [])
    past = np.setdiff1d(_live(desk, tenant_id, generation), present, assume_unique=True)
    return np.concatenate((present, past)).astype(np.uint32)


def _live(desk: VectorDesk, tenant_id: str, generation: Generation) -> Ordinals:
    histories = desk.indexes.store(tenant_id).histories
    return live_ordinals(desk.indexes.view(tenant_id, generation), [histories.open(n) for n in generation.histories])


def _without(wanted: Ordinals, present: Sequence[Ordinals]) -> Ordinals:
    if not present:
        return wanted
    return wanted[~np.isin(wanted, np.concatenate(present))]


def _let_others_go(run: Run, desk: VectorDesk, files: VectorFiles) -> None:
    """The chosen model has vectors of everything: those by others have served."""
    tenant_id, store = run.job.tenant_id, desk.models.store
    _, sets = _state(run)
    others = [each for each in sets if each.model != desk.models.chosen.name]
    for model in dict.fromkeys(each.model for each in others):
        if store is not None:
            store.drop(Space(tenant_id, model))
    with run.finish() as tx:
        forget_sets(tx, tenant_id=tenant_id, names=[each.name for each in others])
    for each in others:
        files.remove(each.name)


def _drop_dead(run: Run, desk: VectorDesk, sets: Sequence[VectorSet], live: Ordinals) -> None:
    """Have the vector store forget what nothing uses; only what was put there can be there."""
    store, tenant_id = desk.models.store, run.job.tenant_id
    for each in sets:
        if store is not None and each.copied_to is not None:
            dead = _dead(desk.files(tenant_id), each, live)
            if dead.size:
                store.delete(Space(tenant_id, each.model), dead)


def _dead(files: VectorFiles, each: VectorSet, live: Ordinals) -> Ordinals:
    ordinals = files.open(each.name).ordinals
    return np.delete(ordinals, numbers_in(ordinals, live))


def _replace(run: Run, files: VectorFiles, sets: Sequence[VectorSet], live: Ordinals) -> None:
    names = [each.name for each in sets]
    folded = files.fold(sets, keep=live, job=run.job.id)
    with run.finish() as tx:
        publish_set(tx, tenant_id=run.job.tenant_id, made=folded, instead_of=names, now=run.now)
    for name in names:
        files.remove(name)


def _copy(run: Run, desk: VectorDesk, files: VectorFiles) -> None:
    """Put what the vector store does not have yet there; cut off, it is simply put again."""
    tenant_id, store = run.job.tenant_id, desk.models.store
    if store is None:
        return
    _, sets = _state(run)
    waiting = [each for each in sets if each.copied_to != store.place]
    for number, each in enumerate(waiting):
        run.report(Progress(phase="copying", done=number, total=len(waiting), unit="sets"))
        opened = files.open(each.name)
        for begin in range(0, opened.ordinals.size, _COPIED_TOGETHER):
            run.check_cancelled()
            numbers = np.arange(begin, min(begin + _COPIED_TOGETHER, opened.ordinals.size))
            store.put(Space(tenant_id, each.model), opened.ordinals[numbers], opened.vectors.vectors(numbers))
        with run.finish() as tx:
            mark_copied(tx, tenant_id=tenant_id, names=[each.name], place=store.place)


def _empty_store(run: Run, desk: VectorDesk) -> None:
    """Have the vector store forget everything; until it is filled again the index answers."""
    tenant_id, store = run.job.tenant_id, desk.models.store
    _, sets = _state(run)
    with run.finish() as tx:
        mark_copied(tx, tenant_id=tenant_id, names=[each.name for each in sets], place=None)
    for model in dict.fromkeys(each.model for each in sets):
        if store is not None:
            store.drop(Space(tenant_id, model))


def _state(run: Run) -> tuple[Generation, tuple[VectorSet, ...]]:
    with run.begin() as tx:
        tenant_id = run.job.tenant_id
        return generation_of(tx, tenant_id=tenant_id), sets_of(tx, tenant_id=tenant_id)


def _give_way(run: Run) -> bool:
    """Whether another job is due: then this one waits behind it."""
    job = run.job
    with run.finish() as tx:
        if not are_others_due(tx, job=job, now=run.now):
            return False
        enqueue(
            tx,
            tenant_id=job.tenant_id,
            kind=job.kind,
            target_id=job.target_id,
            requested_by=job.requested_by,
            now=run.now,
        )
    return True
