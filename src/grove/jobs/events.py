"""What a job tells those who watch it: `status`, `progress`, `log` and, last, `done`."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from grove.jobs.model import Job
from grove.jobs.tables import JobEventRow, JobRow
from grove.kit.logging import mask
from grove.kit.transactions import Transaction

LOG_CHARS_MAX = 2_000


def tell(tx: Transaction, *, job: JobRow | Job, kind: str, body: dict[str, Any], now: datetime) -> None:
    """Add an event to the job's story."""
    tx.session.add(JobEventRow(tenant_id=job.tenant_id, job_id=job.id, kind=kind, body=body, at=now))


def tell_state(tx: Transaction, *, row: JobRow, now: datetime) -> None:
    """Tell the state that the job has just come to."""
    body = {"state": row.state, "attempt": row.attempt, "error": row.error}
    if row.state == "queued" and row.attempt:
        body["retry_at"] = row.run_at.isoformat()
    tell(tx, job=row, kind="status", body=body, now=now)
    if row.finished_at is not None:
        tell(tx, job=row, kind="done", body=body, now=now)


def tell_log(tx: Transaction, *, job: Job, message: str, now: datetime) -> None:
    """Add a line to the job's log, secrets masked."""
    tell(tx, job=job, kind="log", body={"message": _line(message)}, now=now)


def tell_log_once(tx: Transaction, *, job: Job, message: str, now: datetime) -> None:
    """Add a line to the job's log, unless an attempt before has added the same."""
    logged = select(JobEventRow.body).where(JobEventRow.job_id == job.id, JobEventRow.kind == "log")
    before = tx.session.scalars(logged) if job.attempt > 1 else ()
    if all(body["message"] != _line(message) for body in before):
        tell_log(tx, job=job, message=message, now=now)


def _line(message: str) -> str:
    return mask(message)[:LOG_CHARS_MAX]
