"""A worker does jobs in the name of who asked for them, and only as long as it may."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from grove import accounts, activity, jobs, policies
from grove.activity import AuditQuestion, AuditUnwritable
from grove.credentials import CredentialDraft, Purpose, add_credential, lease_secret
from grove.jobs import Arguments, JobState, Run
from grove.jobs.leases import UNKNOWN_WAIT
from grove.jobs.model import ATTEMPTS_MAX
from grove.kit.bell import Bell
from grove.kit.gate import Actor
from grove.placement import ProcessPlaces
from grove.policies import PolicyDraft
from grove.repositories import Clone, request_sync
from grove.wiring import Grove
from grove.worker import Worker
from tests.activity.test_trail import REFUSE_INSERTS
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.people import administrator
from tests.support.sources import connect, last_job, now_of


class Lacking(Arguments):
    """A move that says nowhere to."""

    kind = "repository.move"


class Odd(Arguments):
    """A move that is told something unknown."""

    kind = "repository.move"

    url: str
    shell: str


class Long(Arguments):
    """A move to an address that has no end."""

    kind = "repository.move"

    url: str


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    made = Repository.new(tmp_path / "upstream.git")
    made.commit({"a.py": "def a():\n    pass\n"})
    return made


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "data", local_roots=(tmp_path,)) as grove_house:
        yield grove_house


def suspend(made: House, actor: Actor) -> None:
    with made.grove.database.transaction() as tx:
        accounts.set_principal_active(tx, actor=made.admin, principal_id=actor.id, active=False, now=made.now)


def apply_policies(made: House) -> None:
    text = '@id("none_yet") forbid (principal, action, resource) when { false };'
    with made.grove.database.transaction() as tx:
        policies.apply_policies(
            tx,
            actor=made.admin,
            draft=PolicyDraft(documents={"own.cedar": text}),
            gate=made.grove.gate,
            origin="test",
            reason="test",
            now=made.now,
        )


def change(made: House, *statements: str) -> None:
    """Write to the database behind Grove's back."""
    with made.grove.database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


class TestAWorker:
    def test_does_nothing_for_somebody_who_was_shut_out_meanwhile(self, made: House, upstream: Repository) -> None:
        developer, _ = made.actor(accounts.Role.DEVELOPER)
        repository = connect(made, str(upstream.path), actor=developer)
        suspend(made, developer)
        made.work()

        job = last_job(made, repository, kind="mirror.sync")
        assert (job.state, job.error and job.error["code"]) == (JobState.FAILED, "denied")

    def test_tells_by_which_version_of_the_policies_it_was_allowed_when_it_began(
        self, made: House, upstream: Repository
    ) -> None:
        repository = connect(made, str(upstream.path))
        apply_policies(made)
        made.work()

        job = last_job(made, repository, kind="mirror.sync")
        with made.grove.database.reading() as tx:
            told = jobs.events_after(tx, actor=made.admin, job_id=job.id, sequence=0)
        logged = [event.body["message"] for event in told if event.kind == "log"]
        assert any(line.startswith("allowed when it began by ") and "version 1 of" in line for line in logged)

    def test_tells_it_once_however_often_a_job_is_tried_and_again_when_the_policies_have_changed(
        self, made: House, upstream: Repository
    ) -> None:
        repository = connect(made, str(upstream.path))

        def fail(_grove: Grove, _run: Run) -> None:
            raise AuditUnwritable

        kinds = {**made.grove.jobs, "mirror.sync": replace(made.grove.jobs["mirror.sync"], work=fail)}
        worker = Worker(replace(made.grove, jobs=kinds), name="w")

        def tried() -> list[str]:
            time.sleep(0.1)  # until the job is due again
            worker.run_one()
            job = last_job(made, repository, kind="mirror.sync")
            with made.grove.database.reading() as tx:
                told = jobs.events_after(tx, actor=made.admin, job_id=job.id, sequence=0)
            logged = [event.body["message"] for event in told if event.kind == "log"]
            return [line.rpartition(", ")[2] for line in logged if line.startswith("allowed when")]

        assert [tried(), tried()] == [["version 0 of the policies"]] * 2
        apply_policies(made)
        assert tried() == ["version 0 of the policies", "version 1 of the policies"]
        assert last_job(made, repository, kind="mirror.sync").attempt == 3

    def test_waits_while_the_disk_is_nearly_full(self, tmp_path: Path, upstream: Repository) -> None:
        with house(tmp_path / "full", local_roots=(tmp_path,), disk_free_mb_min=10**9) as full:
            repository = connect(full, str(upstream.path))
            full.worker().run_one()

            job = last_job(full, repository, kind="mirror.sync")
            assert (job.state, job.error and job.error["code"]) == (JobState.QUEUED, "storage_low")

    def test_gives_its_job_back_when_it_must_stop(self, made: House, upstream: Repository) -> None:
        repository = connect(made, str(upstream.path))
        worker = Worker(made.grove, name="w")
        worker.stop()
        worker.run_one()

        job = last_job(made, repository, kind="mirror.sync")
        assert (job.state, job.attempt) == (JobState.QUEUED, 0)
        made.work()
        assert now_of(made, repository).index == "ready"

    def test_changes_nothing_when_another_has_taken_its_job(self, made: House, upstream: Repository) -> None:
        repository = connect(made, str(upstream.path))
        with made.grove.database.transaction() as tx:
            late = jobs.claim(tx, worker="late", now=made.now, lease_seconds=0)
        assert late is not None
        made.work()
        before = now_of(made, repository)

        with pytest.raises(jobs.LeaseLost), made.grove.database.transaction() as tx:
            jobs.finish(tx, job=late, error=None, now=made.now)
        assert now_of(made, repository) == before

    def test_tells_the_trail_when_a_secret_cannot_be_unsealed(self, made: House, upstream: Repository) -> None:
        connect(made, str(upstream.path))
        with made.grove.database.transaction() as tx:
            draft = CredentialDraft(name="ci", host="git.example.org", username="bot", password="ghp_0123456789")
            secret = add_credential(tx, actor=made.admin, keyring=made.grove.keyring, draft=draft, now=made.now)
            tx.session.flush()
            tx.session.execute(text("UPDATE credentials SET version = version + 1"))

        def use(grove: Grove, run: Run) -> None:
            with run.begin() as tx:
                lease_secret(
                    tx,
                    actor=run.actor,
                    keyring=grove.keyring,
                    credential_id=secret.id,
                    host="git.example.org",
                    purpose=Purpose.of_job(run.job),
                    now=run.now,
                )
            raise AssertionError("it was unsealed")

        kinds = {**made.grove.jobs, "mirror.sync": replace(made.grove.jobs["mirror.sync"], work=use)}
        Worker(replace(made.grove, jobs=kinds), name="w").run_one()

        with made.grove.database.reading() as tx:
            [job] = jobs.list_jobs(tx, actor=made.admin)
            question = AuditQuestion(action="credential.unreadable")
            [entry] = activity.list_entries(tx, actor=made.admin, question=question)
        assert (job.error or {})["code"] == "credential_unreadable"
        assert (entry.target_id, entry.source, entry.facts["job"]) == (secret.id, "worker", job.id)

    @pytest.mark.parametrize("change", ["kind = 'repository.remove'", "target_id = 'x'", "tenant_id = :stranger"])
    def test_does_nothing_of_a_job_that_was_changed_in_the_database(
        self, made: House, upstream: Repository, change: str
    ) -> None:
        repository = connect(made, str(upstream.path))
        with made.grove.database.transaction() as tx:
            stranger = administrator(tx, name="stranger").tenant_id
            tx.session.flush()
            tx.session.execute(text(f"UPDATE jobs SET {change}"), {"stranger": stranger} if ":" in change else {})
        assert made.work() == 0

        owner = replace(made.admin, tenant_id=stranger if ":" in change else made.admin.tenant_id)
        assert now_of(made, repository).clone is Clone.QUEUED
        with made.grove.database.reading() as tx:
            question = AuditQuestion(action="job.refuse")
            [entry] = activity.list_entries(tx, actor=owner, question=question)
            [job] = jobs.list_jobs(tx, actor=owner)
        assert (entry.target_id, entry.source) == (job.id, "worker")
        assert (job.state, (job.error or {})["code"]) == (JobState.FAILED, "job_altered")

    def test_goes_on_when_a_job_was_given_to_a_tenant_that_is_not_there(
        self, made: House, upstream: Repository
    ) -> None:
        repository = connect(made, str(upstream.path))
        with made.grove.database.transaction() as tx:
            tx.session.execute(text("UPDATE jobs SET tenant_id = 'nobody'"))
            request_sync(tx, actor=made.admin, repository_id=repository.id, now=made.now)
        made.work()
        made.work()

        assert now_of(made, repository).index == "ready"

    def test_sets_a_job_aside_at_once_whose_kind_nobody_knows(self, made: House) -> None:
        with made.grove.database.transaction() as tx:
            job = jobs.enqueue(
                tx,
                tenant_id=made.admin.tenant_id,
                kind="mirror.paint",
                target_id="t",
                requested_by=made.admin.id,
                now=made.now - UNKNOWN_WAIT,
            )
        assert made.work() == 1

        with made.grove.database.reading() as tx:
            ended = jobs.get_job(tx, actor=made.admin, job_id=job.id)
        assert (ended.state, ended.attempt) == (JobState.FAILED, 1)
        assert ended.error is not None
        assert (ended.error["code"], ended.error["facts"]) == ("job_kind_unknown", {"kind": "mirror.paint"})

    @pytest.mark.parametrize(
        "told", [Lacking(), Odd(url="https://git.example.org/a/b.git", shell="id"), Long(url="u" * 5_000)]
    )
    def test_does_nothing_of_a_job_that_is_told_what_its_kind_is_not(
        self, made: House, upstream: Repository, told: Arguments
    ) -> None:
        repository = connect(made, str(upstream.path))
        made.work()
        with made.grove.database.transaction() as tx:
            asked: Any = {"tenant_id": made.admin.tenant_id, "requested_by": made.admin.id, "now": made.now}
            job = jobs.enqueue(tx, kind=told, target_id=repository.id, **asked)
        before = now_of(made, repository)

        assert made.work() == 1

        with made.grove.database.reading() as tx:
            ended = jobs.get_job(tx, actor=made.admin, job_id=job.id)
        assert (ended.state, (ended.error or {})["code"]) == (JobState.FAILED, "job_arguments_invalid")
        assert now_of(made, repository) == before

    def test_does_a_job_that_was_queued_before_its_kind_was_told_more(self, made: House, upstream: Repository) -> None:
        repository = connect(made, str(upstream.path))
        made.work()
        upstream.commit({"b.py": "def b():\n    pass\n"})
        with made.grove.database.transaction() as tx:
            asked: Any = {"tenant_id": made.admin.tenant_id, "requested_by": made.admin.id, "now": made.now}
            job = jobs.enqueue(tx, kind="mirror.sync", target_id=repository.id, **asked)
        assert job.arguments == {}

        made.work()

        with made.grove.database.reading() as tx:
            assert jobs.get_job(tx, actor=made.admin, job_id=job.id).state is JobState.SUCCEEDED

    def test_tries_a_job_again_that_the_audit_trail_could_not_tell_of(self, made: House, upstream: Repository) -> None:
        repository = connect(made, str(upstream.path))

        def tell(grove: Grove, run: Run) -> None:
            with run.finish() as tx:
                asked: Any = {"target_kind": "repository", "target_id": run.job.target_id, "now": run.now}
                activity.record(tx, actor=run.actor, action="repository.tell", **asked)

        kinds = {**made.grove.jobs, "mirror.sync": replace(made.grove.jobs["mirror.sync"], work=tell)}
        worker = Worker(replace(made.grove, jobs=kinds), name="w")
        change(made, *REFUSE_INSERTS["sqlite"])
        worker.run_one()
        job = last_job(made, repository, kind="mirror.sync")
        assert (job.state, job.attempt, (job.error or {})["code"]) == (JobState.QUEUED, 1, "audit_unwritable")

        change(made, "DROP TRIGGER full")
        time.sleep(0.05)
        worker.run_one()

        assert last_job(made, repository, kind="mirror.sync").state is JobState.SUCCEEDED

    def test_sets_a_job_aside_in_the_end_that_the_audit_trail_never_tells_of(self, made: House, tmp_path: Path) -> None:
        with made.grove.database.transaction() as tx:
            job = jobs.enqueue(
                tx,
                tenant_id=made.admin.tenant_id,
                kind="index.verify",
                target_id="x",
                requested_by=made.admin.id,
                now=made.now,
            )

        def tell(grove: Grove, run: Run) -> None:
            with run.finish() as tx:
                activity.require_writable(tx, actor=run.actor, now=run.now)

        kinds = {**made.grove.jobs, "index.verify": replace(made.grove.jobs["index.verify"], work=tell)}
        worker = Worker(replace(made.grove, jobs=kinds), name="w")
        change(made, *REFUSE_INSERTS["sqlite"])
        for _ in range(ATTEMPTS_MAX + 1):
            worker.run_one()
            time.sleep(0.1)

        with made.grove.database.reading() as tx:
            ended = jobs.get_job(tx, actor=made.admin, job_id=job.id)
        assert (ended.state, ended.attempt) == (JobState.FAILED, ATTEMPTS_MAX)
        assert (ended.error or {})["code"] == "audit_unwritable"

    def test_hears_at_once_of_a_job_that_is_queued(self, made: House, upstream: Repository) -> None:
        worker = Worker(made.grove, name="w", poll_seconds=300)
        thread = threading.Thread(target=worker.run_until_stopped)
        thread.start()
        time.sleep(0.5)  # it has looked once, and waits
        try:
            repository = connect(made, str(upstream.path))
            for _ in range(600):
                if now_of(made, repository).index == "ready":
                    break
                time.sleep(0.1)
        finally:
            worker.stop()
            Bell(ProcessPlaces(made.grove.locator).bell).ring()
            thread.join()

        assert now_of(made, repository).index == "ready"

    def test_shares_the_jobs_with_others_so_that_each_is_done_once(self, made: House, tmp_path: Path) -> None:
        repositories = []
        for number in range(6):
            upstream = Repository.new(tmp_path / f"many{number}.git")
            upstream.commit({"a.py": f"def a{number}():\n    pass\n"})
            repositories.append(connect(made, str(upstream.path)))
        workers = [Worker(made.grove, name=f"w{number}") for number in range(3)]
        threads = [threading.Thread(target=worker.run_until_stopped) for worker in workers]
        for thread in threads:
            thread.start()
        try:
            waiting = True
            while waiting:
                with made.grove.database.reading() as tx:
                    states = {job.state for job in jobs.list_jobs(tx, actor=made.admin)}
                waiting = bool(states & {JobState.QUEUED, JobState.RUNNING})
        finally:
            for worker in workers:
                worker.stop()
            for thread in threads:
                thread.join()

        with made.grove.database.reading() as tx:
            done = jobs.list_jobs(tx, actor=made.admin)
        assert [(job.state, job.attempt) for job in done] == [(JobState.SUCCEEDED, 1)] * 18
        assert {now_of(made, repository).index for repository in repositories} == {"ready"}
