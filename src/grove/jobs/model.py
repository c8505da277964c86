"""A job and its life. Pure.

queued -> running -> succeeded | failed | cancelled
running -> queued (a transient fault, or its worker died);  failed | cancelled -> queued (retried by hand)
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

ATTEMPTS_MAX = 4
"""One try and three retries."""

RETRY_SECONDS = 60
"""Before the first retry; twice as long before each further one: 60, 120, 240."""

RETRY_JITTER = 0.1


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens unless somebody asks for it."""
        return self not in {JobState.QUEUED, JobState.RUNNING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is: `phase` names the work, `unit` what is counted."""

    phase: str
    done: int = 0
    total: int | None = None
    unit: str = ""
    bytes_received: int | None = None
    bytes_per_second: float | None = None
    eta_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Background work that survives the process that does it."""

    id: str
    tenant_id: str
    kind: str
    target_id: str
    arguments: dict[str, Any]
    state: JobState
    attempt: int
    attempts_max: int
    fence: int
    run_at: datetime
    lease_until: datetime | None
    worker: str | None
    progress: dict[str, Any]
    error: dict[str, Any] | None
    cancel_requested: bool
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """One thing that a job told; `sequence` only grows, so that a reader can go on where it stopped."""

    sequence: int
    job_id: str
    kind: str
    body: dict[str, Any]
    at: datetime


def next_run(
    *, attempt: int, now: datetime, retry_seconds: float = RETRY_SECONDS, told_seconds: int | None = None
) -> datetime:
    """When to try again after `attempt` tries: 60, 120, 240 seconds, give or take a tenth.

    Never before `told_seconds`, for which whoever was asked wants to be left alone.
    """
    jitter = random.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER)  # noqa: S311 - spreads load, hides nothing
    return now + timedelta(seconds=max(retry_seconds * 2 ** (attempt - 1) * jitter, told_seconds or 0))


def told_seconds(error: dict[str, Any] | None) -> int | None:
    """For how long whoever was asked wants to be left alone, by the error of a job."""
    told = str(((error or {}).get("facts") or {}).get("retry_after_seconds", ""))
    return int(told) if told.isdecimal() else None
