"""Taking a job, keeping it, and giving it up.

Each claim raises the job's fence. Whatever a worker writes at the end is checked against the fence it was given, so
that one which was thought dead and comes back changes nothing.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError

from grove.jobs.errors import JobAltered, LeaseLost, WorkerLost
from grove.jobs.events import tell_state
from grove.jobs.happenings import JobRefused
from grove.jobs.model import RETRY_SECONDS, Job, JobState, next_run, told_seconds
from grove.jobs.signing import is_as_signed
from grove.jobs.tables import JobRow
from grove.jobs.turns import in_turn, take_turn
from grove.kit.clocks import CLOCKS_APART_MAX
from grove.kit.errors import GroveError
from grove.kit.logging import logger, mask
from grove.kit.transactions import Transaction, go_alone

log = logger(__name__)
LEASE_SECONDS = 60
UNKNOWN_WAIT = timedelta(minutes=10)
"""So long a job of a kind that this version does not know is left to a newer one, which may run beside it."""


def claim(
    tx: Transaction,
    *,
    worker: str,
    now: datetime,
    lease_seconds: float = LEASE_SECONDS,
    background: Collection[str] = (),
    known: Collection[str] | None = None,
) -> Job | None:
    """Take the job whose turn it is (see `grove.jobs.turns`), or one whose worker has not been heard of.

    What seems to have begun while the clock was wrong waits no longer, and nobody holds it.
    A job whose target is busy waits; those of the kinds in `background` let the others go first. Jobs of kinds that are
    not `known` are left for a while to workers that know them. One that is not what was queued is set aside.
    """
    go_alone(tx, "jobs.claim")  # two claims at once could each find the same target free
    ahead = now + CLOCKS_APART_MAX
    begun = func.coalesce(JobRow.started_at, JobRow.created_at)
    is_held = (JobRow.lease_until > now) & (JobRow.lease_until <= ahead + timedelta(seconds=lease_seconds))
    busy = select(JobRow.target_id).where(JobRow.state == JobState.RUNNING, is_held)
    is_due = or_(JobRow.run_at <= now, begun > ahead)
    due = (JobRow.state == JobState.QUEUED) & is_due & JobRow.target_id.not_in(busy)
    abandoned = (JobRow.state == JobState.RUNNING) & ~is_held
    waiting = select(JobRow).where(or_(due, abandoned))
    if known is not None:
        waiting = waiting.where(or_(JobRow.kind.in_(list(known)), JobRow.run_at <= now - UNKNOWN_WAIT))
    chosen = in_turn(waiting, background=background, now=now).limit(1)
    row = tx.session.scalar(chosen.with_for_update(skip_locked=True, of=JobRow))
    if row is None:
        return None
    tx.serve(row.tenant_id)
    if not is_as_signed(tx.signer, row):
        _refuse(tx, row=row, now=now)
        return None
    if row.state == JobState.RUNNING and row.attempt >= row.attempts_max:
        _set_aside(tx, row=row, error=WorkerLost(attempts=row.attempt), now=now)
        return None
    row.state = JobState.RUNNING
    row.worker = worker
    row.attempt += 1
    row.fence += 1
    row.lease_until = now + timedelta(seconds=lease_seconds)
    row.started_at = now
    row.progress = {}
    take_turn(tx, row, now=now)
    tell_state(tx, row=row, now=now)
    return row.value()


def renew(tx: Transaction, *, job: Job, now: datetime, lease_seconds: float = LEASE_SECONDS) -> bool:
    """Keep a job for longer; answers whether somebody asked for it to stop.

    :raises LeaseLost: if another worker has it.
    """
    row = held_row(tx, job=job)
    row.lease_until = now + timedelta(seconds=lease_seconds)
    return row.cancel_requested


def held_row(tx: Transaction, *, job: Job) -> JobRow:
    """The job's row, locked, if this attempt still holds it.

    :raises LeaseLost: if another worker has it.
    """
    row = tx.session.get(JobRow, job.id, with_for_update=True, populate_existing=True)
    if row is None or row.fence != job.fence or row.state != JobState.RUNNING:
        raise LeaseLost(job=job.id)
    return row


def finish(
    tx: Transaction, *, job: Job, error: GroveError | None, now: datetime, retry_seconds: float = RETRY_SECONDS
) -> Job:
    """End an attempt: done, cancelled, to be tried again after a transient fault, or failed for good.

    :raises LeaseLost: if another worker has it.
    """
    row = held_row(tx, job=job)
    row.lease_until = None
    row.worker = None
    if error is None:
        row.error = None
        _end(tx, row=row, state=JobState.SUCCEEDED, now=now)
    elif error.code == "job_cancelled":
        row.error = _described(error)
        _end(tx, row=row, state=JobState.CANCELLED, now=now)
    elif error.transient and row.attempt < row.attempts_max:
        row.error = _described(error)
        row.state = JobState.QUEUED
        row.run_at = next_run(
            attempt=row.attempt, now=now, retry_seconds=retry_seconds, told_seconds=told_seconds(row.error)
        )
        tell_state(tx, row=row, now=now)
    else:
        _set_aside(tx, row=row, error=error, now=now)
    return row.value()


def give_back(tx: Transaction, *, job: Job, now: datetime) -> None:
    """Put a job back that a worker must leave because it is told to stop; that costs no attempt."""
    row = held_row(tx, job=job)
    row.state = JobState.QUEUED
    row.attempt -= 1
    row.run_at = now
    row.lease_until = None
    row.worker = None
    tell_state(tx, row=row, now=now)


def recover_workers(tx: Transaction, *, is_dead: Callable[[str], bool], now: datetime) -> int:
    """Let the jobs of workers that are known to be dead be claimed at once; how many there were."""
    running = select(JobRow).where(JobRow.state == JobState.RUNNING, JobRow.worker.is_not(None))
    abandoned = [row.id for row in tx.session.scalars(running) if is_dead(row.worker or "")]
    if abandoned:
        tx.session.execute(update(JobRow).where(JobRow.id.in_(abandoned)).values(lease_until=now))
    return len(abandoned)


def _end(tx: Transaction, *, row: JobRow, state: JobState, now: datetime) -> None:
    row.state = state
    row.finished_at = now
    tell_state(tx, row=row, now=now)


def _refuse(tx: Transaction, *, row: JobRow, now: datetime) -> None:
    """Set a job aside that is not what was queued: nothing is done for it, not even what follows a failure."""
    row.fence += 1
    _set_aside(tx, row=row, error=JobAltered(), now=now)
    log.warning("job_refused", job_id=row.id, job_kind=row.kind, target_id=row.target_id)
    refused = JobRefused(
        tenant_id=row.tenant_id,
        job_id=row.id,
        kind=row.kind,
        target_id=row.target_id,
        requested_by=row.requested_by,
        at=now,
    )
    # It may say that it is of a tenant that is not there: then nobody is to be told, and the others' jobs go on.
    with suppress(IntegrityError), tx.session.begin_nested():
        tx.publish(refused)


def _set_aside(tx: Transaction, *, row: JobRow, error: GroveError, now: datetime) -> None:
    row.error = _described(error)
    row.lease_until = None
    row.worker = None
    _end(tx, row=row, state=JobState.FAILED, now=now)


def _described(error: GroveError) -> dict[str, object]:
    facts = {name: mask(str(value)) for name, value in error.facts.items()}
    return {"code": error.code, "kind": error.kind, "message": error.message, "facts": facts}
