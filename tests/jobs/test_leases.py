"""Claiming, keeping, losing and ending jobs, on both kinds of database."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta

import pytest

from grove import jobs
from grove.jobs.leases import UNKNOWN_WAIT
from grove.kit.errors import GroveError, Kind
from grove.kit.gate import Actor
from grove.kit.transactions import Database
from tests.support.people import NOON, administrator


class Unreachable(GroveError):
    """The host does not answer."""

    kind = Kind.UNAVAILABLE
    code = "test_unreachable"
    transient = True


class Refused(GroveError):
    """The host says no."""

    code = "test_refused"


@pytest.fixture
def admin(database: Database) -> Actor:
    with database.transaction() as tx:
        return administrator(tx)


def enqueue(database: Database, admin: Actor, *, target: str = "t1", kind: str = "work") -> jobs.Job:
    with database.transaction() as tx:
        return jobs.enqueue(tx, tenant_id=admin.tenant_id, kind=kind, target_id=target, requested_by=admin.id, now=NOON)


def claim(database: Database, *, worker: str = "w1", after: float = 0) -> jobs.Job | None:
    with database.transaction() as tx:
        return jobs.claim(tx, worker=worker, now=NOON + timedelta(seconds=after), lease_seconds=60)


def finish(database: Database, job: jobs.Job, error: GroveError | None = None, *, after: float = 1) -> jobs.Job:
    with database.transaction() as tx:
        return jobs.finish(tx, job=job, error=error, now=NOON + timedelta(seconds=after))


def claimed(database: Database, **arguments: object) -> jobs.Job:
    job = claim(database, **arguments)  # type: ignore[arg-type]
    assert job is not None
    return job


class TestAJobThatIsCausedAgain:
    def test_while_a_worker_takes_it_comes_again(self, database: Database, admin: Actor) -> None:
        """The worker may have read what was changed before it was changed."""
        first = enqueue(database, admin)
        with ThreadPoolExecutor(1) as beside:
            with database.transaction() as tx:
                taken = jobs.claim(tx, worker="w1", now=NOON, lease_seconds=60)
                again = beside.submit(copy_context().run, enqueue, database, admin)
                time.sleep(0.1)
            assert taken is not None
            assert taken.id == first.id
            assert again.result().id != first.id


class TestAClockThatWasWrong:
    """It was a year ahead, and is right again."""

    AHEAD = 365 * 86_400.0

    def test_keeps_no_job_of_a_dead_worker(self, database: Database, admin: Actor) -> None:
        job = enqueue(database, admin)
        claimed(database, after=self.AHEAD)

        assert claimed(database).id == job.id

    def test_keeps_no_job_waiting(self, database: Database, admin: Actor) -> None:
        job = enqueue(database, admin)
        taken = claimed(database, after=self.AHEAD)
        finish(database, taken, Unreachable(), after=self.AHEAD)

        assert claimed(database, after=60).id == job.id

    def test_takes_no_job_from_a_worker_that_lives(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)
        taken = claimed(database, after=self.AHEAD)
        with database.transaction() as tx:
            jobs.renew(tx, job=taken, now=NOON, lease_seconds=60)

        assert claim(database) is None


class TestAJobOfAKindThatThisVersionDoesNotKnow:
    def claim(self, database: Database, *, after: timedelta) -> jobs.Job | None:
        with database.transaction() as tx:
            return jobs.claim(tx, worker="w1", now=NOON + after, known={"work"})

    def test_is_left_to_a_newer_version_for_a_while(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin, kind="new")
        waiting = enqueue(database, admin, target="t2")
        first = self.claim(database, after=timedelta(0))

        assert first is not None
        assert first.id == waiting.id
        assert self.claim(database, after=timedelta(seconds=59)) is None

    def test_is_taken_when_nobody_has_come_for_it(self, database: Database, admin: Actor) -> None:
        left = enqueue(database, admin, kind="new")
        taken = self.claim(database, after=UNKNOWN_WAIT)

        assert taken is not None
        assert taken.id == left.id


class TestClaim:
    def test_gives_the_same_job_to_one_worker_only(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)

        assert claim(database, worker="w1") is not None
        assert claim(database, worker="w2") is None

    def test_leaves_a_target_alone_while_another_job_works_on_it(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin, kind="first")
        enqueue(database, admin, kind="second")
        first = claimed(database)

        assert claim(database, worker="w2") is None
        finish(database, first)
        assert claimed(database, worker="w2").kind == "second"

    def test_takes_over_a_job_whose_lease_has_run_out(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)
        first = claimed(database, worker="w1")

        second = claimed(database, worker="w2", after=61)

        assert (second.id, second.attempt, second.fence) == (first.id, 2, first.fence + 1)

    def test_sets_a_job_aside_whose_workers_keep_dying(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)
        for attempt in range(4):
            assert claim(database, after=attempt * 61) is not None

        assert claim(database, after=4 * 61) is None
        with database.reading() as tx:
            [job] = jobs.list_jobs(tx, actor=admin)
        assert job.state is jobs.JobState.FAILED
        assert job.error is not None
        assert job.error["code"] == "worker_lost"


class TestFinish:
    def test_refuses_a_worker_that_has_lost_its_lease(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)
        late = claimed(database, worker="w1")
        claimed(database, worker="w2", after=61)

        with pytest.raises(jobs.LeaseLost):
            finish(database, late, after=62)

    @pytest.mark.parametrize(("attempt", "seconds"), [(1, 60), (2, 120), (3, 240)])
    def test_tries_again_after_a_transient_fault(
        self, database: Database, admin: Actor, attempt: int, seconds: int
    ) -> None:
        enqueue(database, admin)
        moment = 0.0
        for _ in range(attempt):
            job = claimed(database, after=moment)
            ended = finish(database, job, Unreachable(), after=moment)
            waited = (ended.run_at - NOON).total_seconds() - moment
            moment = (ended.run_at - NOON).total_seconds()

        assert ended.state is jobs.JobState.QUEUED
        assert seconds * 0.9 <= waited <= seconds * 1.1

    def test_does_not_try_again_sooner_than_it_was_told(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)

        ended = finish(database, claimed(database), Unreachable(retry_after_seconds=7_200), after=0)

        assert (ended.run_at - NOON).total_seconds() == 7_200

    def test_gives_up_after_the_third_retry(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)
        for attempt in range(4):
            job = claimed(database, after=attempt * 1000)
            ended = finish(database, job, Unreachable(), after=attempt * 1000)

        assert ended.state is jobs.JobState.FAILED

    def test_does_not_retry_what_will_not_change(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)

        ended = finish(database, claimed(database), Refused(detail="no entry"))

        assert ended.state is jobs.JobState.FAILED
        assert ended.error == {
            "code": "test_refused",
            "kind": "invalid",
            "message": "The host says no.",
            "facts": {"detail": "no entry"},
        }

    def test_masks_secrets_in_the_facts_of_an_error(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)

        ended = finish(database, claimed(database), Refused(detail="saw ghp_0123456789abcdef"))

        assert "ghp_0123456789abcdef" not in str(ended.error)


class TestCancelAndRetry:
    def test_a_waiting_job_is_cancelled_at_once(self, database: Database, admin: Actor) -> None:
        job = enqueue(database, admin)

        with database.transaction() as tx:
            cancelled = jobs.cancel_job(tx, actor=admin, job_id=job.id, now=NOON)

        assert cancelled.state is jobs.JobState.CANCELLED
        assert claim(database) is None

    def test_a_running_job_learns_that_it_should_stop(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)
        job = claimed(database)
        with database.transaction() as tx:
            jobs.cancel_job(tx, actor=admin, job_id=job.id, now=NOON)

        with database.transaction() as tx:
            assert jobs.renew(tx, job=job, now=NOON)

    def test_a_failed_job_runs_again_when_somebody_asks(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)
        failed = finish(database, claimed(database), Refused())

        with database.transaction() as tx:
            jobs.retry_job(tx, actor=admin, job_id=failed.id, now=NOON)

        assert claimed(database).attempt == 1

    def test_a_job_that_succeeded_is_not_run_again(self, database: Database, admin: Actor) -> None:
        enqueue(database, admin)
        done = finish(database, claimed(database))

        with pytest.raises(jobs.JobStateConflict), database.transaction() as tx:
            jobs.retry_job(tx, actor=admin, job_id=done.id, now=NOON)

    def test_another_tenant_sees_no_job(self, database: Database, admin: Actor) -> None:
        job = enqueue(database, admin)
        with database.transaction() as tx:
            stranger = administrator(tx, name="stranger")

        with pytest.raises(jobs.JobNotFound), database.transaction() as tx:
            jobs.cancel_job(tx, actor=stranger, job_id=job.id, now=NOON)


class TestEnqueue:
    def test_one_waiting_job_for_the_same_thing_is_enough(self, database: Database, admin: Actor) -> None:
        assert enqueue(database, admin).id == enqueue(database, admin).id

    def test_a_running_job_does_not_stand_for_a_later_one(self, database: Database, admin: Actor) -> None:
        running = enqueue(database, admin)
        claimed(database)

        assert enqueue(database, admin).id != running.id


class TestEvents:
    def test_a_reader_goes_on_where_it_stopped(self, database: Database, admin: Actor) -> None:
        job = enqueue(database, admin)
        finish(database, claimed(database))
        with database.reading() as tx:
            told = jobs.events_after(tx, actor=admin, job_id=job.id, sequence=0)
            later = jobs.events_after(tx, actor=admin, job_id=job.id, sequence=told[1].sequence)

        assert [event.kind for event in told] == ["status", "status", "status", "done"]
        assert later == told[2:]
