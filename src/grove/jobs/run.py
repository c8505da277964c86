"""One attempt at a job, as the work itself sees it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import asdict
from datetime import UTC, datetime

from grove.jobs.arguments import Arguments
from grove.jobs.errors import JobCancelled, LeaseLost
from grove.jobs.events import tell, tell_log
from grove.jobs.leases import LEASE_SECONDS, held_row, renew
from grove.jobs.model import Job, Progress
from grove.jobs.operations import enqueue
from grove.jobs.queries import are_others_due
from grove.kit.errors import GroveError
from grove.kit.gate import Actor
from grove.kit.logging import logger
from grove.kit.tenancy import serving_all
from grove.kit.transactions import Database, Transaction

PROGRESS_SECONDS = 0.5
"""How often progress is written at most."""
PHASE_SECONDS = 0.1
"""How often changes of phase are: of a push of some files all are over in less, and each costs a transaction."""

HEARTBEAT_SECONDS = 1.0
SECONDS_MAX = 24 * 3600.0
"""For how long one attempt may take: what takes longer goes round in circles."""
log = logger(__name__)


def _wait_on() -> None:
    """Leave the work alone: its result does not count any more."""


class Run:
    """One attempt: its transactions, its progress, and whether it should stop.

    The work begins with `begin()`, does what takes long outside of any transaction, and ends with `finish()`, in which
    nothing commits unless this attempt still holds the job.
    """

    def __init__(
        self,
        *,
        job: Job,
        actor: Actor,
        database: Database,
        lease_seconds: float = LEASE_SECONDS,
        seconds_max: float = SECONDS_MAX,
        on_stuck: Callable[[], None] = _wait_on,
    ) -> None:
        """After `seconds_max` the lease is kept no longer; `on_stuck` is called if the work goes on all the same."""
        self.job = job
        self._seconds_max = seconds_max
        self._on_stuck = on_stuck
        self.actor = actor
        self._database = database
        self._lease_seconds = lease_seconds
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._over = threading.Event()
        self._told_at = 0.0
        self._told_phase = ""

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """A transaction to read what the work needs and to mark that it goes on."""
        with self._database.transaction() as tx:
            held_row(tx, job=self.job)
            yield tx

    @contextmanager
    def finish(self) -> Iterator[Transaction]:
        """The transaction in which the result counts.

        :raises LeaseLost: if another worker has taken the job over.
        """
        with self._database.transaction() as tx:
            held_row(tx, job=self.job)
            yield tx

    @property
    def now(self) -> datetime:
        """This moment."""
        return datetime.now(UTC)

    def is_stopped(self) -> bool:
        """Whether the work should end as soon as it can."""
        return self._stop.is_set() or self._lost.is_set()

    def interrupt(self) -> None:
        """End the work as soon as it can, because the worker must stop."""
        self._stop.set()

    def check_cancelled(self) -> None:
        """Return while the work should go on.

        :raises JobCancelled: if somebody asked for it to stop.
        :raises LeaseLost: if another worker has taken it over.
        """
        if self._lost.is_set():
            raise LeaseLost(job=self.job.id)
        if self._stop.is_set():
            raise JobCancelled(job=self.job.id)

    def report(self, progress: Progress) -> None:
        """Tell how far the work is; what comes too often is left out."""
        moment = time.monotonic()
        pause = PROGRESS_SECONDS if progress.phase == self._told_phase else PHASE_SECONDS
        if moment - self._told_at < pause:
            return
        self._told_at, self._told_phase = moment, progress.phase
        body = {name: value for name, value in asdict(progress).items() if value is not None}
        with self._database.transaction() as tx:
            held_row(tx, job=self.job).progress = body
            tell(tx, job=self.job, kind="progress", body=body, now=self.now)

    def log(self, message: str) -> None:
        """Add a line to the job's log."""
        with self._database.transaction() as tx:
            tell_log(tx, job=self.job, message=message, now=self.now)

    def give_way(self, *, rest: Arguments | None = None) -> bool:
        """Whether a job of another kind is due, of whichever tenant: then this one waits behind it, and its work ends.

        What is left of it is queued as `rest`, if its kind is told something.

        :raises LeaseLost: if another worker has taken the job over.
        """
        with serving_all(), self._database.reading() as tx:
            if not are_others_due(tx, job=self.job, now=self.now):
                return False
        with self.finish() as tx:
            enqueue(
                tx,
                tenant_id=self.job.tenant_id,
                kind=rest or self.job.kind,
                target_id=self.job.target_id,
                requested_by=self.job.requested_by,
                now=self.now,
            )
        self.log("giving way to other jobs")
        return True

    @contextmanager
    def kept_alive(self) -> Iterator[None]:
        """Renew the lease in the background, and notice when somebody asks for the job to stop."""
        serving = copy_context()  # a thread of its own does not know for which tenant this is
        heart = threading.Thread(target=serving.run, args=(self._beat,), name=f"heart-{self.job.id[:8]}", daemon=True)
        heart.start()
        try:
            yield
        finally:
            self._over.set()
            heart.join()

    def _beat(self) -> None:
        ends_at = time.monotonic() + self._seconds_max
        while not self._over.wait(min(HEARTBEAT_SECONDS, self._lease_seconds / 4)):
            if time.monotonic() > ends_at:
                self._lost.set()
                if not self._over.wait(self._lease_seconds):
                    log.error("job_stuck", seconds_max=self._seconds_max)
                    self._on_stuck()
                return
            try:
                with self._database.transaction() as tx:
                    if renew(tx, job=self.job, now=self.now, lease_seconds=self._lease_seconds):
                        self._stop.set()
            except LeaseLost:
                self._lost.set()
                return
            except GroveError:
                continue  # the database is busy: the lease outlasts several missed beats
