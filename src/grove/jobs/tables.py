"""How jobs are stored."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from grove.jobs.model import Job, JobEvent, JobState
from grove.kit.tables import JsonObject, TenantTable, UtcDateTime


class JobRow(TenantTable):
    """A job."""

    __tablename__ = "jobs"
    written_for_all = "workers take the jobs of all tenants in turn"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    kind: Mapped[str] = mapped_column(String(60))
    target_id: Mapped[str] = mapped_column(String(36), index=True)
    arguments: Mapped[dict[str, Any]] = mapped_column(JsonObject)
    state: Mapped[str] = mapped_column(String(20))
    attempt: Mapped[int]
    attempts_max: Mapped[int]
    fence: Mapped[int]
    run_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    worker: Mapped[str | None] = mapped_column(String(120))
    progress: Mapped[dict[str, Any]] = mapped_column(JsonObject)
    error: Mapped[dict[str, Any] | None] = mapped_column(JsonObject)
    cancel_requested: Mapped[bool]
    requested_by: Mapped[str] = mapped_column(String(36))
    is_withdrawn: Mapped[bool] = mapped_column(server_default=false())
    """What it is about is gone: nobody can tell any more who might know of that."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signature: Mapped[str] = mapped_column(String(100), server_default="")
    """Of the inputs, see `grove.jobs.signing`."""

    def value(self) -> Job:
        """The row as the domain knows it."""
        return Job(
            id=self.id,
            tenant_id=self.tenant_id,
            kind=self.kind,
            target_id=self.target_id,
            arguments=self.arguments,
            state=JobState(self.state),
            attempt=self.attempt,
            attempts_max=self.attempts_max,
            fence=self.fence,
            run_at=self.run_at,
            lease_until=self.lease_until,
            worker=self.worker,
            progress=self.progress,
            error=self.error,
            cancel_requested=self.cancel_requested,
            requested_by=self.requested_by,
            created_at=self.created_at,
            started_at=self.started_at,
            finished_at=self.finished_at,
        )


class JobEventRow(TenantTable):
    """One thing that a job told."""

    __tablename__ = "job_events"

    sequence: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    def value(self) -> JobEvent:
        """The row as the domain knows it."""
        return JobEvent(sequence=self.sequence, job_id=self.job_id, kind=self.kind, body=self.body, at=self.at)


class TurnRow(TenantTable):
    """When a job of a tenant, or of a principal, was last begun: whoever was served longest ago is next."""

    __tablename__ = "job_turns"

    holder_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36))
    served_at: Mapped[datetime] = mapped_column(UtcDateTime)


Index("ix_jobs_due", JobRow.state, JobRow.run_at)
Index("ix_job_events_of_job", JobEventRow.job_id, JobEventRow.sequence)
