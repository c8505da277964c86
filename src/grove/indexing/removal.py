"""Removing a repository with all that was made of it: snapshots, chunks that nobody else has, mirror, rows.

Or only what can be made again, when it becomes cold.
"""

from collections.abc import Callable
from dataclasses import dataclass

from grove import activity, credentials
from grove.indexing.merging import is_wholly_live, live_ordinals
from grove.indexing.opened import OpenIndexes
from grove.indexing.writing import taking_out_of_index
from grove.jobs import Progress, Run
from grove.kit import faults
from grove.kit.files import remove_tree
from grove.mirrors import remove_mirror
from grove.placement import Locator
from grove.repositories import Index, Lifecycle, erase_repository, list_visible, record_index, repository_of_job
from grove.snapshots import forget_repository, generation_of, replace_segments, take_retired_histories

SNAPSHOTS_FORGOTTEN = faults.declare("removal.snapshots_forgotten")
MIRROR_REMOVED = faults.declare("removal.mirror_removed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalTools:
    """What removing works with."""

    locator: Locator
    indexes: OpenIndexes
    forget_vectors: Callable[[Run], None]
    """Has vectors that are kept elsewhere follow the chunks."""


def remove_everything(run: Run, *, tools: RemovalTools) -> None:
    """Remove all that there is of a repository; cut off at any point, it is simply done again."""
    job = run.job
    _remove_index(run, tools=tools)
    remove_tree(tools.locator.repository(tenant_id=job.tenant_id, repository_id=job.target_id))
    faults.reach(MIRROR_REMOVED)
    _erase_rows(run)


def drop_index(run: Run, *, tools: RemovalTools) -> None:
    """Remove the index of a repository that is cold; cut off at any point, it is simply done again.

    One that was warmed up meanwhile keeps its index.
    """
    job = run.job
    with run.begin() as tx:
        repository = repository_of_job(tx, tenant_id=job.tenant_id, repository_id=job.target_id)
        if repository.lifecycle is not Lifecycle.COLD:
            return
        record_index(tx, tenant_id=job.tenant_id, repository_id=repository.id, index=Index.NONE, now=run.now)
    _remove_index(run, tools=tools)


def _remove_index(run: Run, *, tools: RemovalTools) -> None:
    job = run.job
    with run.begin() as tx:
        names = forget_repository(tx, tenant_id=job.tenant_id, repository_id=job.target_id)
        histories = take_retired_histories(tx, tenant_id=job.tenant_id, repository_id=job.target_id, now=None)
    faults.reach(SNAPSHOTS_FORGOTTEN)
    store = tools.indexes.store(job.tenant_id)
    for name in names:
        store.remove_snapshot(name)
    for name in histories:
        store.histories.remove(name)
    compact_index(run, tools=tools)
    tools.forget_vectors(run)


def compact_index(run: Run, *, tools: RemovalTools) -> None:
    """Rewrite every segment that holds chunks of no snapshot, without them."""
    tenant_id = run.job.tenant_id
    store = tools.indexes.store(tenant_id)
    with taking_out_of_index(store.root, check_cancelled=run.check_cancelled):
        with run.begin() as tx:
            generation = generation_of(tx, tenant_id=tenant_id)
        view = tools.indexes.view(tenant_id, generation)
        live = live_ordinals(view, [store.histories.open(name) for name in generation.histories])
        for number, name in enumerate(generation.segments, start=1):
            run.report(Progress(phase="compacting", done=number, total=len(generation.segments), unit="segments"))
            if is_wholly_live(view, name, live):
                continue
            rewritten = store.rewrite_segment(view, name, keep=live, job=run.job.id)
            with run.finish() as tx:
                replace_segments(tx, tenant_id=tenant_id, names=[name], rewritten=rewritten, now=run.now)
            store.remove_segment(name)


def _erase_rows(run: Run) -> None:
    job = run.job
    with run.finish() as tx:
        repository = repository_of_job(tx, tenant_id=job.tenant_id, repository_id=job.target_id)
        remove_mirror(tx, repository_id=repository.id)
        erase_repository(tx, tenant_id=job.tenant_id, repository_id=repository.id)
        tx.session.flush()
        shared = {kept.credential_id for kept in list_visible(tx, actor=run.actor)}
        if repository.credential_id is not None and repository.credential_id not in shared:
            credentials.remove_credential(tx, actor=run.actor, credential_id=repository.credential_id, now=run.now)
        activity.record(
            tx,
            actor=run.actor,
            action="repository.removed",
            target_kind="repository",
            target_id=repository.id,
            now=run.now,
            name=repository.name,
        )
