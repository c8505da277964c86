"""Indexing what a fetch has brought: one snapshot after another, the default branch first, each published whole."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from grove.git import TreeLimits
from grove.indexing.build import build_snapshot
from grove.indexing.events import HeadsPublished
from grove.indexing.model import Built, FileEntry
from grove.indexing.opened import OpenIndexes
from grove.indexing.ports import BuildTools
from grove.indexing.view import IndexView
from grove.indexing.writing import adding_to_index
from grove.jobs import Job, JobState, Progress, Run
from grove.kit import faults
from grove.kit.transactions import Transaction
from grove.mirrors import MirrorReader, heads_to_index
from grove.repositories import Clone, Index, Problem, Repository, record_index, repository_of_job
from grove.snapshots import (
    generation_of,
    heads_of,
    known_commits,
    pins_of,
    point_heads,
    publish_snapshot,
    require_segments,
    reserve_ordinals,
    settle_damage,
    take_retired,
)

SNAPSHOT_PUBLISHED = faults.declare("snapshot.rows_written")
HEADS_POINTED = faults.declare("snapshot.heads_pointed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Which snapshots stay that answer for no branch any more.

    The last `snapshots_min` of each repository, and those of commits that somebody works at; pinned ones stay anyway.
    """

    snapshots_min: int
    commits_in_use: Callable[[Transaction, str], Collection[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTools:
    """What indexing works with."""

    mirrors: MirrorReader
    indexes: OpenIndexes
    build: BuildTools
    tree_limits: TreeLimits
    retention: Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    repository: Repository
    branches: dict[str, str]
    missing: list[str]
    retired: list[str]


def index_repository(run: Run, *, tools: IndexTools) -> None:
    """Publish a snapshot of each tracked branch's head, and of each pinned commit, that has none yet.

    :raises GroveError: with its own code, whatever goes wrong; what was published before keeps serving.
    """
    plan = _begin(run, tools.retention)
    for name in plan.retired:
        tools.indexes.store(run.job.tenant_id).remove_snapshot(name)
    for number, commit in enumerate(plan.missing, start=1):
        run.log(f"indexing {commit[:12]} ({number} of {len(plan.missing)})")
        _index_commit(run, tools, plan, commit)
    with run.finish() as tx:
        _point_heads(tx, run, plan)
        record_index(tx, tenant_id=run.job.tenant_id, repository_id=plan.repository.id, index=Index.READY, now=run.now)
        settle_damage(tx, repository_id=plan.repository.id, now=run.now)
        tx.publish(
            HeadsPublished(
                tenant_id=run.job.tenant_id,
                repository_id=plan.repository.id,
                actor_id=run.job.requested_by,
                at=run.now,
            )
        )
    faults.reach(HEADS_POINTED)


def settle_index(tx: Transaction, job: Job) -> None:
    """Bring the repository's state in line with a job that did not succeed."""
    if job.error is None or job.state is JobState.QUEUED:
        return
    repository = repository_of_job(tx, tenant_id=job.tenant_id, repository_id=job.target_id)
    if repository.clone is Clone.REMOVING or repository.index is not Index.BUILDING:
        return
    at = job.finished_at or job.run_at
    served = bool(heads_of(tx, repository_id=repository.id))
    record_index(
        tx,
        tenant_id=job.tenant_id,
        repository_id=job.target_id,
        index=Index.STALE if served else Index.FAILED,
        now=at,
        problem=Problem(code=job.error["code"], message=job.error["message"], at=at),
    )


def _begin(run: Run, retention: Retention) -> _Plan:
    job = run.job
    with run.begin() as tx:
        repository = repository_of_job(tx, tenant_id=job.tenant_id, repository_id=job.target_id)
        repository.require_kept_up()
        record_index(tx, tenant_id=job.tenant_id, repository_id=repository.id, index=Index.BUILDING, now=run.now)
        branches = heads_to_index(tx, repository=repository)
        known = known_commits(tx, repository_id=repository.id)
        pinned = [pin.commit for pin in pins_of(tx, repositories=[repository.id])]
        retired = take_retired(
            tx,
            tenant_id=job.tenant_id,
            repository_id=repository.id,
            kept_min=retention.snapshots_min,
            in_use={*pinned, *retention.commits_in_use(tx, repository.id)},
            now=run.now,
        )
    missing = [commit for commit in dict.fromkeys([*branches.values(), *pinned]) if commit not in known]
    return _Plan(repository=repository, branches=branches, missing=missing, retired=retired)


def _index_commit(run: Run, tools: IndexTools, plan: _Plan, commit: str) -> None:
    tenant_id, repository = run.job.tenant_id, plan.repository
    store = tools.indexes.store(tenant_id)
    with adding_to_index(store.root, check_cancelled=run.check_cancelled):
        with run.begin() as tx:
            generation = generation_of(tx, tenant_id=tenant_id)
        view = tools.indexes.view(tenant_id, generation)
        built = built_commit(run, tools=tools, repository=repository, commit=commit, view=view)
        with run.finish() as tx:
            require_segments(tx, tenant_id=tenant_id, names=generation.segments)
            publish_snapshot(
                tx,
                tenant_id=tenant_id,
                repository_id=repository.id,
                snapshot=built.snapshot,
                segment=built.segment,
                now=run.now,
            )
            _point_heads(tx, run, plan)
    faults.reach(SNAPSHOT_PUBLISHED)
    run.log(f"published {commit[:12]}: {built.snapshot.file_count} files, {built.new_chunk_count} new chunks")


def built_commit(run: Run, *, tools: IndexTools, repository: Repository, commit: str, view: IndexView) -> Built:
    """Build the snapshot of a commit, with what a view knows already."""

    def reserve(count: int) -> int:
        with run.finish() as tx:
            return reserve_ordinals(tx, tenant_id=run.job.tenant_id, count=count)

    with tools.mirrors.objects(repository) as objects:
        return build_snapshot(
            store=tools.indexes.store(run.job.tenant_id),
            view=view,
            job=run.job.id,
            commit=commit,
            entries=_entries(tools, repository, commit),
            blobs=objects,
            reserve=reserve,
            tools=tools.build,
            on_progress=lambda phase, done, total: run.report(
                Progress(phase=phase, done=done, total=total or None, unit="files")
            ),
            check_cancelled=run.check_cancelled,
        )


def _entries(tools: IndexTools, repository: Repository, commit: str) -> Iterator[FileEntry]:
    mirror = tools.mirrors.path(repository)
    for entry in tools.mirrors.git.list_tree(mirror, commit, limits=tools.tree_limits):
        yield FileEntry(path=entry.path, oid=entry.oid, mode=entry.mode, size_bytes=entry.size_bytes or 0)


def _point_heads(tx: Transaction, run: Run, plan: _Plan) -> None:
    """Let every branch be answered by its new snapshot, or by its last one while there is no newer."""
    known = known_commits(tx, repository_id=plan.repository.id)
    served = {head.branch: head.commit for head in heads_of(tx, repository_id=plan.repository.id)}
    heads = {branch: commit if commit in known else served.get(branch) for branch, commit in plan.branches.items()}
    point_heads(
        tx,
        tenant_id=run.job.tenant_id,
        repository_id=plan.repository.id,
        heads={branch: commit for branch, commit in heads.items() if commit is not None},
        now=run.now,
    )
