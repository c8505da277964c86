"""Building the index of a repository anew from its mirror; what there is serves until each commit is replaced."""

from grove.indexing.events import HeadsPublished
from grove.indexing.refresh import IndexTools, built_commit
from grove.indexing.writing import adding_to_index
from grove.jobs import Run
from grove.kit import faults
from grove.mirrors import heads_to_index
from grove.repositories import Index, record_index, repository_of_job
from grove.snapshots import drop_others, pins_of, point_heads, replace_snapshot, settle_damage

REBUILT = faults.declare("index.rebuilt_commit")


def rebuild_index(run: Run, *, tools: IndexTools) -> None:
    """Build a snapshot of each head and pinned commit without anything that is there; cut off, it begins again.

    :raises GroveError: with its own code, whatever goes wrong; what was published before keeps serving.
    """
    tenant_id, repository_id = run.job.tenant_id, run.job.target_id
    with run.begin() as tx:
        repository = repository_of_job(tx, tenant_id=tenant_id, repository_id=repository_id)
        record_index(tx, tenant_id=tenant_id, repository_id=repository_id, index=Index.BUILDING, now=run.now)
        branches = heads_to_index(tx, repository=repository)
        pinned = [pin.commit for pin in pins_of(tx, repositories=[repository_id])]
    commits = list(dict.fromkeys([*branches.values(), *pinned]))
    store = tools.indexes.store(tenant_id)
    segments: list[str] = []
    snapshots: list[str] = []
    with adding_to_index(store.root, check_cancelled=run.check_cancelled):
        for number, commit in enumerate(commits, start=1):
            run.log(f"building {commit[:12]} anew ({number} of {len(commits)})")
            view = store.open_view(segments=segments, snapshots=snapshots)
            built = built_commit(run, tools=tools, repository=repository, commit=commit, view=view)
            with run.finish() as tx:
                gone = replace_snapshot(
                    tx,
                    tenant_id=tenant_id,
                    repository_id=repository_id,
                    snapshot=built.snapshot,
                    segment=built.segment,
                    now=run.now,
                )
            faults.reach(REBUILT)
            snapshots.append(built.snapshot.name)
            segments += [built.segment.name] if built.segment else []
            for name in gone:
                store.remove_snapshot(name)
    with run.finish() as tx:
        point_heads(tx, tenant_id=tenant_id, repository_id=repository_id, heads=branches, now=run.now)
        gone = drop_others(tx, tenant_id=tenant_id, repository_id=repository_id, kept=snapshots)
        record_index(tx, tenant_id=tenant_id, repository_id=repository_id, index=Index.READY, now=run.now)
        settle_damage(tx, repository_id=repository_id, now=run.now)
        published = HeadsPublished(tenant_id=tenant_id, repository_id=repository_id, actor_id=run.actor.id, at=run.now)
        tx.publish(published)
    for name in gone:
        store.remove_snapshot(name)
