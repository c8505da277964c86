"""Reading sets of vectors whole, to find damage before a question does."""

from collections.abc import Collection, Sequence

import numpy as np

from grove.indexing import UNUSABLE, Ordinals
from grove.jobs import Progress, Run
from grove.repositories import list_visible
from grove.snapshots import Generation, generation_of, parts_of, snapshots_of
from grove.vectors.desk import VectorDesk
from grove.vectors.files import numbers_in
from grove.vectors.model import VectorSet
from grove.vectors.operations import sets_of


def verify_vectors(run: Run, *, desk: VectorDesk) -> None:
    """Read the vectors of all that a repository has, or of the whole tenant; what is damaged is made again."""
    tenant_id = run.job.tenant_id
    with run.begin() as tx:
        generation = generation_of(tx, tenant_id=tenant_id)
        sets: Sequence[VectorSet] = sets_of(tx, tenant_id=tenant_id)
        mine = None if run.job.target_id == tenant_id else parts_of(tx, repository_id=run.job.target_id)
    if mine is not None:
        wanted = _ordinals_of(desk, tenant_id, generation, mine)
        sets = [each for each in sets if _may_have(desk, tenant_id, each, wanted)]
    damaged = 0
    for number, each in enumerate(sets):
        run.check_cancelled()
        run.report(Progress(phase="verifying vectors", done=number, total=len(sets), unit="sets"))
        try:
            desk.files(tenant_id).verify(each.name, checksum=each.checksum)
        except UNUSABLE as error:
            if desk.strike_out(tenant_id, each.name, error):  # else it was folded or dismissed meanwhile
                damaged += 1
                told = ", ".join(_without_vectors(run, desk, each.model)) or "no repository's branches"
                run.log(f"the vectors {each.name} are damaged ({error.code}), and are made again for {told}")
    if sets:
        run.log(f"{len(sets)} sets of vectors read, {damaged} damaged")


def _may_have(desk: VectorDesk, tenant_id: str, each: VectorSet, wanted: Ordinals) -> bool:
    try:
        return bool(numbers_in(desk.files(tenant_id).open(each.name).ordinals, wanted).size)
    except UNUSABLE:
        return True  # nobody can say, so it is read


def _ordinals_of(desk: VectorDesk, tenant_id: str, generation: Generation, names: Collection[str]) -> Ordinals:
    """The chunks of some snapshots and histories, ascending."""
    view = desk.indexes.view(tenant_id, generation)
    histories = desk.indexes.store(tenant_id).histories
    found = [view.snapshots[name].ordinals for name in generation.snapshots if name in names]
    found += [histories.open(name).ordinals for name in generation.histories if name in names]
    return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.uint32)


def _without_vectors(run: Run, desk: VectorDesk, model: str) -> list[str]:
    """The repositories with snapshots of which some chunks have no vector by a model now."""
    tenant_id = run.job.tenant_id
    with run.begin() as tx:
        generation = generation_of(tx, tenant_id=tenant_id)
        left = [each for each in sets_of(tx, tenant_id=tenant_id) if each.model == model]
        names = {each.id: each.name for each in list_visible(tx, actor=run.actor)}
        snapshots = snapshots_of(tx, repositories=names)
    view = desk.indexes.view(tenant_id, generation)
    present = [opened.ordinals for _, opened in desk.open_sets(tenant_id, left)]
    there = np.unique(np.concatenate(present)) if present else np.empty(0, dtype=np.uint32)
    lacking = {
        names[each.repository_id]
        for each in snapshots
        if each.name in view.snapshots and not np.isin(view.snapshots[each.name].ordinals, there).all()
    }
    return sorted(lacking)
