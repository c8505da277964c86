"""Indexing the past of a repository: slice by slice, the newest commits first, each slice published whole.

It begins when the heads are published, and gives way as soon as any other job waits, so that what is new never waits
for what is old. Whatever is cut off goes on where the last slice ended.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.git import HistoryReader, ObjectReader
from grove.indexing.events import IndexGrown
from grove.indexing.history import History, write_history
from grove.indexing.history_building import HistoryLimits, Slice, SliceBuilder
from grove.indexing.history_draft import HistoryDraft
from grove.indexing.publishing import publish_segment
from grove.indexing.refresh import IndexTools
from grove.indexing.store import IndexStore
from grove.indexing.view import IndexView
from grove.indexing.writing import adding_to_index
from grove.jobs import Progress, Run
from grove.kit import faults, files, ids
from grove.mirrors import FolderCache, branches_of, refs_of
from grove.repositories import HistoryDepth, HistoryPolicy, Repository, repository_of_job
from grove.snapshots import (
    HistoryRecord,
    RepositoryHistory,
    SegmentRecord,
    generation_of,
    histories_of,
    publish_history,
    require_segments,
    reserve_ordinals,
    retire_history,
    take_retired_histories,
)

HISTORY_WRITTEN = faults.declare("history.written")
HISTORY_PUBLISHED = faults.declare("history.rows_written")
HISTORY_JOB: Final = "history.index"
"""The kind of job that nobody waits for: a repository can be searched without it."""
TAG_PREFIX: Final = "refs/tags/"
TAGS_PER_SLICE: Final = 20
DAYS_OF_A_MONTH: Final = 30.44


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryTools:
    """What indexing the past works with."""

    index: IndexTools
    limits: HistoryLimits = field(default_factory=HistoryLimits)
    folders: FolderCache = field(default_factory=FolderCache)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is to be done: `names` are the objects that the history leads to."""

    repository: Repository
    names: list[str]
    since: datetime | None
    before: RepositoryHistory | None
    retired: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """The commits that are not in the history yet, and which of the present ones stay."""

    tips: list[str]
    before: History | None
    keep: NDArray[np.bool_]
    todo: list[str]

    @property
    def total(self) -> int:
        """How many commits the whole history has."""
        return len(self.todo) + int(self.keep.sum())

    @property
    def bytes_read(self) -> int:
        """How much was read for the history as it is."""
        return int(self.before.facts.get("bytes_read", 0)) if self.before else 0


def index_history(run: Run, *, tools: HistoryTools) -> None:
    """Take the commits that lead to a repository's tracked branches and tags into its history, as its policy says.

    :raises GroveError: with its own code, whatever goes wrong; what was published before keeps serving.
    """
    plan = _begin(run)
    for name in plan.retired:
        tools.index.indexes.store(run.job.tenant_id).histories.remove(name)
    if plan.repository.history.depth is HistoryDepth.HEADS:
        _forget(run, plan)
        return
    mirrors = tools.index.mirrors
    with mirrors.objects(plan.repository) as objects:
        reader = mirrors.git.history(mirrors.path(plan.repository))
        while (work := _work(run, tools, plan, reader=reader, objects=objects)) is not None:
            record = _Slice(run=run, tools=tools, plan=plan, work=work, reader=reader, objects=objects).publish()
            if record.commits_waiting and run.give_way():
                run.log(f"{record.commits_waiting:,} commits wait")
                return
            plan = _begin(run)


def _begin(run: Run) -> _Plan:
    job = run.job
    with run.begin() as tx:
        repository = repository_of_job(tx, tenant_id=job.tenant_id, repository_id=job.target_id)
        repository.require_kept_up()
        names = list(branches_of(tx, repository=repository).values())
        if repository.history.depth is not HistoryDepth.MONTHS:
            refs = refs_of(tx, repository_id=repository.id)
            names += [oid for ref, oid in refs.items() if ref.startswith(TAG_PREFIX)]
        before = histories_of(tx, repositories=[repository.id]).get(repository.id)
        retired = take_retired_histories(tx, tenant_id=job.tenant_id, repository_id=repository.id, now=run.now)
    since = _since(repository.history, run.now)
    names = list(dict.fromkeys(names))
    return _Plan(repository=repository, names=names, since=since, before=before, retired=retired)


def _since(policy: HistoryPolicy, now: datetime) -> datetime | None:
    """To the day, so that the same history is not made again within one."""
    if policy.depth is not HistoryDepth.MONTHS:
        return None
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=policy.months * DAYS_OF_A_MONTH)


def _work(run: Run, tools: HistoryTools, plan: _Plan, *, reader: HistoryReader, objects: ObjectReader) -> _Work | None:
    """What is missing from the history or must leave it; nothing if it is as it should be."""
    tips = sorted({commit for name in plan.names if (commit := objects.peel(name)) is not None})
    before = None
    if plan.before is not None:
        before = tools.index.indexes.store(run.job.tenant_id).histories.open(plan.before.record.name)
    is_whole = (
        plan.before is not None
        and before is not None
        and before.is_complete
        and before.tips == tips
        and plan.before.record.policy == str(plan.repository.history)
    )
    if is_whole and plan.since is None:
        return None
    wanted = tips if plan.repository.history.depth is HistoryDepth.TAGS else reader.list_new(tips, since=plan.since)
    present = [before.oid(number) for number in range(len(before))] if before else []
    wanted_ones, present_ones = set(wanted), set(present)
    keep = np.fromiter((oid in wanted_ones for oid in present), dtype=np.bool_, count=len(present))
    todo = [oid for oid in wanted if oid not in present_ones]
    if is_whole and not todo and keep.all():
        return None
    return _Work(tips=tips, before=before, keep=keep, todo=todo)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slice:
    """One slice of the work: the next commits, into one segment and the next history."""

    run: Run
    tools: HistoryTools
    plan: _Plan
    work: _Work
    reader: HistoryReader
    objects: ObjectReader

    def publish(self) -> HistoryRecord:
        """Publish the history with the next commits in it."""
        run, tenant_id = self.run, self.run.job.tenant_id
        store = self.tools.index.indexes.store(tenant_id)
        with adding_to_index(store.root, check_cancelled=run.check_cancelled):
            store.remove_building(run.job.id)
            with run.begin() as tx:
                generation = generation_of(tx, tenant_id=tenant_id)
            view = self.tools.index.indexes.view(tenant_id, generation)
            record, segment = self._write(store, view)
            with run.finish() as tx:
                require_segments(tx, tenant_id=tenant_id, names=generation.segments)
                publish_history(
                    tx,
                    tenant_id=tenant_id,
                    repository_id=self.plan.repository.id,
                    history=record,
                    segment=segment,
                    now=run.now,
                )
                tx.publish(
                    IndexGrown(
                        tenant_id=tenant_id,
                        repository_id=self.plan.repository.id,
                        actor_id=run.job.requested_by,
                        at=run.now,
                    )
                )
        faults.reach(HISTORY_PUBLISHED)
        run.log(f"the history has {record.commit_count:,} commits, {record.commits_waiting:,} wait")
        return record

    def _write(self, store: IndexStore, view: IndexView) -> tuple[HistoryRecord, SegmentRecord | None]:
        folder = store.building_folder(self.run.job.id)
        builder = SliceBuilder(
            view=view, tools=self.tools.index.build, folder=folder / ids.new_id(), objects=self.objects
        )
        try:
            self._read(builder)
            blobs, segment = publish_segment(store, folder, builder.novelty, self._reserve)
        except BaseException:
            builder.novelty.abandon()
            raise
        draft = HistoryDraft(self.work.before, keep=self.work.keep)
        pinned = builder.finish(draft, blobs)
        if self.work.before is not None:
            pinned = np.union1d(pinned, self.work.before.pinned)
        facts = {
            "tips": self.work.tips,
            "complete": builder.result.commits == len(self.work.todo),
            "bytes_read": self.work.bytes_read + builder.result.bytes_read,
        }
        name = ids.new_id()
        checksum = write_history(folder / name, draft.content(pinned=pinned, facts=facts))
        faults.reach(HISTORY_WRITTEN)
        files.publish_folder(folder / name, store.histories.folder(name))
        store.remove_building(self.run.job.id)
        return self._record(store.histories.open(name), builder.result, checksum), segment

    def _read(self, builder: SliceBuilder) -> None:
        run, todo = self.run, self.work.todo
        bytes_left = self.tools.limits.bytes_read_max - self.work.bytes_read
        is_of_tags = self.plan.repository.history.depth is HistoryDepth.TAGS
        if is_of_tags:
            todo = todo[:TAGS_PER_SLICE]
        builder.take(todo, self.reader, limits=self.tools.limits, bytes_left=bytes_left)
        for commit in todo[: builder.result.commits] if is_of_tags else ():
            files_of_tag = self.tools.folders.files_of(self.objects, commit, limits=self.tools.index.tree_limits)
            builder.pin(files_of_tag, bytes_left=bytes_left)
        before = self.work.total - len(self.work.todo)
        for _ in builder.read():
            run.check_cancelled()
            run.report(Progress(phase="history", done=before, total=self.work.total, unit="commits"))

    def _reserve(self, count: int) -> int:
        with self.run.finish() as tx:
            return reserve_ordinals(tx, tenant_id=self.run.job.tenant_id, count=count)

    def _record(self, written: History, made: Slice, checksum: str) -> HistoryRecord:
        skipped = made.skipped
        if self.plan.before is not None:
            skipped.update(self.plan.before.record.skipped)
        return HistoryRecord(
            name=written.name,
            policy=str(self.plan.repository.history),
            commit_count=len(written),
            commits_waiting=len(self.work.todo) - made.commits,
            change_count=int(written.commits.changes.sum()),
            chunk_count=written.ordinals.size,
            stored_bytes=written.reader.stored_bytes,
            skipped=dict(skipped),
            checksum=checksum,
        )


def _forget(run: Run, plan: _Plan) -> None:
    if plan.before is not None:
        with run.finish() as tx:
            retire_history(tx, tenant_id=run.job.tenant_id, repository_id=plan.repository.id, now=run.now)
