"""Making the vectors that the chosen model has not made yet: slice by slice, while the present ones serve.

Each slice is published whole, so a crash costs one slice at most. The model is asked without any lock on the index;
what has gone from the index meanwhile is left out when the slice is written. What the chosen model has caught up with
is let go by the others; small sets are folded; then the vector store follows.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from grove.indexing import IndexView, Ordinals, adding_to_index, live_ordinals
from grove.jobs import Progress, Run
from grove.kit import faults
from grove.snapshots import Generation, generation_of
from grove.vectors.copies import copy_to_store, empty_store, look_at_store, tell_store
from grove.vectors.desk import EmbedArguments, VectorDesk
from grove.vectors.files import numbers_in
from grove.vectors.model import VectorSet
from grove.vectors.operations import dismiss_sets, publish_set, sets_of
from grove.vectors.tidying import fold_vectors

SLICE_CHUNKS: Final = 1_024
SET_WRITTEN: Final = faults.declare("vectors.set_written")
SET_PUBLISHED: Final = faults.declare("vectors.set_published")


class _Wanted(NamedTuple):
    """All chunks in use in a generation, the most urgent first."""

    generation: int
    view: IndexView
    ordinals: Ordinals


def embed_index(run: Run, *, desk: VectorDesk) -> None:
    """Have the chosen model make a vector of every chunk in use, and the vector store keep a copy.

    :raises EmbedderFailed: or one of its kinds; what was published before keeps serving.
    :raises VectorStoreFailed: or one of its kinds, if the vector store cannot be filled.
    """
    if EmbedArguments.of(run.job).refill:
        empty_store(run, desk)
    wanted: _Wanted | None = None
    while (wanted := _embed_slice(run, desk, wanted)) is not None:
        if run.give_way(rest=EmbedArguments()):
            return
    _let_others_go(run, desk)
    fold_vectors(run, desk)
    tell_store(run, desk)
    look_at_store(run, desk)
    while copy_to_store(run, desk):
        if run.give_way(rest=EmbedArguments()):
            return


def _embed_slice(run: Run, desk: VectorDesk, wanted: _Wanted | None) -> _Wanted | None:
    """Make the next vectors; `None` if there were none to make."""
    tenant_id, embedder = run.job.tenant_id, desk.models.chosen
    files = desk.files(tenant_id)
    with adding_to_index(files.root, check_cancelled=run.check_cancelled):
        generation, sets = _state(run)
        wanted = _wanted(desk, tenant_id, generation, known=wanted)
        opened = desk.open_sets(tenant_id, [each for each in sets if each.model == embedder.name])
        made_before = [each.ordinals for _, each in opened]
        made_before += [one.ordinals for one in wanted.view.open_segments if one.embedder == embedder.name]
        missing = _without(wanted.ordinals, made_before)
        done = wanted.ordinals.size - missing.size
        run.report(Progress(phase="embedding", done=done, total=int(wanted.ordinals.size), unit="chunks"))
        if not missing.size:
            return None
        ordinals = np.sort(missing[:SLICE_CHUNKS])
        texts = wanted.view.chunk_texts(ordinals)
    made = embedder.embed_texts(texts)
    with adding_to_index(files.root, check_cancelled=run.check_cancelled):
        generation, sets = _state(run)
        wanted = _wanted(desk, tenant_id, generation, known=wanted)
        kept = numbers_in(ordinals, np.sort(wanted.ordinals))
        if not kept.size:
            return wanted
        written = files.write(
            job=run.job.id,
            model=embedder.name,
            ordinals=ordinals[kept],
            rows=lambda begin, end: made.vectors[kept[begin:end]],
            texts_cut=made.texts_cut,
        )
        faults.reach(SET_WRITTEN)
        with run.finish() as tx:
            publish_set(tx, tenant_id=tenant_id, made=written, instead_of=_of_another_size(sets, written), now=run.now)
    faults.reach(SET_PUBLISHED)
    if made.texts_cut:
        run.log(f"{made.texts_cut:,} texts were too long for the model and were cut")
    return wanted


def _wanted(desk: VectorDesk, tenant_id: str, generation: Generation, *, known: _Wanted | None) -> _Wanted:
    """Every chunk in use: those of snapshots, which most questions are about, before those of the past alone."""
    if known is not None and known.generation == generation.number:
        return known
    view = desk.indexes.view(tenant_id, generation)
    histories = desk.indexes.store(tenant_id).histories
    present = live_ordinals(view, [])
    live = live_ordinals(view, [histories.open(name) for name in generation.histories])
    past = np.setdiff1d(live, present, assume_unique=True)
    return _Wanted(generation.number, view, np.concatenate((present, past)).astype(np.uint32))


def _of_another_size(sets: Sequence[VectorSet], written: VectorSet) -> list[str]:
    """A model that has changed under its name: what it made before cannot be compared with what it makes now."""
    return [each.name for each in sets if each.model == written.model and each.dimensions != written.dimensions]


def _without(wanted: Ordinals, present: Sequence[Ordinals]) -> Ordinals:
    if not present:
        return wanted
    return wanted[~np.isin(wanted, np.concatenate(present))]


def _let_others_go(run: Run, desk: VectorDesk) -> None:
    """The chosen model has vectors of everything: those by others have served."""
    _, sets = _state(run)
    others = [each.name for each in sets if each.model != desk.models.chosen.name]
    with run.finish() as tx:
        dismiss_sets(tx, tenant_id=run.job.tenant_id, names=others)


def _state(run: Run) -> tuple[Generation, tuple[VectorSet, ...]]:
    with run.begin() as tx:
        tenant_id = run.job.tenant_id
        return generation_of(tx, tenant_id=tenant_id), sets_of(tx, tenant_id=tenant_id)
