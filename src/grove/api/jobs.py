"""`/api/v1/jobs`: what runs in the background, and watching it live."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import anyio
from fastapi import Depends, Header, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from grove import jobs
from grove.api.caller import Caller, CallerOf
from grove.api.edge import open_stream
from grove.api.errors import CursorInvalid
from grove.api.routing import needs, router_at
from grove.api.shapes import Cursor, Limit, Page, Shown, decode_cursor, page_of
from grove.api.watching import alert
from grove.jobs import Job, JobEvent, JobNotFound, JobState
from grove.kit.errors import GroveError
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction

RECONNECT_MS: Final = 3_000
POLL_SECONDS: Final = 0.5
STREAM_SECONDS_MAX: Final = 3_600.0
SEQUENCE_MAX: Final = 2**63 - 1

router = router_at("/api/v1/jobs", tag="jobs")


class JobOut(Shown):
    """A job: `progress` says how far it is, `error` why it did not succeed."""

    id: UUID
    kind: str
    target_id: UUID
    state: JobState
    attempt: int
    attempts_max: int
    progress: dict[str, Any]
    error: dict[str, Any] | None
    cancel_requested: bool
    requested_by: UUID
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Somebody who watches a job, from an event on."""

    caller: Caller
    job_id: str
    sequence: int

    def look(self, sequence: int) -> tuple[list[JobEvent], bool]:
        """What has happened since, with the rights of this moment; and whether nothing more will.

        :raises GroveError: if the watcher may not watch any more, or the database does not answer.
        """
        caller = self.caller.again()
        with caller.reading() as tx:
            events = jobs.events_after(tx, actor=caller.actor, job_id=self.job_id, sequence=sequence)
            job = jobs.get_job(tx, actor=caller.actor, job_id=self.job_id)
        return events, job.state.is_final and not events


def watch_of(
    job_id: UUID,
    caller: CallerOf,
    after: Annotated[int, Query(ge=0, le=SEQUENCE_MAX, description="The `id` of the last event seen.")] = 0,
    last_event_id: Annotated[int | None, Header(ge=0, le=SEQUENCE_MAX)] = None,
) -> Watch:
    """Settle who watches what, before the answer begins."""
    with caller.reading() as tx:
        job = jobs.get_job(tx, actor=caller.actor, job_id=str(job_id))
    return Watch(caller=caller, job_id=job.id, sequence=max(after, last_event_id or 0))


@router.get("", openapi_extra=needs("job.list"))
def list_jobs(
    caller: CallerOf,
    *,
    limit: Limit = 50,
    cursor: Cursor = "",
    target: UUID | None = None,
    state: JobState | None = None,
) -> Page[JobOut]:
    """Jobs, newest first; `target` is the id of a repository."""
    with caller.reading() as tx:
        found = jobs.list_jobs(
            tx,
            actor=caller.actor,
            target_id=str(target) if target else None,
            state=state,
            before=_last_seen(tx, caller.actor, decode_cursor(cursor)),
            limit=limit + 1,
        )
    return page_of(found, JobOut.model_validate, limit=limit, position=lambda job: job.id)


@router.get("/{job_id}", openapi_extra=needs("job.view"))
def get_job(job_id: UUID, caller: CallerOf) -> JobOut:
    """A job."""
    with caller.reading() as tx:
        return JobOut.model_validate(jobs.get_job(tx, actor=caller.actor, job_id=str(job_id)))


@router.post("/{job_id}/cancel", openapi_extra=needs("job.cancel"))
def cancel_job(job_id: UUID, caller: CallerOf) -> JobOut:
    """Stop a job: at once when it waits, within a second when it runs."""
    with caller.writing() as tx:
        cancelled = jobs.cancel_job(tx, actor=caller.actor, job_id=str(job_id), now=caller.now)
    return JobOut.model_validate(cancelled)


@router.post("/{job_id}/retry", openapi_extra=needs("job.retry"))
def retry_job(job_id: UUID, caller: CallerOf) -> JobOut:
    """Queue a failed or cancelled job again, with all its attempts."""
    with caller.writing() as tx:
        queued = jobs.retry_job(tx, actor=caller.actor, job_id=str(job_id), now=caller.now)
    return JobOut.model_validate(queued)


@router.get(
    "/{job_id}/events",
    response_class=EventSourceResponse,
    dependencies=[Depends(open_stream)],
    openapi_extra=needs("job.view"),
)
async def watch_job(watch: Annotated[Watch, Depends(watch_of)]) -> AsyncIterator[ServerSentEvent]:
    """A job live: `status`, `progress`, `log`, and at last `done`. `Last-Event-ID` or `after` goes on from there."""
    yield ServerSentEvent(comment="connected", retry=RECONNECT_MS)
    sequence = watch.sequence
    until = anyio.current_time() + STREAM_SECONDS_MAX
    while anyio.current_time() < until:
        try:
            events, is_over = await run_in_threadpool(watch.look, sequence)
        except GroveError as refused:
            yield alert(refused)
            return
        for event in events:
            sequence = event.sequence
            yield ServerSentEvent(event=event.kind, id=str(sequence), data={**event.body, "at": event.at.isoformat()})
        if is_over:
            return
        if not events:
            await anyio.sleep(POLL_SECONDS)


def waiting_job(tx: Transaction, *, actor: Actor, target_id: str, kind: str) -> Job | None:
    """The newest job of a kind that waits for its turn on a target."""
    waiting = jobs.list_jobs(tx, actor=actor, target_id=target_id, state=JobState.QUEUED)
    return next((job for job in waiting if job.kind == kind), None)


def _last_seen(tx: Transaction, actor: Actor, job_id: str) -> Job | None:
    """The job that a page ended with."""
    if not job_id:
        return None
    try:
        return jobs.get_job(tx, actor=actor, job_id=job_id)
    except JobNotFound as unknown:
        raise CursorInvalid from unknown
