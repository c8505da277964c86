"""Forges are asked whether they let us read a repository, and what they say counts at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from grove import activity, grants, workspaces
from grove.jobs import JobState
from grove.kit.transactions import Transaction
from grove.mirrors import MirrorWithheld, refs_to_show
from grove.repositories import Access, Repository, ScreenStatus, screen_status_of, why_not_ready
from grove.search import Question
from tests.grants.conftest import Kept
from tests.support.git_server import Raw
from tests.support.sources import last_job, now_of, sync

Keep = Callable[..., Kept]
FORGES = ("github", "gitlab", "gitea")


def check(kept: Kept) -> Repository:
    """Have the forge asked, and wait for its answer."""
    with kept.made.grove.database.transaction() as tx:
        grants.request_check(tx, actor=kept.made.admin, repository_id=kept.repository.id, now=kept.made.now)
    kept.made.work()
    assert last_job(kept.made, kept.repository, kind="access.check").state is JobState.SUCCEEDED
    return now_of(kept.made, kept.repository)


def found(kept: Kept) -> int:
    return len(kept.made.grove.search.run(kept.made.admin, Question(text="settle_invoice")).files)


def change(kept: Kept, act: Callable[[Transaction], Any]) -> None:
    with kept.made.grove.database.transaction() as tx:
        act(tx)


def age(kept: Kept, hours: float) -> None:
    """Let time go by since the forge was asked last."""
    at = (kept.made.now - timedelta(hours=hours)).replace(tzinfo=None).isoformat(" ")
    with kept.made.grove.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE repositories SET access_confirmed_at = ?", (at,))
        connection.exec_driver_sql("UPDATE access_checks SET next_check_at = ?", (at,))


class TestAForgeThatSaysYes:
    @pytest.mark.parametrize("forge", FORGES)
    def test_confirms_what_was_granted_when_its_api_is_asked(self, keep: Keep, forge: str) -> None:
        kept = keep(forge)
        age(kept, 5)

        checked = check(kept)

        assert checked.access is Access.GRANTED
        assert checked.access_confirmed_at is not None
        assert kept.made.now - checked.access_confirmed_at < timedelta(minutes=1)
        assert len(kept.forge.asked) == 1

    def test_is_asked_by_git_when_there_is_no_credential(self, keep: Keep) -> None:
        kept = keep("github", token=None)
        kept.forge.server.requests.clear()

        kept.forge.always = (404, {"message": "Not Found"})
        assert check(kept).access is Access.GRANTED
        assert any("info/refs" in target for _, target, _ in kept.forge.server.requests)

    def test_is_asked_by_git_when_the_token_lacks_the_scope_for_the_api(self, keep: Keep) -> None:
        kept = keep("gitlab")
        kept.forge.always = (403, {"error": "insufficient_scope", "scope": "api read_api"})

        assert check(kept).access is Access.GRANTED


class TestAForgeThatSaysNo:
    @pytest.mark.parametrize(("forge", "status"), [("github", 401), ("gitlab", 403), ("gitea", 404), ("github", 410)])
    def test_takes_access_away_at_once(self, keep: Keep, forge: str, status: int) -> None:
        kept = keep(forge)
        assert found(kept) == 1
        kept.forge.always = (status, {"message": "no"})

        refused = check(kept)

        assert refused.access is Access.REFUSED
        assert screen_status_of(refused) is ScreenStatus.ATTENTION
        assert f"It answered {status}." in why_not_ready(refused)
        assert "Last confirmed" in why_not_ready(refused)
        assert found(kept) == 0
        with pytest.raises(MirrorWithheld):
            kept.made.grove.search.read_file(kept.made.admin, repository=refused.id, path="main.py")
        with pytest.raises(MirrorWithheld), kept.made.grove.database.reading() as tx:
            refs_to_show(tx, repository=refused)

    def test_says_so_in_the_answers_of_searches(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.always = (404, {})
        check(kept)

        answer = kept.made.grove.search.run(kept.made.admin, Question(text="settle_invoice"))

        assert [skipped.reason for skipped in answer.truth.skipped] == ["access_refused"]

    def test_closes_workspaces_but_lets_them_be_ended(self, keep: Keep) -> None:
        kept = keep()
        desk, admin = kept.made.grove.workspaces, kept.made.admin
        desk.create(admin, repository=kept.repository.id, name="fix", target="", now=kept.made.now)
        kept.forge.always = (403, {})
        check(kept)

        with pytest.raises(MirrorWithheld):
            desk.read(admin, "fix", path="main.py")
        with pytest.raises(MirrorWithheld), kept.made.grove.database.reading() as tx:
            workspaces.open_workspace(tx, actor=admin, name="fix", changing=True)
        assert desk.end(admin, "fix", now=kept.made.now).ended_at is not None

    @pytest.mark.parametrize("status", [401, 404])
    def test_takes_access_away_by_a_git_server_at_the_next_sync(self, keep: Keep, status: int) -> None:
        kept = keep("github", token=None)
        kept.forge.server.behaviour.status = status

        sync(kept.made, kept.repository)

        assert now_of(kept.made, kept.repository).access is Access.REFUSED
        assert found(kept) == 0

    def test_gives_it_back_when_it_says_yes_again_and_is_synced(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.always = (401, {})
        check(kept)
        kept.forge.always = None

        returned = check(kept)

        assert (returned.access, returned.problem) == (Access.GRANTED, None)
        assert found(kept) == 1
        assert last_job(kept.made, kept.repository, kind="mirror.sync").state is JobState.SUCCEEDED

    def test_is_asked_before_a_sync_which_then_does_not_happen(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.always = (403, {})
        check(kept)

        job = sync(kept.made, kept.repository)

        assert (job.state, (job.error or {})["code"]) == (JobState.FAILED, "access_refused")
        assert found(kept) == 0

    def test_is_written_to_the_audit_trail(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.always = (410, {})
        check(kept)

        with kept.made.grove.database.reading() as tx:
            entries = activity.list_entries(tx, actor=kept.made.admin, limit=20)
        entry = next(each for each in entries if each.action == "repository.access")
        assert (entry.facts["before"], entry.facts["after"]) == ("granted", "refused")


class TestAForgeThatDoesNotAnswer:
    @pytest.mark.parametrize(
        "silence",
        [
            (503, {}),
            Raw(403, {"Retry-After": "900"}),
            Raw(200, {}, b"<html>Sign in</html>", "text/html"),
            Raw(200, {}, b'{"message": "moved"}'),
            Raw(301, {"Location": "https://localhost:1/api/v3/repositories/7"}),
        ],
    )
    def test_keeps_access_and_shows_how_old_it_is(self, keep: Keep, silence: Any) -> None:
        kept = keep()
        age(kept, 5)
        kept.forge.always = silence

        unsure = check(kept)

        assert unsure.access is Access.UNSURE
        assert unsure.access_confirmed_at is not None
        assert kept.made.now - unsure.access_confirmed_at > timedelta(hours=4)
        assert unsure.access_problem is not None
        assert found(kept) == 1

    def test_loses_it_when_the_grace_is_over(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.always = (503, {})
        age(kept, 25)

        refused = check(kept)

        assert (refused.access_problem or {})["code"] == "access_unconfirmed"
        assert found(kept) == 0

    def test_loses_it_also_when_nobody_asks_again(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.always = (503, {})
        check(kept)
        age(kept, 25)

        patience = grants.Patience()
        with kept.made.grove.database.reading() as tx:
            assert grants.is_check_due(tx, patience=patience, now=kept.made.now)
        change(kept, lambda tx: grants.check_due(tx, patience=patience, now=kept.made.now))

        assert now_of(kept.made, kept.repository).access is Access.REFUSED

    def test_takes_no_refusal_back(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.always = (404, {})
        check(kept)
        kept.forge.always = (502, {})

        assert (check(kept).access_problem or {})["code"] == "forge_repository_not_found"

    def test_is_left_alone_for_as_long_as_it_wants(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.always = Raw(429, {"Retry-After": "7200"})
        check(kept)

        for hours, is_due in ((1.9, False), (2.1, True)):
            with kept.made.grove.database.reading() as tx:
                now = kept.made.now + timedelta(hours=hours)
                assert grants.is_check_due(tx, patience=grants.Patience(), now=now) is is_due


class TestTheSchedule:
    def test_asks_in_its_time_and_then_not_before_the_next(self, keep: Keep) -> None:
        kept = keep()
        age(kept, 1)

        change(kept, lambda tx: grants.check_due(tx, patience=grants.Patience(), now=kept.made.now))
        kept.made.work()

        assert len(kept.forge.asked) == 1
        with kept.made.grove.database.reading() as tx:
            assert not grants.is_check_due(tx, patience=grants.Patience(), now=kept.made.now)

    def test_does_not_wait_for_a_time_that_a_wrong_clock_named(self, keep: Keep) -> None:
        kept = keep()
        age(kept, -365 * 24)

        with kept.made.grove.database.reading() as tx:
            assert grants.is_check_due(tx, patience=grants.Patience(), now=kept.made.now)
        change(kept, lambda tx: grants.check_due(tx, patience=grants.Patience(), now=kept.made.now))
        kept.made.work()

        assert len(kept.forge.asked) == 1

    def test_is_due_when_the_clock_comes_back_after_a_day(self, keep: Keep) -> None:
        kept = keep()
        age(kept, -25)

        with kept.made.grove.database.reading() as tx:
            assert grants.is_check_due(tx, patience=grants.Patience(grace=timedelta(days=9)), now=kept.made.now)

    def test_waits_for_as_long_as_the_forge_told(self, keep: Keep) -> None:
        kept = keep()
        age(kept, -20)
        with kept.made.grove.database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE access_checks SET failures = 1")

        with kept.made.grove.database.reading() as tx:
            assert not grants.is_check_due(tx, patience=grants.Patience(), now=kept.made.now)

    def test_sends_the_token_to_no_other_host(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.always = Raw(302, {"Location": f"https://127.0.0.1:{kept.forge.server.port}/api/stolen"})

        assert check(kept).access is Access.UNSURE
        assert not any("stolen" in target for _, target, _ in kept.forge.server.requests)
