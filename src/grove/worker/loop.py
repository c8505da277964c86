"""One worker: takes a job, does it, says how it ended, takes the next."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from grove.accounts import PrincipalNotFound, Scope, actor_of
from grove.jobs import (
    Job,
    JobArgumentsInvalid,
    JobCancelled,
    JobKindUnknown,
    LeaseLost,
    Run,
    claim,
    finish,
    give_back,
    tell_log_once,
)
from grove.kit.bell import Bell
from grove.kit.errors import GroveError, Kind, is_full
from grove.kit.gate import Actor, Decision, Denied, Resource, Source
from grove.kit.logging import bound, logger
from grove.kit.tenancy import serving, serving_all
from grove.kit.transactions import Transaction
from grove.placement import ProcessPlaces
from grove.policies import kind_of
from grove.repositories import RepositoryNotFound, repository_of_job, resource_of
from grove.wiring import Grove

POLL_SECONDS = 0.2
"""How often a worker looks for a job when it hears of none: some become due by themselves, or come from elsewhere."""
log = logger(__name__)


class JobFailed(GroveError):
    """The work failed in a way that nobody foresaw; the server's log has the details."""

    kind = Kind.UNAVAILABLE
    code = "job_failed"


class StorageLow(GroveError):
    """The disk is nearly full; the job waits until there is room."""

    kind = Kind.UNAVAILABLE
    code = "storage_low"
    transient = True


def _leave() -> None:
    """Leave it alone: its lease runs out, and another worker takes it."""


class Worker:
    """Does jobs until it is told to stop."""

    def __init__(
        self,
        grove: Grove,
        *,
        name: str,
        on_stuck: Callable[[], None] = _leave,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """`on_stuck` is called when a job takes for ever and does not heed that it should stop."""
        self._poll_seconds = poll_seconds
        self._grove = grove
        self._on_stuck = on_stuck
        self._name = name
        self._stopping = threading.Event()
        self._run: Run | None = None
        self._decision: Decision | None = None
        """By what the job in hand was allowed when it began."""
        self._background = frozenset(name for name, kind in grove.jobs.items() if kind.is_background)

    def stop(self) -> None:
        """Take no more jobs, and give back the one in hand."""
        self._stopping.set()
        if self._run is not None:
            self._run.interrupt()

    def run_until_stopped(self) -> None:
        """Do jobs as they come."""
        with Bell(ProcessPlaces(self._grove.locator).bell).heard() as ear:
            while not self._stopping.is_set():
                if not self.run_one():
                    ear.wait(self._poll_seconds)

    def run_one(self) -> bool:
        """Do the next job, if one is due; whether there was one."""
        settings = self._grove.settings
        try:
            with serving_all(), self._grove.database.transaction() as tx:
                job = claim(
                    tx,
                    worker=self._name,
                    now=_now(),
                    lease_seconds=settings.lease_seconds,
                    background=self._background,
                    known=self._grove.jobs,
                )
        except GroveError as busy:
            log.warning("claim_failed", code=busy.code)
            return False
        if job is None:
            return False
        with serving(job.tenant_id), bound(job_id=job.id, job_kind=job.kind, target_id=job.target_id):
            self._attempt(job)
        return True

    def _attempt(self, job: Job) -> None:
        log.info("job_started", attempt=job.attempt)
        self._decision = None
        error: GroveError | None = None
        try:
            self._work(job)
        except GroveError as expected:
            error = expected
        except Exception as unforeseen:
            log.exception("job_crashed")
            error = StorageLow() if is_full(unforeseen) else JobFailed()
        try:
            self._end(job, error)
        except LeaseLost:
            log.warning("job_lease_lost", attempt=job.attempt)

    def _work(self, job: Job) -> None:
        kind = self._grove.jobs.get(job.kind)
        if kind is None:
            raise JobKindUnknown(kind=job.kind)
        kind.arguments.of(job)
        if self._grove.locator.bytes_free() < self._grove.settings.disk_free_mb_min * 1024 * 1024:
            raise StorageLow
        actor = self._requester(job)
        with self._grove.database.reading() as tx:
            tx.require(actor, kind.permission, _resource(tx, job, kind_of(kind.permission)))
            self._decision = tx.decisions(actor)[-1]
        settings = self._grove.settings
        self._run = Run(
            job=job,
            actor=actor,
            database=self._grove.database,
            lease_seconds=settings.lease_seconds,
            seconds_max=settings.job_hours_max * 3600,
            on_stuck=self._on_stuck,
        )
        if self._stopping.is_set():  # told to between the claim and now
            self._run.interrupt()
        try:
            self._run.check_cancelled()
            with self._run.kept_alive():
                kind.work(self._grove, self._run)
        except GroveError:
            self._run.check_cancelled()  # being stopped explains whatever else went wrong
            raise
        finally:
            self._run = None

    def _requester(self, job: Job) -> Actor:
        """Who asked for the job, with the rights of this moment: they may have changed while it waited."""
        try:
            with self._grove.database.reading() as tx:
                scopes = frozenset(Scope)
                return actor_of(tx, principal_id=job.requested_by, source=Source.WORKER, scopes=scopes)
        except PrincipalNotFound as gone:
            raise Denied(action=job.kind, reason="who asked for it is not active any more") from gone

    def _end(self, job: Job, error: GroveError | None) -> None:
        settings = self._grove.settings
        with self._grove.database.transaction() as tx:
            if isinstance(error, JobCancelled) and self._stopping.is_set():
                give_back(tx, job=job, now=_now())
                log.info("job_given_back")
                return
            if self._decision is not None:
                tell_log_once(tx, job=job, message=_said(self._decision), now=_now())
            ended = finish(tx, job=job, error=error, now=_now(), retry_seconds=settings.retry_seconds)
            kind = self._grove.jobs.get(job.kind)
            is_sound = not isinstance(error, JobArgumentsInvalid)
            if kind is not None and kind.settle is not None and ended.error is not None and is_sound:
                _settle(tx, kind.settle, ended)
        log.info("job_ended", state=ended.state, code=error.code if error else None)


def _settle(tx: Transaction, settle: Callable[..., None], ended: Job) -> None:
    """Have the failure noted at what the job was about, if that is still there: the job ends in any case."""
    try:
        settle(tx, ended)
    except GroveError as gone:
        if gone.kind is not Kind.NOT_FOUND:
            raise
        log.info("job_target_gone", code=gone.code)


def _resource(tx: Transaction, job: Job, kind: str) -> Resource:
    """What the job is about as policies know it now: the repository, when it is about one."""
    if kind == "repository":
        with suppress(RepositoryNotFound):
            return resource_of(repository_of_job(tx, tenant_id=job.tenant_id, repository_id=job.target_id))
    return Resource(kind="job", id=job.id, tenant_id=job.tenant_id)


def _said(decision: Decision) -> str:
    return f"allowed when it began by {', '.join(decision.policies)}, version {decision.version} of the policies"


def _now() -> datetime:
    return datetime.now(UTC)
