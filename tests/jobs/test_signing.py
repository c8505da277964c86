"""What a job is to do is what was asked for, whoever can write to the database; on both kinds of database."""

import json
import pickle
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from grove import jobs
from grove.credentials import KeyringSigner, parse_keyring
from grove.jobs import Arguments, JobState
from grove.kit.gate import Actor
from grove.kit.signing import SignerMissing
from grove.kit.transactions import Database
from grove.policies import PolicyGate
from tests.credentials.conftest import new_key
from tests.support.people import NOON, administrator


@pytest.fixture
def admin(database: Database) -> Actor:
    with database.transaction() as tx:
        return administrator(tx)


class Odd(Arguments):
    """What no kind is told."""

    kind = "mirror.sync"

    accept_ref_loss: bool = False
    n: tuple[Any, ...] = ()


def enqueue(database: Database, admin: Actor, *, target: str = "pay", **arguments: Any) -> jobs.Job:
    asked: Any = {"tenant_id": admin.tenant_id, "requested_by": admin.id, "now": NOON}
    with database.transaction() as tx:
        return jobs.enqueue(tx, kind=Odd(**arguments), target_id=target, **asked)


def claim(database: Database, *, after: float = 0) -> jobs.Job | None:
    with database.transaction() as tx:
        return jobs.claim(tx, worker="w1", now=NOON + timedelta(seconds=after))


def change(database: Database, statement: str, **values: object) -> None:
    """Write to the database behind Grove's back."""
    with database.engine.begin() as connection:
        connection.execute(text(statement), values)


def ended(database: Database, admin: Actor, job: jobs.Job) -> tuple[JobState, str]:
    with database.reading() as tx:
        now = jobs.get_job(tx, actor=admin, job_id=job.id)
    return now.state, (now.error or {}).get("code", "")


class TestAJob:
    def test_is_done_as_it_was_queued(self, database: Database, admin: Actor) -> None:
        queued = enqueue(database, admin, accept_ref_loss=True, n=(1, 2.5, "ü", None))

        claimed = claim(database)

        assert claimed is not None
        assert (claimed.id, claimed.arguments) == (queued.id, {"accept_ref_loss": True, "n": [1, 2.5, "ü", None]})

    @pytest.mark.parametrize(
        "changed",
        [
            {"kind": "repository.remove"},
            {"target_id": "another"},
            {"requested_by": "another"},
            {"arguments": '{"accept_ref_loss": true}'},
            {"attempts_max": 1_000},
            {"signature": ""},
            {"signature": "0123456789abcdef:" + "0" * 64},
            {"signature": "no signature"},
        ],
    )
    def test_is_set_aside_undone_when_it_was_changed(
        self, database: Database, admin: Actor, changed: dict[str, object]
    ) -> None:
        job = enqueue(database, admin)
        [(name, value)] = changed.items()
        change(database, f"UPDATE jobs SET {name} = :value", value=value)

        assert claim(database) is None

        with database.reading() as tx:
            [row] = jobs.list_jobs(tx, actor=admin)
        assert (row.state, (row.error or {})["code"]) == (JobState.FAILED, "job_altered")
        assert row.attempt == job.attempt == 0
        assert claim(database, after=600) is None

    @pytest.mark.parametrize("written", [pickle.dumps(print), b"[1]", b"{", b"[" * 50_000, b"\xff\xfe"])
    def test_is_set_aside_undone_when_its_inputs_are_no_json(
        self, database: Database, admin: Actor, written: bytes
    ) -> None:
        job, other = enqueue(database, admin), enqueue(database, admin, target="other")
        if database.engine.dialect.name == "postgresql":
            change(database, "UPDATE jobs SET arguments = :value WHERE id = :id", value='["no object"]', id=job.id)
        else:
            change(database, "UPDATE jobs SET arguments = :value WHERE id = :id", value=written, id=job.id)

        claimed = [claim(database), claim(database)]

        assert [each.id for each in claimed if each] == [other.id]
        assert ended(database, admin, job) == (JobState.FAILED, "job_altered")

    def test_that_was_copied_is_set_aside(self, database: Database, admin: Actor) -> None:
        job = enqueue(database, admin)
        assert claim(database) is not None
        names = "tenant_id, kind, target_id, arguments, attempt, attempts_max, fence, run_at, progress, "
        names += "cancel_requested, requested_by, created_at, signature"
        values = names.replace("target_id", "'other'")
        for identifier, chosen in (("copy", names), ("moved", values)):
            copied = f"SELECT '{identifier}', 'queued', {chosen} FROM jobs WHERE id = :id"
            change(database, f"INSERT INTO jobs (id, state, {names}) {copied}", id=job.id)

        assert [claim(database, after=1) for _ in range(2)] == [None, None]

    def test_that_is_forged_keeps_nobody_from_asking_for_the_same(self, database: Database, admin: Actor) -> None:
        forged = enqueue(database, admin)
        change(database, "UPDATE jobs SET signature = ''")

        asked = enqueue(database, admin)

        assert asked.id != forged.id
        assert {each.id for each in (claim(database), claim(database)) if each} == {asked.id}

    def test_stays_refused_when_it_is_tried_again(self, database: Database, admin: Actor) -> None:
        job = enqueue(database, admin)
        change(database, "UPDATE jobs SET requested_by = 'another'")
        assert claim(database) is None

        with database.transaction() as tx:
            jobs.retry_job(tx, actor=admin, job_id=job.id, now=NOON)

        assert claim(database) is None
        assert ended(database, admin, job) == (JobState.FAILED, "job_altered")

    def test_is_neither_queued_nor_set_aside_by_whoever_has_no_key(self, database: Database, admin: Actor) -> None:
        job = enqueue(database, admin)
        keyless = Database(database.engine.url.render_as_string(hide_password=False), gate=PolicyGate(), handlers={})
        with pytest.raises(SignerMissing):
            enqueue(keyless, admin)
        with pytest.raises(SignerMissing):
            claim(keyless)
        keyless.close()
        assert ended(database, admin, job) == (JobState.QUEUED, "")


class TestANewKey:
    def test_signs_again_what_may_be_done_yet_and_nothing_that_was_changed(
        self, database: Database, admin: Actor
    ) -> None:
        old, new = new_key(), new_key()
        address = database.engine.url.render_as_string(hide_password=False)
        before = KeyringSigner(parse_keyring(old))
        both, after = KeyringSigner(parse_keyring(f"{new}\n{old}")), KeyringSigner(parse_keyring(new))
        made = [Database(address, gate=PolicyGate(), handlers={}, signer=each) for each in (before, both, after)]
        kept, changed = enqueue(made[0], admin), enqueue(made[0], admin, target="changed")
        change(database, "UPDATE jobs SET requested_by = 'another' WHERE id = :id", id=changed.id)

        counts: list[int] = []
        while not counts or counts[-1]:
            with made[1].transaction() as tx:
                counts.append(jobs.sign_again(tx, signer=both, count_max=1))
        assert counts == [1, 1, 0]
        with made[2].transaction() as tx:
            assert jobs.signing_keys_in_use(tx) == {after.key_id}
        claimed = [claim(made[2]), claim(made[2])]

        assert [each.id for each in claimed if each] == [kept.id]
        assert ended(database, admin, changed) == (JobState.FAILED, "job_altered")
        for each in made:
            each.close()

    def test_leaves_jobs_good_that_the_key_before_has_signed(self, database: Database, admin: Actor) -> None:
        old = new_key()
        address = database.engine.url.render_as_string(hide_password=False)
        before = Database(address, gate=PolicyGate(), handlers={}, signer=KeyringSigner(parse_keyring(old)))
        both = KeyringSigner(parse_keyring(f"{new_key()}\n{old}"))
        after = Database(address, gate=PolicyGate(), handlers={}, signer=both)
        job = enqueue(before, admin)

        claimed = claim(after)

        assert claimed is not None
        assert claimed.id == job.id
        before.close()
        after.close()


class TestAMessage:
    def test_says_all_that_a_job_is_to_do_and_depends_on_no_order(self) -> None:
        inputs = {name: name for name in ("id", "tenant_id", "kind", "target_id", "requested_by", "attempts_max")}
        one = jobs.message_of({**inputs, "arguments": {"a": 1, "b": "ü"}})
        other = jobs.message_of({"arguments": json.loads('{"b": "\\u00fc", "a": 1}'), **inputs, "state": "running"})

        assert one == other
