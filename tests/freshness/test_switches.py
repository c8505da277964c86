"""How a mirror keeps up: set by people, begun by itself."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from grove import freshness, jobs
from grove.accounts import Role
from grove.freshness import PRESETS, Freshness, FreshnessInvalid, Preset, preset_of
from grove.freshness.model import next_poll
from grove.kit.gate import Denied
from grove.repositories import Repository, RepositoryNotFound, address_key, remove_repository, request_sync
from tests.support import git_repositories as made_of
from tests.support.grove import House, house
from tests.support.people import NOON
from tests.support.sources import connect


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "data", local_roots=(tmp_path / "upstream",)) as grove_house:
        yield grove_house


@pytest.fixture
def upstream(tmp_path: Path) -> made_of.Repository:
    repository = made_of.Repository.new(tmp_path / "upstream" / "pay.git")
    repository.commit({"pay.py": "pay = 1\n"})
    return repository


@pytest.fixture
def mirrored(made: House, upstream: made_of.Repository) -> Repository:
    repository = connect(made, str(upstream.path))
    made.work()
    return repository


def set_to(made: House, repository: Repository, wanted: Freshness) -> None:
    with made.grove.database.transaction() as tx:
        freshness.set_freshness(tx, actor=made.admin, repository_id=repository.id, wanted=wanted, now=made.now)


def of(made: House, repository: Repository) -> Freshness:
    with made.grove.database.reading() as tx:
        return freshness.freshness_of(tx, actor=made.admin, repository_id=repository.id)


def waiting(made: House) -> list[jobs.Job]:
    with made.grove.database.reading() as tx:
        return jobs.list_jobs(tx, actor=made.admin, state=jobs.JobState.QUEUED)


class TestPresets:
    @pytest.mark.parametrize("preset", list(Preset))
    def test_are_told_by_their_switches(self, preset: Preset) -> None:
        assert preset_of(PRESETS[preset]) is preset

    def test_do_not_cover_every_setting(self) -> None:
        assert preset_of(Freshness(poll_seconds=61)) is None

    @pytest.mark.parametrize("seconds", [0, 1, 29, 604_801, -5])
    def test_do_not_poll_too_often_or_too_rarely(self, seconds: int) -> None:
        with pytest.raises(FreshnessInvalid):
            Freshness(poll_seconds=seconds)


class TestTheNextPoll:
    def test_is_about_an_interval_away(self) -> None:
        wait = next_poll(600, failures=0, now=NOON) - NOON
        assert timedelta(seconds=540) <= wait <= timedelta(seconds=660)

    def test_is_later_after_each_failure_and_a_day_away_at_most(self) -> None:
        assert next_poll(600, failures=2, now=NOON) - NOON > timedelta(seconds=2_000)
        assert next_poll(600, failures=30, now=NOON) - NOON <= timedelta(days=1.1)


class TestAnAddress:
    @pytest.mark.parametrize(
        "spelt", ["https://Host/a/B", "https://host/a/b.git", "https://host/a/b/", " https://host/a/b.git/ "]
    )
    def test_has_one_key(self, spelt: str) -> None:
        assert address_key(spelt) == "https://host/a/b"


class TestANewMirror:
    def test_of_a_local_repository_is_watched(self, made: House, mirrored: Repository) -> None:
        assert of(made, mirrored) == PRESETS[Preset.WATCH]


class TestSetting:
    def test_is_in_force_at_once(self, made: House, mirrored: Repository) -> None:
        set_to(made, mirrored, PRESETS[Preset.MANUAL])

        assert of(made, mirrored) == PRESETS[Preset.MANUAL]

    def test_is_not_for_viewers(self, made: House, mirrored: Repository) -> None:
        viewer, _ = made.actor(Role.VIEWER)
        with pytest.raises(Denied), made.grove.database.transaction() as tx:
            freshness.set_freshness(
                tx, actor=viewer, repository_id=mirrored.id, wanted=PRESETS[Preset.JOB], now=made.now
            )

    def test_of_an_unknown_repository_finds_nothing(self, made: House) -> None:
        with pytest.raises(RepositoryNotFound), made.grove.database.transaction() as tx:
            freshness.set_freshness(
                tx, actor=made.admin, repository_id=str(uuid4()), wanted=PRESETS[Preset.JOB], now=made.now
            )


class TestPolling:
    def test_requests_a_sync_when_one_is_due(self, made: House, mirrored: Repository) -> None:
        set_to(made, mirrored, Freshness(poll_seconds=60))

        with made.grove.database.transaction() as tx:
            early = freshness.poll_due(tx, now=made.now)
            late = freshness.poll_due(tx, now=made.now + timedelta(seconds=70))

        assert (early, late) == (0, 1)
        assert [job.kind for job in waiting(made)] == ["mirror.sync"]

    def test_asks_again_after_the_interval(self, made: House, mirrored: Repository) -> None:
        set_to(made, mirrored, Freshness(poll_seconds=60))
        with made.grove.database.transaction() as tx:
            freshness.poll_due(tx, now=made.now + timedelta(seconds=70))
            assert not freshness.tenants_with_polls(tx, now=made.now + timedelta(seconds=100))
            assert freshness.tenants_with_polls(tx, now=made.now + timedelta(seconds=140))

    def test_does_not_wait_for_a_time_that_a_wrong_clock_named(self, made: House, mirrored: Repository) -> None:
        set_to(made, mirrored, Freshness(poll_seconds=60))
        wrong = made.now + timedelta(days=365)
        with made.grove.database.transaction() as tx:
            freshness.poll_due(tx, now=wrong)
            freshness.pause_host(tx, host=mirrored.host, now=wrong)
        made.work()
        with made.grove.database.transaction() as tx:
            assert freshness.poll_due(tx, now=made.now) == 1

    @pytest.mark.parametrize("seconds", [60, 900, 3_600, 21_600, 86_400])
    def test_is_due_when_the_clock_comes_back_after_a_day(
        self, made: House, mirrored: Repository, seconds: int
    ) -> None:
        set_to(made, mirrored, Freshness(poll_seconds=seconds))
        now = made.now
        with made.grove.database.transaction() as tx:
            assert freshness.poll_due(tx, now=now + timedelta(days=1, seconds=seconds)) == 1
        made.work()

        with made.grove.database.transaction() as tx:
            assert freshness.tenants_with_polls(tx, now=now) == [made.admin.tenant_id]
            assert freshness.poll_due(tx, now=now) == 1
            assert not freshness.tenants_with_polls(tx, now=now)

    def test_waits_for_as_long_as_a_host_told_however_often_it_is_asked_else(
        self, made: House, mirrored: Repository
    ) -> None:
        set_to(made, mirrored, Freshness(poll_seconds=60))
        due = made.now + timedelta(seconds=70)
        with made.grove.database.transaction() as tx:
            freshness.pause_host(tx, host=mirrored.host, told_seconds=20 * 3_600, now=due)
            assert freshness.poll_due(tx, now=due) == 0
            assert not freshness.tenants_with_polls(tx, now=due + timedelta(hours=1))
            assert freshness.poll_due(tx, now=due + timedelta(hours=21)) == 1

    def test_does_not_wait_for_a_host_that_told_so_while_the_clock_was_wrong(
        self, made: House, mirrored: Repository
    ) -> None:
        set_to(made, mirrored, Freshness(poll_seconds=60))
        due = made.now + timedelta(seconds=70)
        with made.grove.database.transaction() as tx:
            freshness.pause_host(tx, host=mirrored.host, told_seconds=3_600, now=due + timedelta(days=1))
            assert freshness.poll_due(tx, now=due) == 1

    def test_leaves_a_busy_host_alone(self, made: House, mirrored: Repository) -> None:
        set_to(made, mirrored, Freshness(poll_seconds=60))
        due = made.now + timedelta(seconds=70)
        with made.grove.database.transaction() as tx:
            freshness.pause_host(tx, host=mirrored.host, now=due)
            assert freshness.poll_due(tx, now=due) == 0
            freshness.resume_host(tx, host=mirrored.host)
            assert freshness.poll_due(tx, now=due + timedelta(seconds=70)) == 1

    def test_never_asks_for_a_manual_mirror(self, made: House, mirrored: Repository) -> None:
        set_to(made, mirrored, PRESETS[Preset.MANUAL])
        with made.grove.database.transaction() as tx:
            assert freshness.poll_due(tx, now=made.now + timedelta(days=30)) == 0

    def test_of_a_current_mirror_fetches_and_indexes_nothing(self, made: House, mirrored: Repository) -> None:
        with made.grove.database.transaction() as tx:
            request_sync(tx, actor=made.admin, repository_id=mirrored.id, now=made.now)

        assert made.work() == 1

    def test_forgets_a_removed_repository(self, made: House, mirrored: Repository) -> None:
        with made.grove.database.transaction() as tx:
            remove_repository(tx, actor=made.admin, repository_id=mirrored.id, now=made.now)
        made.work()
        with made.grove.database.transaction() as tx:
            assert not freshness.tenants_with_polls(tx, now=made.now + timedelta(days=30))


class TestWatching:
    def test_knows_the_folders_of_local_repositories(
        self, made: House, mirrored: Repository, upstream: made_of.Repository
    ) -> None:
        with made.grove.database.reading() as tx:
            assert freshness.watched_folders(tx) == {upstream.path: mirrored.id}

    def test_sees_that_a_branch_has_moved(self, tmp_path: Path) -> None:
        folders = {tmp_path / "a.git": "a", tmp_path / "b" / ".git": "b"}
        changed = [str(tmp_path / "a.git" / "refs" / "heads" / "main"), str(tmp_path / "b" / ".git" / "packed-refs")]

        assert freshness.changed_repositories(changed, folders) == {"a", "b"}

    @pytest.mark.parametrize("path", ["objects/aa/bb", "refs/heads/main.lock", "index", "COMMIT_EDITMSG", "config"])
    def test_is_not_disturbed_by_other_files(self, tmp_path: Path, path: str) -> None:
        assert freshness.changed_repositories([str(tmp_path / path)], {tmp_path: "a"}) == set()

    def test_brings_a_commit_into_the_mirror(
        self, made: House, mirrored: Repository, upstream: made_of.Repository
    ) -> None:
        keeper = freshness.Keeper(made.grove.database)
        keeper.start()
        try:
            # The watch begins within a moment; commits go on until one is seen.
            for number in range(50):
                upstream.commit({"pay.py": f"pay = {number + 2}\n"})
                if _soon(lambda: bool(waiting(made)), seconds=1.0):
                    break
            assert [job.kind for job in waiting(made)] == ["mirror.sync"]
        finally:
            keeper.stop()


def _soon(is_so: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.05)
    return False
