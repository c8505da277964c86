"""Policies that follow a folder of a repository: applied as they are pushed, refused with reasons, left again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from grove import accounts, activity, followings, jobs, policies, repositories
from grove.accounts import Role
from grove.followings import FOLLOWING_JOB, Following, FollowingMissing
from grove.kit.gate import Actor, Denied
from grove.policies import PolicyDraft
from grove.repositories import RepositoryNotFound
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect, sync

FORKS = '@id("no_forks") forbid (principal, action == Grove::Action::"repository.connect", resource)\n'
GOOD = FORKS + "when { resource has fork && resource.fork };\n"
CASE = {
    "name": "a fork",
    "principal": {"role": "admin"},
    "action": "repository.connect",
    "resource": {"fork": True},
    "expect": "deny",
}
SHUT = '@id("shut") forbid (principal, action == Grove::Action::"policy.apply", resource);\n'


class Team:
    """A Grove with a repository of policies."""

    def __init__(self, made: House, folder: Path) -> None:
        self.made = made
        self.upstream = Repository.new(folder / "up" / "rules.git")
        self.push({"grove/forks.cedar": GOOD, "grove/cases.json": json.dumps([CASE]), "README.md": "rules\n"})
        self.rules = connect(made, str(self.upstream.path), name="rules")
        made.work_until_idle()

    def push(self, files: dict[str, str | None]) -> str:
        kept = {path: text for path, text in files.items() if text is not None}
        return self.upstream.commit(kept, deletes=files.keys() - kept.keys())

    def pushed(self, files: dict[str, str | None]) -> str:
        commit = self.push(files)
        sync(self.made, self.rules)
        self.made.work_until_idle()
        return commit

    def follow(self, *, actor: Actor | None = None, repository: str = "rules", branch: str = "") -> None:
        with self.made.grove.database.transaction() as tx:
            followings.follow_repository(
                tx,
                actor=actor or self.made.admin,
                repository=repository,
                branch=branch,
                folder="grove",
                now=self.made.now,
            )
        self.made.work_until_idle()

    def following(self) -> Following:
        with self.made.grove.database.reading() as tx:
            found = followings.current_following(tx, actor=self.made.admin)
        assert found is not None
        return found

    def version(self) -> policies.PolicyVersion | None:
        with self.made.grove.database.reading() as tx:
            return policies.policies_in_force(tx, actor=self.made.admin)

    def trail(self, action: str) -> list[activity.AuditEntry]:
        with self.made.grove.database.reading() as tx:
            found = activity.list_entries(tx, actor=self.made.admin, limit=100)
        return [entry for entry in found if entry.action == action]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    with house(tmp_path / "data", local_roots=[tmp_path]) as made:
        yield Team(made, tmp_path)


class TestFollowing:
    def test_applies_what_is_there_and_each_push_with_its_commit(self, team: Team) -> None:
        team.follow()
        first, begun = team.version(), team.following()
        commit = team.pushed({"grove/more.cedar": GOOD.replace("no_forks", "no_more_forks")})
        second, told = team.version(), team.following()

        assert first is not None
        assert second is not None
        assert (first.version, set(first.documents), len(first.cases)) == (1, {"forks.cedar"}, 1)
        assert begun.version == 1
        assert (second.version, set(second.documents)) == (2, {"forks.cedar", "more.cedar"})
        assert second.origin == f"rules@{commit[:12]}/grove"
        assert (told.revision, told.version, told.problem) == (commit, 2, None)
        assert team.trail("policy.apply")[0].facts["reason"] == f"followed at {commit}"

    def test_makes_no_version_of_a_push_that_changes_nothing_of_them(self, team: Team) -> None:
        team.follow()
        commit = team.pushed({"README.md": "more words\n"})

        assert team.following().revision == commit
        assert (version := team.version()) is not None
        assert version.version == 1

    @pytest.mark.parametrize(
        ("files", "code", "told"),
        [
            ({"grove/bad.cedar": "permit ("}, "policies_invalid", "bad.cedar"),
            (
                {"grove/forks.cedar": GOOD.replace("resource.fork", "resource.colour")},
                "policies_invalid",
                "forks.cedar",
            ),
            ({"grove/cases.json": json.dumps([CASE | {"expect": "allow"}])}, "policy_cases_failed", "a fork"),
            ({"grove/cases.json": '[{"name": "x"}]'}, "policy_case_invalid", "x"),
            ({"grove/cases.json": json.dumps([CASE | {"resource": {"host": 1.5}}])}, "policy_case_invalid", "a fork"),
            ({"grove/cases.json": json.dumps([CASE | {"name": "\ud800"}])}, "policy_case_invalid", "case 1"),
            ({"grove/cases.json": "{"}, "policy_files_unreadable", "cases.json"),
            ({"grove/a\x1b.cedar": GOOD}, "policy_files_unreadable", "a\\x1b.cedar"),
            ({"grove/shut.cedar": SHUT}, "policies_lock_out", "shut"),
            ({"grove/forks.cedar": None, "grove/cases.json": None}, "path_missing", ""),
        ],
    )
    def test_refuses_a_bad_set_with_reasons_and_keeps_the_last_good_one(
        self, team: Team, *, files: dict[str, str | None], code: str, told: str
    ) -> None:
        team.follow()
        good = team.version()
        team.pushed(files)
        refused = team.following()
        kept = team.version()
        mended = team.pushed({**dict.fromkeys(files), "grove/forks.cedar": GOOD + "// mended\n"})
        after = team.following()

        assert kept == good
        assert refused.problem is not None
        assert refused.problem["code"] == code
        assert told in refused.problem["message"]
        assert team.trail("policy.refused")[0].facts["code"] == code
        assert (after.revision, after.problem, after.version) == (mended, None, 2)

    def test_of_a_branch_does_not_heed_the_others(self, team: Team) -> None:
        team.follow(branch="release")
        told = team.following()

        assert told.problem is not None
        assert team.version() is None

    def test_ends_with_the_version_that_is_in_force(self, team: Team) -> None:
        team.follow()
        with team.made.grove.database.transaction() as tx:
            followings.stop_following(tx, actor=team.made.admin, now=team.made.now)
        team.pushed({"grove/bad.cedar": "permit ("})

        assert (version := team.version()) is not None
        assert version.version == 1
        with team.made.grove.database.transaction() as tx:
            assert followings.current_following(tx, actor=team.made.admin) is None
            with pytest.raises(FollowingMissing):
                followings.stop_following(tx, actor=team.made.admin, now=team.made.now)
        assert team.trail("policy.unfollow")

    def test_outlives_the_repository_with_the_last_good_set(self, team: Team) -> None:
        team.follow()
        with team.made.grove.database.transaction() as tx:
            repositories.remove_repository(tx, actor=team.made.admin, repository_id=team.rules.id, now=team.made.now)
        team.made.work_until_idle()
        with team.made.grove.database.transaction() as tx:
            followings.enqueue_following(
                tx, tenant_id=team.made.admin.tenant_id, requested_by=team.made.admin.id, now=team.made.now
            )
        team.made.work_until_idle()
        problem = team.following().problem

        assert problem is not None
        assert problem["code"] == RepositoryNotFound.code
        assert (version := team.version()) is not None
        assert version.version == 1


class TestWhoMayFollow:
    def test_are_those_who_may_apply_policies(self, team: Team) -> None:
        maintainer, _ = team.made.actor(Role.MAINTAINER)

        with pytest.raises(Denied):
            team.follow(actor=maintainer)
        with pytest.raises(RepositoryNotFound):
            team.follow(repository="nowhere")

    def test_is_asked_again_at_each_push(self, team: Team) -> None:
        other, _ = team.made.actor(Role.ADMIN, name="ada")
        team.follow(actor=other)
        with team.made.grove.database.transaction() as tx:
            accounts.set_principal_active(
                tx, actor=team.made.admin, principal_id=other.id, active=False, now=team.made.now
            )
        team.pushed({"grove/more.cedar": GOOD.replace("no_forks", "no_more_forks")})
        told = team.following()
        with team.made.grove.database.reading() as tx:
            job = next(one for one in jobs.list_jobs(tx, actor=team.made.admin, limit=50) if one.kind == FOLLOWING_JOB)

        assert job.error is not None
        assert job.error["code"] == "denied"
        assert told.problem is not None
        assert told.problem["code"] == "denied"
        assert (version := team.version()) is not None
        assert version.version == 1

    def test_an_applied_draft_is_replaced_by_the_next_push(self, team: Team) -> None:
        team.follow()
        with team.made.grove.database.transaction() as tx:
            policies.apply_policies(
                tx,
                actor=team.made.admin,
                draft=PolicyDraft(documents={}),
                gate=team.made.grove.gate,
                origin="api",
                reason="in a hurry",
                now=team.made.now,
            )
        team.pushed({"README.md": "again\n"})

        assert (version := team.version()) is not None
        assert set(version.documents) == {"forks.cedar"}


class TestARollBack:
    def test_pauses_until_it_is_resumed_and_says_so(self, team: Team) -> None:
        team.follow()
        made = team.made
        team.pushed({"grove/more.cedar": GOOD.replace("no_forks", "no_more_forks")})
        with made.grove.database.transaction() as tx:
            policies.roll_back_policies(
                tx, actor=made.admin, version=1, gate=made.grove.gate, reason="it broke", now=made.now
            )
        team.pushed({"grove/third.cedar": GOOD.replace("no_forks", "no_third_forks")})
        paused = team.following()

        assert (paused.paused_by, paused.version) == ("admin", 2)
        assert paused.by_hand is not None
        assert (paused.by_hand.version, paused.by_hand.origin, paused.by_hand.reason) == (3, "version 1", "it broke")

        with made.grove.database.transaction() as tx:
            followings.resume_following(tx, actor=made.admin, now=made.now)
        made.work_until_idle()
        resumed = team.following()

        assert (resumed.paused_at, resumed.by_hand, resumed.version) == (None, None, 4)
        assert (version := team.version()) is not None
        assert set(version.documents) == {"forks.cedar", "more.cedar", "third.cedar"}
        assert team.trail("policy.resume")

    def test_is_resumed_by_those_alone_who_may_apply_policies_and_when_something_is_followed(self, team: Team) -> None:
        maintainer, _ = team.made.actor(Role.MAINTAINER)
        for actor, refusal in ((maintainer, Denied), (team.made.admin, FollowingMissing)):
            with pytest.raises(refusal), team.made.grove.database.transaction() as tx:
                followings.resume_following(tx, actor=actor, now=team.made.now)

    def test_by_hand_is_told_where_a_draft_was_applied(self, team: Team) -> None:
        team.follow()
        with team.made.grove.database.transaction() as tx:
            policies.apply_policies(
                tx,
                actor=team.made.admin,
                draft=PolicyDraft(documents={}),
                gate=team.made.grove.gate,
                origin="api",
                reason="in a hurry",
                now=team.made.now,
            )
        told = team.following()

        assert (told.paused_at, told.version) == (None, 1)
        assert told.by_hand is not None
        assert told.by_hand.version == 2
