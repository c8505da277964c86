"""For what a secret is opened. Pure."""

from dataclasses import dataclass
from typing import Self

from grove.jobs import Job
from grove.kit.gate import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a secret is opened for: the kind of a job, or the act that somebody asked for, and for which repository."""

    act: str
    repository_id: str | None = None
    job_id: str | None = None
    source: Source = Source.WORKER
    """By which door it was asked for, when nobody is known who asked."""

    @classmethod
    def of_job(cls, job: Job) -> Self:
        """That of a job about a repository."""
        return cls(act=job.kind, repository_id=job.target_id, job_id=job.id)

    @property
    def facts(self) -> dict[str, object]:
        """As the audit trail is told of it."""
        told = {"purpose": self.act, "repository": self.repository_id, "job": self.job_id}
        return {name: value for name, value in told.items() if value is not None}
