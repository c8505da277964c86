"""Keeping the sets of vectors few and without chunks that nothing uses."""

from collections.abc import Sequence
from typing import Final

from grove.indexing import Ordinals, live_ordinals, taking_out_of_index
from grove.jobs import Run
from grove.snapshots import generation_of
from grove.vectors.copies import tell_store
from grove.vectors.desk import VectorDesk
from grove.vectors.files import OpenSet, numbers_in
from grove.vectors.model import VectorSet
from grove.vectors.operations import publish_set, sets_of

FOLDED_MIN: Final = 16
FOLDED_CHUNKS_MAX: Final = 65_536


def tidy_vectors(run: Run, *, desk: VectorDesk) -> None:
    """Take the vectors of chunks that nothing uses out of the index and the vector store; fold small sets.

    :raises VectorStoreFailed: or one of its kinds, if the vector store could not be told; it is told the next time.
    """
    fold_vectors(run, desk)
    tell_store(run, desk)


def fold_vectors(run: Run, desk: VectorDesk) -> None:
    """Write those sets again that have vectors of chunks that nothing uses, and small ones as one."""
    tenant_id = run.job.tenant_id
    with taking_out_of_index(desk.files(tenant_id).root, check_cancelled=run.check_cancelled):
        with run.begin() as tx:
            generation, sets = generation_of(tx, tenant_id=tenant_id), sets_of(tx, tenant_id=tenant_id)
        if not sets:
            return
        histories = desk.indexes.store(tenant_id).histories
        view = desk.indexes.view(tenant_id, generation)
        live = live_ordinals(view, [histories.open(name) for name in generation.histories])
        opened = desk.open_sets(tenant_id, sets)
        for model in dict.fromkeys(each.model for each, _ in opened):
            for together in _worth_writing([pair for pair in opened if pair[0].model == model], live):
                _replace(run, desk, together, live)


def _worth_writing(opened: Sequence[tuple[VectorSet, OpenSet]], live: Ordinals) -> list[list[VectorSet]]:
    """The sets to be written as one, those that are crowded, and each of the others that has dead chunks."""
    small = [each for each, _ in opened if each.chunk_count < FOLDED_CHUNKS_MAX]
    crowded = small if len(small) >= FOLDED_MIN else []
    dying = [each for each, its in opened if each not in crowded and numbers_in(its.ordinals, live).size < its.size]
    return ([crowded] if crowded else []) + [[each] for each in dying]


def _replace(run: Run, desk: VectorDesk, sets: Sequence[VectorSet], live: Ordinals) -> None:
    folded = desk.files(run.job.tenant_id).fold(sets, keep=live, job=run.job.id)
    names = [each.name for each in sets]
    with run.finish() as tx:
        publish_set(tx, tenant_id=run.job.tenant_id, made=folded, instead_of=names, now=run.now)
