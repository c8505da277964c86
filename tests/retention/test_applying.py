"""Idle repositories in a whole Grove: notice, cold, warm again, removed; on both kinds of database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from grove import activity, repositories, retention, usage
from grove.accounts import Role
from grove.jobs import Run, claim
from grove.jobs.tables import JobRow
from grove.kit.gate import Denied
from grove.kit.transactions import Transaction
from grove.mirrors import Source, check_source, connect_source
from grove.repositories import Index, Lifecycle, Repository
from grove.repositories.tables import RepositoryRow
from grove.retention import Fate, RetentionOff, RetentionPolicy, Verdict
from grove.retention.tables import RetentionNoticeRow
from grove.search import Question
from grove.usage.tables import LastUseRow
from tests.support.git_repositories import Repository as Upstream
from tests.support.grove import House, house
from tests.support.sources import connect

POLICY = RetentionPolicy(idle_days=30, notice_days=7)
LONG_AGO = datetime.now(UTC) - timedelta(days=100)


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path / "grove", local_roots=(tmp_path / "src",), database_url=database_url) as running:
        yield running


@pytest.fixture
def kept(made: House, tmp_path: Path) -> Repository:
    (tmp_path / "src").mkdir()
    upstream = Upstream.new(tmp_path / "src" / "app.git")
    upstream.commit({"main.py": "def retry_call():\n    return 1\n"})
    source = Source(address=str(upstream.path))
    report = check_source(source, tools=made.grove.sources)
    with made.grove.database.transaction() as tx:
        repository = connect_source(
            tx, actor=made.admin, source=source, report=report, keyring=made.grove.keyring, now=made.now
        )
    made.work()
    return repository


def set_policy(made: House, policy: RetentionPolicy = POLICY) -> None:
    with made.grove.database.transaction() as tx:
        retention.set_retention(tx, actor=made.admin, policy=policy, now=made.now)
    made.work()


def leave_idle(made: House, repository: Repository) -> None:
    """As if nobody had used it for a long time, and as if the notice were over."""
    made.grove.usage.write(now=made.now)
    with made.grove.database.transaction() as tx:
        tx.session.execute(update(RepositoryRow).values(created_at=LONG_AGO))
        tx.session.execute(update(LastUseRow).values(last_at=LONG_AGO))
        tx.session.execute(update(RetentionNoticeRow).values(due_at=LONG_AGO))


def apply(made: House) -> None:
    with made.grove.database.transaction() as tx:
        retention.request_retention(tx, actor=made.admin, now=made.now)
    made.work()


def now_of(made: House, repository: Repository) -> Repository:
    with made.grove.database.reading() as tx:
        return repositories.repository_of_job(tx, tenant_id=repository.tenant_id, repository_id=repository.id)


def verdict(made: House) -> tuple[Verdict, str]:
    with made.grove.database.reading() as tx:
        [step] = retention.preview_retention(tx, actor=made.admin, now=made.now)
    return step.verdict, step.reason


def make_cold(made: House, repository: Repository) -> None:
    set_policy(made)
    for _ in range(2):
        leave_idle(made, repository)
        apply(made)


def files_found(made: House) -> int:
    return made.grove.search.run(made.admin, Question(text="retry_call")).truth.files_found


class TestAnIdleRepository:
    def test_is_given_notice_and_becomes_cold_and_warms_up_again_when_it_is_searched(
        self, made: House, kept: Repository
    ) -> None:
        assert files_found(made) == 1
        set_policy(made)
        assert verdict(made)[0] is Verdict.KEEP

        leave_idle(made, kept)
        assert verdict(made)[0] is Verdict.NOTICE
        apply(made)
        assert verdict(made)[0] is Verdict.WAIT
        assert files_found(made) == 1
        with made.grove.database.reading() as tx:
            notice = retention.notice_of(tx, repository_id=kept.id)
        assert notice is not None
        assert notice.told == (made.admin.name,)

        leave_idle(made, kept)
        apply(made)
        cold = now_of(made, kept)
        assert (cold.lifecycle, cold.index) == (Lifecycle.COLD, Index.NONE)
        assert made.grove.search.read_file(made.admin, repository=kept.id, path="main.py").content.startswith(b"def")
        made.grove.usage.write(now=made.now)  # to read it was to use it
        made.work()
        warm = now_of(made, kept)
        assert (warm.lifecycle, warm.index) == (Lifecycle.ACTIVE, Index.READY)
        assert files_found(made) == 1

    def test_that_is_cold_is_warmed_up_by_a_search_for_it_alone(self, made: House, kept: Repository) -> None:
        make_cold(made, kept)

        answer = made.grove.search.run(made.admin, Question(text="retry_call"))
        assert [skipped.reason for skipped in answer.truth.skipped] == ["cold"]
        made.grove.usage.write(now=made.now)
        made.work()

        assert files_found(made) == 1

    def test_warms_up_also_when_its_upstream_is_gone(self, made: House, kept: Repository, tmp_path: Path) -> None:
        make_cold(made, kept)
        (tmp_path / "src" / "app.git").rename(tmp_path / "elsewhere")

        with made.grove.database.transaction() as tx:
            repositories.restore_repository(tx, actor=made.admin, repository_id=kept.id, now=made.now)
        made.work()

        assert files_found(made) == 1

    def test_is_told_of_in_the_audit_trail(self, made: House, kept: Repository) -> None:
        make_cold(made, kept)

        with made.grove.database.reading() as tx:
            acts = [entry.action for entry in activity.list_entries(tx, actor=made.admin, oldest_first=True)]
        assert [act for act in acts if act.startswith("retention.") or act == "repository.cool"] == [
            "retention.set",
            "retention.notice",
            "repository.cool",
        ]

    def test_can_be_removed_instead(self, made: House, kept: Repository) -> None:
        set_policy(made, RetentionPolicy(idle_days=30, notice_days=0, fate=Fate.REMOVED))
        leave_idle(made, kept)
        apply(made)

        with made.grove.database.reading() as tx:
            assert repositories.list_repositories(tx, actor=made.admin) == []

    def test_is_not_removed_but_cold_when_its_upstream_went_away_since_it_was_asked_last(
        self, made: House, kept: Repository, tmp_path: Path
    ) -> None:
        (tmp_path / "src" / "app.git").rename(tmp_path / "src" / "gone.git")
        set_policy(made, RetentionPolicy(idle_days=30, notice_days=0, fate=Fate.REMOVED))
        leave_idle(made, kept)
        for _ in range(2):
            apply(made)

            spared = now_of(made, kept)
            assert spared.lifecycle is Lifecycle.COLD
            assert "may be the last copy" in (spared.decision or {})["reason"]

        (tmp_path / "src" / "gone.git").rename(tmp_path / "src" / "app.git")
        apply(made)
        with made.grove.database.reading() as tx:
            assert repositories.list_repositories(tx, actor=made.admin) == []


class TestWhatIsNotTouched:
    def test_is_a_repository_with_a_workspace(self, made: House, kept: Repository) -> None:
        made.grove.workspaces.create(made.admin, repository=kept.id, name="fix", target="", now=made.now)
        set_policy(made)
        leave_idle(made, kept)

        assert verdict(made) == (Verdict.KEEP, "a workspace has work that is nowhere else")

    def test_is_one_that_is_held_until_it_is_released(self, made: House, kept: Repository) -> None:
        set_policy(made)
        leave_idle(made, kept)
        apply(made)
        with made.grove.database.transaction() as tx:
            retention.hold_repository(tx, actor=made.admin, repository_id=kept.id, reason="the auditors", now=made.now)
        assert verdict(made) == (Verdict.WITHDRAW, "it is held: the auditors")
        apply(made)

        with made.grove.database.transaction() as tx:
            assert retention.notice_of(tx, repository_id=kept.id) is None
            retention.release_repository(tx, actor=made.admin, repository_id=kept.id, now=made.now)
        assert verdict(made)[0] is Verdict.NOTICE


class TestRights:
    def test_to_set_and_apply_are_the_administrators(self, made: House) -> None:
        maintainer, _ = made.actor(Role.MAINTAINER)
        with made.grove.database.transaction() as tx, pytest.raises(Denied):
            retention.set_retention(tx, actor=maintainer, policy=POLICY, now=made.now)
        with made.grove.database.transaction() as tx, pytest.raises(Denied):
            retention.request_retention(tx, actor=maintainer, now=made.now)

    def test_there_must_be_a_policy_to_apply(self, made: House) -> None:
        with made.grove.database.transaction() as tx, pytest.raises(RetentionOff):
            retention.request_retention(tx, actor=made.admin, now=made.now)


class TestOldLogs:
    def test_are_forgotten_after_their_days(self, made: House, kept: Repository) -> None:
        with made.grove.database.transaction() as tx:
            ended = _age_jobs(tx)
        set_policy(made, RetentionPolicy(job_days=30))

        with made.grove.database.reading() as tx:
            assert usage.last_uses(tx, tenant_id=kept.tenant_id) == {}
        assert ended
        assert not made.has_ended("mirror.sync")


def _age_jobs(tx: Transaction) -> int:
    aged = update(JobRow).where(JobRow.finished_at.is_not(None)).values(finished_at=LONG_AGO).returning(JobRow.id)
    return len(tx.session.execute(aged).all())


class TestARepositoryThatIsRemovedMeanwhile:
    def test_does_not_keep_the_others_from_their_turn(self, made: House, kept: Repository, tmp_path: Path) -> None:
        upstream = Upstream.new(tmp_path / "src" / "zoo.git")
        upstream.commit({"a.py": "x = 1\n"})
        other = connect(made, str(upstream.path))
        made.work()
        set_policy(made)
        leave_idle(made, kept)
        with made.grove.database.transaction() as tx:
            retention.request_retention(tx, actor=made.admin, now=made.now)
        with made.grove.database.transaction() as tx:
            job = claim(tx, worker="test", now=made.now + timedelta(minutes=1), background=[retention.APPLY_JOB])
        assert job is not None

        class Removing(Run):
            """An attempt during which somebody removes the first repository."""

            def check_cancelled(self) -> None:
                with made.grove.database.transaction() as tx:
                    if len(repositories.list_kept(tx, tenant_id=kept.tenant_id)) > 1:
                        repositories.erase_repository(tx, tenant_id=kept.tenant_id, repository_id=kept.id)

        retention.apply_retention(
            Removing(job=job, actor=made.admin, database=made.grove.database), tools=made.grove.mirror_tools
        )

        with made.grove.database.reading() as tx:
            assert retention.notice_of(tx, repository_id=other.id) is not None
