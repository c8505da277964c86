"""What can be asked about jobs. Whoever may not know of what a job is about does not learn of the job either."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, func, or_, select, tuple_

from grove.jobs.errors import JobNotFound
from grove.jobs.model import Job, JobEvent, JobState
from grove.jobs.tables import JobEventRow, JobRow
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction

EVENTS_MAX = 500


def get_job(tx: Transaction, *, actor: Actor, job_id: str) -> Job:
    """The job.

    :raises Denied: if `actor` may not see jobs.
    :raises JobNotFound: if the tenant has no such job, or `actor` may not know of what it is about.
    """
    return job_row(tx, actor=actor, job_id=job_id, action="job.view").value()


def job_row(tx: Transaction, *, actor: Actor, job_id: str, action: str, locked: bool = False) -> JobRow:
    """The row of a job to which `actor` may do something.

    :raises Denied: if `actor` may not do that to jobs.
    :raises JobNotFound: if the tenant has no such job, or `actor` may not know of what it is about.
    """
    row = tx.session.get(JobRow, job_id, with_for_update=locked)
    if row is None or row.tenant_id != actor.tenant_id or _is_kept_from(tx, actor, row):
        raise JobNotFound(job=job_id)
    tx.require(actor, action, Resource(kind="job", id=row.id, tenant_id=row.tenant_id))
    return row


def list_jobs(
    tx: Transaction,
    *,
    actor: Actor,
    target_id: str | None = None,
    state: JobState | None = None,
    before: Job | None = None,
    limit: int = 50,
) -> list[Job]:
    """Jobs of the tenant about what `actor` may know of, newest first; `before` goes on where a page ended.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "job.list", Resource(kind="job", tenant_id=actor.tenant_id))
    chosen = select(JobRow).where(JobRow.tenant_id == actor.tenant_id)
    if not _audits(tx, actor):
        chosen = chosen.where(or_(~JobRow.is_withdrawn, JobRow.requested_by == actor.id))
    if target_id is not None:
        chosen = chosen.where(JobRow.target_id == target_id)
    if state is not None:
        chosen = chosen.where(JobRow.state == state)
    if before is not None:
        chosen = chosen.where(tuple_(JobRow.created_at, JobRow.id) < (before.created_at, before.id))
    return _first_seen(tx, actor, chosen.order_by(JobRow.created_at.desc(), JobRow.id.desc()), limit=limit)


def events_after(tx: Transaction, *, actor: Actor, job_id: str, sequence: int) -> list[JobEvent]:
    """What the job told after an event that the reader has seen.

    :raises Denied: if `actor` may not see jobs.
    :raises JobNotFound: if the tenant has no such job, or `actor` may not know of what it is about.
    """
    get_job(tx, actor=actor, job_id=job_id)
    chosen = (
        select(JobEventRow)
        .where(JobEventRow.job_id == job_id, JobEventRow.sequence > sequence)
        .order_by(JobEventRow.sequence)
        .limit(EVENTS_MAX)
    )
    return [row.value() for row in tx.session.scalars(chosen)]


def are_others_due(tx: Transaction, *, job: Job, now: datetime) -> bool:
    """Whether jobs of another kind are due and wait, for whatever target: for work that gives way to them."""
    due = (JobRow.state == JobState.QUEUED) & (JobRow.run_at <= now)
    return tx.session.scalar(select(JobRow.id).where(due, JobRow.kind != job.kind).limit(1)) is not None


def is_waiting(tx: Transaction, *, target_id: str, kind: str) -> bool:
    """Whether a job of that kind waits to work on the target; the caller has checked that it may know."""
    return bool(waiting_targets(tx, target_ids=[target_id], kind=kind))


def waiting_targets(tx: Transaction, *, target_ids: Collection[str], kind: str) -> set[str]:
    """On which of the targets a job of that kind waits to work; the caller has checked that it may know."""
    waiting = select(JobRow.target_id).where(
        JobRow.target_id.in_(target_ids), JobRow.kind == kind, JobRow.state == JobState.QUEUED
    )
    return set(tx.session.scalars(waiting))


def newest_job(tx: Transaction, *, target_id: str) -> Job | None:
    """The job that was caused last for a target; the caller has checked that it may know."""
    chosen = select(JobRow).where(JobRow.target_id == target_id)
    row = tx.session.scalar(chosen.order_by(JobRow.created_at.desc(), JobRow.id.desc()).limit(1))
    return row.value() if row is not None else None


def unfinished_targets(tx: Transaction, *, kind: str) -> list[str]:
    """What jobs of that kind wait for or work on, over all tenants: for what paces them."""
    unfinished = JobRow.state.in_((JobState.QUEUED, JobState.RUNNING))
    return list(tx.session.scalars(select(JobRow.target_id).where(JobRow.kind == kind, unfinished)))


def count_unfinished(tx: Transaction, *, tenant_id: str, requested_by: str | None = None) -> int:
    """How many jobs of a tenant, or of somebody in it, wait or run."""
    unfinished = JobRow.state.in_((JobState.QUEUED, JobState.RUNNING))
    chosen = select(func.count()).where(JobRow.tenant_id == tenant_id, unfinished)
    if requested_by is not None:
        chosen = chosen.where(JobRow.requested_by == requested_by)
    return tx.session.scalar(chosen) or 0


def count_by_state(tx: Transaction) -> dict[tuple[str, str], int]:
    """How many jobs there are of each kind and state, over all tenants: for metrics."""
    counted = select(JobRow.kind, JobRow.state, func.count()).group_by(JobRow.kind, JobRow.state)
    return {(kind, state): count for kind, state, count in tx.session.execute(counted)}


def oldest_waiting_seconds(tx: Transaction, *, now: datetime) -> float:
    """For how long the job that has been due longest has waited: for metrics."""
    due = select(func.min(JobRow.run_at)).where(JobRow.state == JobState.QUEUED, JobRow.run_at <= now)
    oldest = tx.session.scalar(due)
    return (now - oldest).total_seconds() if oldest else 0.0


def _is_kept_from(tx: Transaction, actor: Actor, row: JobRow) -> bool:
    if row.is_withdrawn and row.requested_by != actor.id and not _audits(tx, actor):
        return True
    return bool(tx.hidden(actor, [row.target_id]))


def _audits(tx: Transaction, actor: Actor) -> bool:
    """Whether an actor may know of everything that was done, and so of things that are gone."""
    return tx.decision(actor, "audit.list", Resource(kind="audit", tenant_id=actor.tenant_id)).allowed


def _first_seen(tx: Transaction, actor: Actor, chosen: Select[JobRow], *, limit: int) -> list[Job]:
    """The first so many that `actor` may know of: what is hidden is filled up from behind, so that pages are full."""
    seen: list[Job] = []
    offset = 0
    while True:
        rows = tx.session.scalars(chosen.offset(offset).limit(limit)).all()
        hidden = tx.hidden(actor, {row.target_id for row in rows})
        seen += [row.value() for row in rows if row.target_id not in hidden]
        if len(seen) >= limit or len(rows) < limit:
            return seen[:limit]
        offset += len(rows)
