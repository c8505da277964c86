"""Whose turn it is, on both kinds of database."""

from datetime import UTC, datetime, timedelta

import pytest

from grove import jobs
from grove.accounts import Role
from grove.kit.gate import Actor
from grove.kit.tenancy import serving
from grove.kit.transactions import Database
from tests.support.people import NOON, administrator, colleague

MANY = 500


class Filling(jobs.Arguments):
    """Whether all is to be done again."""

    kind = "filling"

    anew: bool = False


@pytest.fixture
def busy(database: Database) -> Actor:
    """The administrator of a tenant with very many jobs that have been due for a long time."""
    with database.transaction() as tx:
        actor = administrator(tx, name="busy")
        for number in range(MANY):
            enqueue(tx, actor, f"b{number}", after=number)
    return actor


@pytest.fixture
def quiet(database: Database) -> Actor:
    with database.transaction() as tx:
        return administrator(tx, name="quiet")


def enqueue(tx: object, actor: Actor, target: str, *, kind: str = "work", after: float = 0) -> None:
    at = NOON + timedelta(seconds=after)
    jobs.enqueue(tx, tenant_id=actor.tenant_id, kind=kind, target_id=target, requested_by=actor.id, now=at)  # type: ignore[arg-type]


def next_target(database: Database, *, after: float = 10_000, ends: bool = True) -> str:
    now = NOON + timedelta(seconds=after)
    with database.transaction() as tx:
        job = jobs.claim(tx, worker="w", now=now, background={"tidying"})
        assert job is not None
        if ends:
            jobs.finish(tx, job=job, error=None, now=now)
    return job.target_id


class TestTenants:
    def test_one_job_waits_for_one_of_five_hundred_at_most(self, database: Database, busy: Actor, quiet: Actor) -> None:
        assert next_target(database) == "b0"
        with database.transaction() as tx:
            enqueue(tx, quiet, "q0", after=9_999)

        assert next_target(database, after=10_001) == "q0"
        assert busy.tenant_id != quiet.tenant_id

    def test_take_turns(self, database: Database, busy: Actor, quiet: Actor) -> None:
        with database.transaction() as tx:
            for number in range(3):
                enqueue(tx, quiet, f"q{number}", after=9_000 + number)

        took = [next_target(database, after=10_000 + step) for step in range(6)]

        assert sorted(took[:6:2] + took[1:6:2]) == ["b0", "b1", "b2", "q0", "q1", "q2"]
        assert all({one[0], other[0]} == {"b", "q"} for one, other in zip(took[::2], took[1::2], strict=True))
        assert busy.id != quiet.id

    def test_long_jobs_of_one_leave_the_next_free_worker_to_another(
        self, database: Database, busy: Actor, quiet: Actor
    ) -> None:
        assert next_target(database, ends=False) == "b0"
        with database.transaction() as tx:
            enqueue(tx, quiet, "q0", after=9_999)
            enqueue(tx, quiet, "q1", after=9_999)

        assert next_target(database, after=10_001).startswith("q")
        assert next_target(database, after=10_002).startswith("q")
        assert busy.id != quiet.id


class TestPrincipals:
    def test_of_one_tenant_take_turns(self, database: Database, busy: Actor) -> None:
        with database.transaction() as tx:
            other = colleague(tx, of=busy, role=Role.DEVELOPER)
            enqueue(tx, other, "c0", after=9_999)

        assert {next_target(database), next_target(database, after=10_001)} == {"b0", "c0"}

    def test_come_to_whoever_was_served_while_the_clock_was_wrong(self, database: Database, quiet: Actor) -> None:
        with database.transaction() as tx:
            other = administrator(tx, name="other")
        with database.transaction() as tx:
            enqueue(tx, quiet, "q0")
        with database.transaction() as tx:
            first = jobs.claim(tx, worker="w", now=NOON + timedelta(days=1))
            assert first is not None
            jobs.finish(tx, job=first, error=None, now=NOON)
        with database.transaction() as tx:
            enqueue(tx, other, "o0")
            enqueue(tx, other, "o1", after=1)
        served = next_target(database, after=2)
        with database.transaction() as tx:
            for job in jobs.list_jobs(tx, actor=other, state=jobs.JobState.RUNNING):
                jobs.finish(tx, job=job, error=None, now=NOON)
        with database.transaction() as tx:
            enqueue(tx, quiet, "q1", after=3)

        assert (served, next_target(database, after=10)) == ("o0", "q1")


class TestLongWork:
    def test_gives_way_to_what_is_due_for_another_tenant(self, database: Database, quiet: Actor) -> None:
        with database.transaction() as tx:
            other = administrator(tx, name="other")
        with database.transaction() as tx:
            enqueue(tx, quiet, "long", kind="history")
        with database.transaction() as tx:
            long = jobs.claim(tx, worker="w", now=datetime.now(UTC), background=())
        assert long is not None
        run = jobs.Run(job=long, actor=quiet, database=database)

        with serving(quiet.tenant_id):
            assert not run.give_way()
        with database.transaction() as tx:
            enqueue(tx, other, "short")
        with serving(quiet.tenant_id):
            assert run.give_way()

        with database.transaction() as tx:
            jobs.finish(tx, job=long, error=None, now=datetime.now(UTC))
        later = (datetime.now(UTC) - NOON).total_seconds()
        assert [next_target(database, after=later), next_target(database, after=later + 1)] == ["short", "long"]

    def test_queues_what_is_left_of_it_when_it_gives_way(self, database: Database, quiet: Actor) -> None:
        with database.transaction() as tx:
            jobs.enqueue(
                tx,
                tenant_id=quiet.tenant_id,
                kind=Filling(anew=True),
                target_id="long",
                requested_by=quiet.id,
                now=NOON,
            )
            long = jobs.claim(tx, worker="w", now=datetime.now(UTC), background=())
            enqueue(tx, quiet, "short")
        assert long is not None

        with serving(quiet.tenant_id):
            assert jobs.Run(job=long, actor=quiet, database=database).give_way(rest=Filling())

        with database.reading() as tx:
            [rest] = [each for each in jobs.list_jobs(tx, actor=quiet, target_id="long") if each.id != long.id]
        assert (long.arguments, rest.arguments) == ({"anew": True}, {})


class TestBackground:
    def test_lets_go_first_what_somebody_waits_for(self, database: Database, quiet: Actor) -> None:
        with database.transaction() as tx:
            enqueue(tx, quiet, "tidy", kind="tidying")
            enqueue(tx, quiet, "asked", after=5)

        assert [next_target(database, after=6), next_target(database, after=7)] == ["asked", "tidy"]

    def test_waits_for_nobody_after_ten_minutes(self, database: Database, quiet: Actor) -> None:
        with database.transaction() as tx:
            enqueue(tx, quiet, "tidy", kind="tidying")
            enqueue(tx, quiet, "asked", after=601)

        assert next_target(database, after=602) == "tidy"
