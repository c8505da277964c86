"""What can be done with jobs."""

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update

from grove.jobs.arguments import Arguments
from grove.jobs.errors import JobStateConflict
from grove.jobs.events import tell_state
from grove.jobs.model import ATTEMPTS_MAX, Job, JobState
from grove.jobs.queries import job_row
from grove.jobs.signing import is_as_signed, signature_of
from grove.jobs.tables import JobRow
from grove.kit.gate import Actor
from grove.kit.ids import new_id
from grove.kit.transactions import Transaction


def enqueue(
    tx: Transaction,
    *,
    tenant_id: str,
    kind: str | Arguments,
    target_id: str,
    requested_by: str,
    now: datetime,
    delay_seconds: float = 0.0,
) -> Job:
    """Add a job, signed, which commits with whatever caused it. One that waits already for the same thing is enough.

    A kind that is told something is named by its arguments. With a delay the job is due later, so that whatever else
    waits goes first.

    Who may cause the job has been checked by the operation that causes it, and is checked again when it starts.
    """
    run_at = now + timedelta(seconds=delay_seconds)
    kind, arguments = (kind.kind, kind.stored()) if isinstance(kind, Arguments) else (kind, {})
    waiting = select(JobRow).where(
        JobRow.tenant_id == tenant_id,
        JobRow.target_id == target_id,
        JobRow.kind == kind,
        JobRow.state == JobState.QUEUED,
    )
    for row in tx.session.scalars(_locked(waiting)):
        if row.arguments == arguments and is_as_signed(tx.signer, row):
            row.run_at = min(row.run_at, run_at)
            tx.has_work |= row.run_at <= now
            return row.value()
    row = JobRow(
        id=new_id(),
        tenant_id=tenant_id,
        kind=kind,
        target_id=target_id,
        arguments=arguments,
        state=JobState.QUEUED,
        attempt=0,
        attempts_max=ATTEMPTS_MAX,
        fence=0,
        run_at=run_at,
        lease_until=None,
        worker=None,
        progress={},
        error=None,
        cancel_requested=False,
        requested_by=requested_by,
        created_at=now,
        started_at=None,
        finished_at=None,
    )
    row.signature = signature_of(tx.signer, row)
    tx.session.add(row)
    tx.session.flush()
    tell_state(tx, row=row, now=now)
    tx.has_work |= run_at <= now
    return row.value()


def cancel_job(tx: Transaction, *, actor: Actor, job_id: str, now: datetime) -> Job:
    """Stop a job: at once when it waits, within a second when it runs.

    :raises Denied: if `actor` may not.
    :raises JobNotFound: if the tenant has no such job, or `actor` may not know of what it is about.
    :raises JobStateConflict: if it is over.
    """
    row = job_row(tx, actor=actor, job_id=job_id, action="job.cancel", locked=True)
    if JobState(row.state).is_final:
        raise JobStateConflict(job=job_id, state=row.state)
    _cancel(tx, row=row, now=now)
    return row.value()


def cancel_jobs_of(tx: Transaction, *, target_id: str, now: datetime) -> None:
    """Stop every job of a target that is about to go; the caller has checked that it may go."""
    states = (JobState.QUEUED, JobState.RUNNING)
    unfinished = select(JobRow).where(JobRow.target_id == target_id, JobRow.state.in_(states))
    for row in tx.session.scalars(_locked(unfinished)):
        _cancel(tx, row=row, now=now)


def forget_jobs(tx: Transaction, *, tenant_id: str, before: datetime) -> int:
    """Remove jobs that ended long ago, with their logs; how many."""
    gone = delete(JobRow).where(JobRow.tenant_id == tenant_id, JobRow.finished_at < before)
    return len(tx.session.execute(gone.returning(JobRow.id)).all())


def withdraw_jobs_of(tx: Transaction, *, target_id: str) -> None:
    """Keep the jobs about a thing that is gone from all but those who asked for them, and those who audit."""
    tx.session.execute(update(JobRow).where(JobRow.target_id == target_id).values(is_withdrawn=True))


def retry_job(tx: Transaction, *, actor: Actor, job_id: str, now: datetime) -> Job:
    """Queue a failed or cancelled job again, with all its attempts.

    :raises Denied: if `actor` may not.
    :raises JobNotFound: if the tenant has no such job, or `actor` may not know of what it is about.
    :raises JobStateConflict: if it waits, runs, or has succeeded.
    """
    row = job_row(tx, actor=actor, job_id=job_id, action="job.retry", locked=True)
    if row.state not in {JobState.FAILED, JobState.CANCELLED}:
        raise JobStateConflict(job=job_id, state=row.state)
    row.state = JobState.QUEUED
    row.attempt = 0
    row.run_at = now
    tx.has_work = True
    row.finished_at = None
    row.error = None
    row.cancel_requested = False
    tell_state(tx, row=row, now=now)
    return row.value()


def _locked(chosen: Select[JobRow]) -> Select[JobRow]:
    """Jobs as they are now, and stay until the end of the transaction.

    A worker that took one a moment ago may have read already what this transaction is about to change.
    """
    return chosen.with_for_update().execution_options(populate_existing=True)


def _cancel(tx: Transaction, *, row: JobRow, now: datetime) -> None:
    row.cancel_requested = True
    if row.state == JobState.QUEUED:
        row.state = JobState.CANCELLED
        row.finished_at = now
        tell_state(tx, row=row, now=now)
