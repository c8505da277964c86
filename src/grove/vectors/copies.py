"""What the vector store has of a tenant's vectors: filled set by set, told what has gone, and begun anew when in doubt.

A set that readers have done with *leaves*: its row and its file stay until the store has forgotten what only that set
had. All of it is done by one job at a time under a lock of its own, as a server is asked; the index goes on meanwhile.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from grove.indexing import UNUSABLE, Ordinals, copying_index
from grove.jobs import Progress, Run
from grove.vectors.desk import VectorDesk
from grove.vectors.model import VectorSet
from grove.vectors.operations import forget_sets, leaving_sets_of, mark_copied, mark_uncopied, sets_of
from grove.vectors.ports import Space

TOGETHER: Final = 4_096
"""So many vectors go into one request."""


def tell_store(run: Run, desk: VectorDesk) -> None:
    """Have the vector store forget what nothing uses any more, and remove the sets that have left.

    :raises VectorStoreFailed: or one of its kinds; the store is told the next time then.
    """
    tenant_id, store = run.job.tenant_id, desk.models.store
    files = desk.files(tenant_id)
    with copying_index(files.root, check_cancelled=run.check_cancelled):
        with run.begin() as tx:
            leaving, serving = leaving_sets_of(tx, tenant_id=tenant_id), sets_of(tx, tenant_id=tenant_id)
            if store is None:
                mark_uncopied(tx, tenant_id=tenant_id)  # nobody keeps it up to date from now on
        for each in leaving:
            _forget_in_store(run, desk, each, serving=[one for one in serving if one.model == each.model])
            with run.finish() as tx:
                forget_sets(tx, tenant_id=tenant_id, names=[each.name])
            files.remove(each.name)


def copy_to_store(run: Run, desk: VectorDesk) -> bool:
    """Put the next set that the vector store does not have there; whether there was one. Cut off, it is put again.

    A store that has none of a model's sets is begun anew: it may hold what is left of former times.

    :raises VectorStoreFailed: or one of its kinds.
    """
    tenant_id, store = run.job.tenant_id, desk.models.store
    if store is None:
        return False
    with copying_index(desk.files(tenant_id).root, check_cancelled=run.check_cancelled):
        with run.begin() as tx:
            sets = sets_of(tx, tenant_id=tenant_id)
        waiting = [each for each in sets if each.copied_to != store.place]
        done = len(sets) - len(waiting)
        run.report(Progress(phase="copying", done=done, total=len(sets), unit="sets"))
        for each, opened in desk.open_sets(tenant_id, waiting[:1]):
            space = Space(tenant_id, each.model)
            if not any(one.model == each.model and one.copied_to == store.place for one in sets):
                store.drop(space)
            for begin in range(0, opened.size, TOGETHER):
                run.check_cancelled()
                numbers = np.arange(begin, min(begin + TOGETHER, opened.size))
                store.put(space, opened.ordinals[numbers], opened.vectors.vectors(numbers))
            with run.finish() as tx:
                mark_copied(tx, tenant_id=tenant_id, names=[each.name], place=store.place)
    return bool(waiting)


def look_at_store(run: Run, desk: VectorDesk) -> None:
    """Find out whether the vector store still has what was put there, and have it filled again where it has not.

    :raises VectorStoreFailed: or one of its kinds.
    """
    tenant_id, store = run.job.tenant_id, desk.models.store
    with run.begin() as tx:
        sets = sets_of(tx, tenant_id=tenant_id)
    for model in {each.model for each in sets if store is not None and each.copied_to == store.place}:
        if store is not None and not store.has(Space(tenant_id, model)):
            with run.finish() as tx:
                mark_uncopied(tx, tenant_id=tenant_id, model=model)
            run.log(f"the vector store has lost the vectors by {model}; it is filled again")


def empty_store(run: Run, desk: VectorDesk) -> None:
    """Have the vector store forget everything; until it is filled again the index answers.

    :raises VectorStoreFailed: or one of its kinds.
    """
    tenant_id, store = run.job.tenant_id, desk.models.store
    with copying_index(desk.files(tenant_id).root, check_cancelled=run.check_cancelled):
        with run.finish() as tx:
            sets = sets_of(tx, tenant_id=tenant_id)
            mark_uncopied(tx, tenant_id=tenant_id)
        for model in dict.fromkeys(each.model for each in sets):
            if store is not None:
                store.drop(Space(tenant_id, model))


def _forget_in_store(run: Run, desk: VectorDesk, leaving: VectorSet, *, serving: Sequence[VectorSet]) -> None:
    """Whether or not all of it was copied: a copying that was cut off leaves no trace but in the store itself."""
    tenant_id, store = run.job.tenant_id, desk.models.store
    if store is None:
        return
    space = Space(tenant_id, leaving.model)
    if not serving:
        store.drop(space)
        return
    try:
        gone = desk.files(tenant_id).open(leaving.name).ordinals
    except UNUSABLE:  # nobody knows any more what it had: the store is filled anew
        with run.finish() as tx:
            mark_uncopied(tx, tenant_id=tenant_id, model=leaving.model)
        return
    dead = _without(gone, [opened.ordinals for _, opened in desk.open_sets(tenant_id, serving)])
    for begin in range(0, dead.size, TOGETHER):
        run.check_cancelled()
        store.delete(space, dead[begin : begin + TOGETHER])


def _without(ordinals: Ordinals, others: Sequence[Ordinals]) -> Ordinals:
    return ordinals[~np.isin(ordinals, np.concatenate(others))] if others else ordinals
