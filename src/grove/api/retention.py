"""`/api/v1/retention`: what becomes of repositories that nobody uses."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Response
from pydantic import Field

from grove import retention
from grove.api.caller import CallerOf
from grove.api.jobs import JobOut, waiting_job
from grove.api.routing import needs, router_at
from grove.api.shapes import Received, Shown, Words
from grove.repositories import Lifecycle
from grove.retention import APPLY_JOB, Fate, RetentionPolicy, Step, Verdict

router = router_at("/api/v1/retention", tag="governance")

Days = Annotated[int, Field(ge=1, le=3_650)]


class RetentionIn(Received):
    """The policy: null `idle_days` keep everything. Logs of jobs, uses and decisions are kept for so many days."""

    idle_days: Days | None = None
    notice_days: Annotated[int, Field(ge=0, le=3_650)] = 14
    fate: Fate = Fate.COLD
    job_days: Days = 90
    usage_days: Days = 730
    decision_days: Days = 365


class RetentionOut(Shown):
    """The policy: after `idle_days` without a use a notice, after `notice_days` more the fate."""

    idle_days: int | None
    notice_days: int
    fate: Fate
    job_days: int
    usage_days: int
    decision_days: int


class HoldIn(Received):
    """Why a repository is kept though nobody uses it."""

    reason: Words = Field(min_length=1)


class NoticeOut(Shown):
    """Nobody uses it: what becomes of it when that stays so, from when on, and who was told."""

    given_at: datetime
    due_at: datetime
    fate: Fate
    told: list[str]


class StepOut(Shown):
    """What applying the policy would do with a repository, and why."""

    repository: str
    repository_id: UUID
    lifecycle: Lifecycle
    used_at: datetime
    verdict: Verdict
    reason: str
    due_at: datetime | None

    @classmethod
    def of(cls, step: Step) -> Self:
        """As people see it."""
        return cls(
            repository=step.repository.name,
            repository_id=UUID(step.repository.id),
            lifecycle=step.repository.lifecycle,
            used_at=step.used_at,
            verdict=step.verdict,
            reason=step.reason,
            due_at=step.due_at,
        )


class PreviewOut(Shown):
    """The policy and what it comes to now, by repository; nothing of it is done."""

    policy: RetentionOut
    items: list[StepOut]


@router.get("", openapi_extra=needs("retention.view"))
def get_retention(caller: CallerOf) -> RetentionOut:
    """The tenant's policy; one that keeps everything when none was set."""
    with caller.reading() as tx:
        return RetentionOut.model_validate(retention.retention_of(tx, actor=caller.actor))


@router.put("", openapi_extra=needs("retention.set"))
def set_retention(wanted: RetentionIn, caller: CallerOf) -> RetentionOut:
    """Set the policy; it is applied once a day, in your name."""
    policy = RetentionPolicy(**wanted.model_dump())
    with caller.writing() as tx:
        return RetentionOut.model_validate(
            retention.set_retention(tx, actor=caller.actor, policy=policy, now=caller.now)
        )


@router.get("/preview", openapi_extra=needs("retention.view"))
def preview_retention(caller: CallerOf) -> PreviewOut:
    """What applying the policy would do now to each repository; nothing is done."""
    with caller.reading() as tx:
        policy = RetentionOut.model_validate(retention.retention_of(tx, actor=caller.actor))
        steps = retention.preview_retention(tx, actor=caller.actor, now=caller.now)
    return PreviewOut(policy=policy, items=[StepOut.of(step) for step in steps])


@router.post("/apply", status_code=202, openapi_extra=needs("retention.apply"))
def apply_retention(caller: CallerOf) -> JobOut:
    """Have the policy applied now, as a job."""
    with caller.writing() as tx:
        retention.request_retention(tx, actor=caller.actor, now=caller.now)
        job = waiting_job(tx, actor=caller.actor, target_id=caller.actor.tenant_id, kind=APPLY_JOB)
    return JobOut.model_validate(job)


@router.put("/holds/{repository_id}", status_code=204, openapi_extra=needs("retention.hold"))
def hold_repository(repository_id: UUID, wanted: HoldIn, caller: CallerOf) -> Response:
    """Have a repository kept though nobody uses it."""
    with caller.writing() as tx:
        retention.hold_repository(
            tx, actor=caller.actor, repository_id=str(repository_id), reason=wanted.reason, now=caller.now
        )
    return Response(status_code=204)


@router.delete("/holds/{repository_id}", status_code=204, openapi_extra=needs("retention.hold"))
def release_repository(repository_id: UUID, caller: CallerOf) -> Response:
    """Let the policy count for a repository again."""
    with caller.writing() as tx:
        retention.release_repository(tx, actor=caller.actor, repository_id=str(repository_id), now=caller.now)
    return Response(status_code=204)
