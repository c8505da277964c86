"""Workspaces promoted to stand-ins of the forges: real git, real HTTPS, the forges' own dialects."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text, update

from grove import policies
from grove.accounts import Role
from grove.activity import AuditUnwritable
from grove.api import create_app
from grove.forges import CheckState, ForgeCredentialRejected, ForgeRateLimited, PullsUnsupported
from grove.git import PushRejected
from grove.kit import faults
from grove.kit.gate import Actor, Denied
from grove.policies import PolicyDraft
from grove.promotions import (
    BranchTaken,
    NothingToPromote,
    PathsGuarded,
    Promotion,
    PromotionMoved,
    PromotionNotFound,
    PromotionNotWaiting,
    PromotionState,
    SecretsFound,
    TargetUnknown,
    Wish,
    has_open,
    list_waiting,
    refuse,
    request_finishing,
)
from grove.promotions.finishing import CUT_OFF_AFTER
from grove.promotions.tables import PromotionRow
from grove.workspaces import Edit, EditKind, Workspace, WorkspaceDirty, WorkspaceNotFound
from tests.support.git_repositories import Repository, git
from tests.support.git_server import GitServer, serving
from tests.support.grove import ADMIN_TOKEN, House, house
from tests.support.pull_forge import FORGES, PullForge
from tests.support.sources import connect, sync

TOKEN = "forge-token-0123456789"
OWNERS = {
    "github": {".github/CODEOWNERS": "* @acme/core\n/src/ @ada @bob\n"},
    "gitlab": {".gitlab/CODEOWNERS": "* @acme/core\n/src/ @ada @bob\n"},
    "bitbucket": {".bitbucket/CODEOWNERS": "* @acme/core\n/src/ @ada @bob\n"},
    "gitea": {".gitea/CODEOWNERS": "docs/.* @acme/core\nsrc/.* @ada @bob\n"},
}
"""Who owns what, as each forge has it written."""
KEY = "AKIA" + "IOSFODNN7EXAMPLE"


class Place:
    """A Grove, a forge, and a workspace of its repository with one commit."""

    def __init__(self, made: House, forge: PullForge, host: GitServer) -> None:
        self.made = made
        self.forge = forge
        self.host = host
        self.repository = connect(made, host.url("acme/shop.git"), token=TOKEN)
        made.work()

    def opened(self, name: str = "fix") -> Workspace:
        return self.made.grove.workspaces.create(
            self.made.admin, repository="shop", name=name, target="", now=self.made.now
        )

    def commit(self, path: str = "src/cart.py", text: str = "total = 1\n", name: str = "fix") -> Workspace:
        edit = Edit(kind=EditKind.WRITE, path=path, content=text.encode())
        desk, admin = self.made.grove.workspaces, self.made.admin
        desk.edit(admin, name, edits=[edit], now=self.made.now)
        return desk.commit_changes(admin, name, message=f"Change {path}", now=self.made.now)

    def promote(self, name: str = "fix", **wish: Any) -> Promotion:
        return self.made.grove.promotions.promote(self.made.admin, name, wish=Wish(**wish), now=self.made.now)

    def sync(self) -> None:
        sync(self.made, self.repository)

    def look_after(self) -> None:
        """Take the step of the round, and do the work that it finds."""
        with self.made.grove.database.transaction() as tx:
            request_finishing(tx, tenant_id=self.made.admin.tenant_id, now=self.made.now)
        self.made.work()

    def grow_old(self) -> None:
        with self.made.grove.database.transaction() as tx:
            tx.session.execute(update(PromotionRow).values(updated_at=self.made.now - CUT_OFF_AFTER))

    def status(self, name: str = "fix") -> Promotion:
        return self.made.grove.promotions.get(self.made.admin, name, now=self.made.now)


def place_at(tmp_path: Path, kind: str, **settings: Any) -> Iterator[Place]:
    with serving(tmp_path) as host:
        upstream = Repository.new(tmp_path / "acme" / "shop.git")
        upstream.commit({"src/cart.py": "total = 0\n", **OWNERS[kind]})
        git(upstream.path, "config", "http.receivepack", "true")
        host.behaviour.token = TOKEN
        forge = FORGES[kind](repository=upstream, token=TOKEN)
        host.behaviour.api = forge
        given: dict[str, Any] = {
            "git_ca_file": host.ca_file,
            "allowed_networks": (ip_network("127.0.0.0/8"),),
            "forges": {f"localhost:{host.port}": kind},
            "forge_apis": {f"localhost:{host.port}": host.url(forge.api.lstrip("/"))},
            **settings,
        }
        with house(tmp_path / "data", **given) as made:
            yield Place(made, forge, host)
        assert forge.faults == []


@pytest.fixture(params=sorted(FORGES))
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    yield from place_at(tmp_path, request.param)


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Place]:
    yield from place_at(tmp_path, "github")


class TestWhatCannotBeWrittenDown:
    def test_is_not_promoted(self, github: Place) -> None:
        github.opened()
        github.commit()
        with github.made.grove.database.transaction() as tx:
            tx.session.execute(
                text("CREATE TRIGGER shut BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(FAIL, 'shut'); END")
            )
        with pytest.raises(AuditUnwritable):
            github.promote()
        assert [ref for ref in github.forge.repository.refs() if "ws/" in ref] == []
        assert github.forge.pulls == []


class TestPromoting:
    def test_pushes_a_branch_and_opens_a_draft(self, place: Place) -> None:
        place.opened()
        workspace = place.commit()
        promoted = place.promote(title="Count from one", body="Because.")

        (pull,) = place.forge.pulls
        assert pull["title"].endswith("Count from one")
        assert pull["draft"] is promoted.draft is True
        assert (pull["branch"], pull["target"], pull["body"]) == (promoted.branch, "main", "Because.")
        assert promoted.branch == f"ws/fix-{workspace.id[-6:]}"
        assert place.forge.repository.refs()[f"refs/heads/{promoted.branch}"] == workspace.head == promoted.pushed
        assert (promoted.state, promoted.number) == (PromotionState.OPEN, 1)
        assert sorted(promoted.reviewers) == sorted(place.forge.invited) == ["ada", "bob"]
        # A Bitbucket of one's own goes by every line of the file, and asks people alone.
        unasked = {"acme/core"} if place.forge.name == "bitbucket" else set()
        assert {each.name for each in promoted.unasked} == unasked

    def test_brings_the_open_one_up_to_date(self, place: Place) -> None:
        place.opened()
        place.commit()
        first = place.promote()
        workspace = place.commit(text="total = 2\n")
        second = place.promote(title="Count from two", draft=False)

        assert len(place.forge.pulls) == 1
        assert second.number == first.number
        assert place.forge.pulls[0]["title"].endswith("Count from two")
        assert second.pushed == workspace.head

    def test_leaves_what_people_made_of_it_at_the_forge(self, place: Place) -> None:
        place.opened()
        place.commit()
        place.promote(title="Count", body="Because.", target="main")
        mark = {"gitlab": "Draft: ", "gitea": "WIP: "}.get(place.forge.name, "")
        place.forge.pulls[0].update(title=f"{mark}Better", body="Better still.")
        place.commit(text="total = 2\n")
        place.promote()
        assert [(pull["title"], pull["body"]) for pull in place.forge.pulls] == [(f"{mark}Better", "Better still.")]

        place.forge.pulls[0].update(title="Better", draft=False)
        assert place.promote().draft is False
        assert place.forge.pulls[0]["title"] == "Better"

    def test_moves_the_open_one_to_another_branch_and_opens_no_second(self, place: Place) -> None:
        git(place.forge.repository.path, "update-ref", "refs/heads/release", "refs/heads/main")
        place.sync()
        place.opened()
        place.commit()
        first = place.promote()
        moved = place.promote(target="release")

        assert (moved.number, moved.target) == (first.number, "release")
        assert [pull["target"] for pull in place.forge.pulls] == ["release"]
        place.commit(text="total = 2\n")
        assert place.promote().target == "release"

    def test_opens_no_second_after_a_crash_or_beside_another(self, place: Place) -> None:
        place.opened()
        place.commit()
        forge = place.forge

        def quicker() -> None:
            forge.before_opening = lambda: None
            branch = next(name for name in forge.repository.refs() if "/ws/" in name).removeprefix("refs/heads/")
            forge.opened(branch=branch, target="main", title="Quicker", body="", draft=True)

        forge.before_opening = quicker
        promoted = place.promote()

        assert [pull["title"] for pull in forge.pulls] == ["Quicker"]
        assert promoted.number == 1

    @pytest.mark.parametrize("point", ["promotion.pushed", "promotion.opened"])
    def test_is_done_once_after_being_cut_off(self, github: Place, tmp_path: Path, point: str) -> None:
        github.opened()
        workspace = github.commit()
        faults.arm(f"{point}:error", folder=tmp_path)
        with pytest.raises(OSError, match=point):
            github.promote()

        found = github.status()
        is_opened = point == "promotion.opened"
        assert found.state is (PromotionState.OPEN if is_opened else PromotionState.PUSHING)
        assert (found.number, found.pushed) == (1 if is_opened else None, workspace.head)
        promoted = github.promote()

        assert (tmp_path / f"fault-{point}").exists()
        assert len(github.forge.pulls) == 1
        assert (promoted.number, promoted.pushed) == (1, workspace.head)

    def test_that_was_cut_off_is_finished_by_a_round(self, place: Place, tmp_path: Path) -> None:
        place.opened()
        workspace = place.commit()
        faults.arm("promotion.pushed:error", folder=tmp_path)
        with pytest.raises(OSError, match=r"promotion\.pushed"):
            place.promote(title="Count from one", body="Because.")
        place.look_after()
        assert place.forge.pulls == [], "it may still be going on"

        place.grow_old()
        place.look_after()
        (pull,) = place.forge.pulls
        assert (pull["target"], pull["body"]) == ("main", "Because.")
        assert pull["title"].endswith("Count from one")
        found = place.status()
        assert (found.state, found.number, found.pushed) == (PromotionState.OPEN, 1, workspace.head)
        assert found.reviewers

    def test_that_was_cut_off_before_its_commits_were_pushed_says_so(self, github: Place) -> None:
        github.opened()
        github.commit()
        branch = github.promote().branch
        github.forge.pulls.clear()
        with github.made.grove.database.transaction() as tx:
            begun = update(PromotionRow).values(state=PromotionState.PUSHING, number=None, pushed="")
            tx.session.execute(begun)
        git(github.forge.repository.path, "update-ref", "-d", f"refs/heads/{branch}")
        github.grow_old()
        github.look_after()

        assert github.forge.pulls == []
        assert github.status().state is PromotionState.STOPPED

    def test_shows_checks_and_the_end(self, place: Place) -> None:
        place.opened()
        place.commit()
        place.promote()
        place.forge.checks = [
            {"name": "test", "status": "completed", "conclusion": "success", "html_url": "https://ci.test/1"},
            {"name": "lint", "status": "completed", "conclusion": "failure", "html_url": "https://ci.test/2"},
            {"name": "slow", "status": "in_progress", "conclusion": None, "html_url": ""},
        ]
        checks = {check.name: check.state for check in place.status().checks}
        assert checks == {"test": CheckState.PASSED, "lint": CheckState.FAILED, "slow": CheckState.WAITING}

        place.forge.pulls[0]["state"] = "merged"
        sync(place.made, place.repository)
        with place.made.grove.database.reading() as tx:
            assert not has_open(tx, repository_id=place.repository.id)
        assert place.status().state is PromotionState.MERGED

    def test_of_each_branch_of_a_workspace_has_a_pull_request_of_its_own(self, github: Place) -> None:
        github.opened()
        github.commit()
        first = github.promote()
        github.made.grove.branches.switch(
            github.made.admin, "fix", branch="trial", creates=True, ref="main", now=github.made.now
        )
        with pytest.raises(PromotionNotFound):
            github.status()
        github.commit(text="total = 2\n")
        second = github.promote()

        assert (first.number, second.number) == (1, 2)
        assert second.branch.startswith("ws/trial-")
        github.made.grove.branches.switch(github.made.admin, "fix", branch="fix", now=github.made.now)
        assert github.status().number == 1

    def test_begins_anew_when_the_first_was_closed(self, place: Place) -> None:
        place.opened()
        place.commit()
        place.promote()
        place.forge.pulls[0]["state"] = "closed"
        assert place.status().state is PromotionState.CLOSED

        place.commit(text="total = 3\n")
        assert place.promote().number == 2


class TestTheOpenOne:
    @pytest.mark.parametrize("kind", sorted(FORGES))
    def test_is_found_on_any_page_and_is_never_that_of_a_fork(self, tmp_path: Path, kind: str) -> None:
        for place in place_at(tmp_path, kind):
            place.forge.page_size = 2
            place.opened()
            workspace = place.commit()
            branch = f"ws/fix-{workspace.id[-6:]}"
            for other in ("a", "b", 'quo"ted', "日本", "e"):
                place.forge.opened(branch=other, target="main", title=other, body="", draft=False)
            place.forge.opened(branch=branch, target="main", title="Foreign", body="", draft=False, foreign=True)
            place.forge.opened(branch=branch, target="main", title="Ours", body="", draft=True)

            promoted = place.promote(title="Better")

            assert promoted.number == 7
            assert [pull["title"] for pull in place.forge.pulls[5:]] == ["Foreign", place.forge.pulls[6]["title"]]
            assert place.forge.pulls[6]["title"].endswith("Better")


ASKING = """@id("people_decide") @reason("a person approves it")
forbid (principal in Grove::Role::"developer", action == Grove::Action::"workspace.promote_unasked", resource)
unless { principal in Grove::Role::"admin" };"""


WISH = Wish(title="One of them", body="Why.", draft=False)


class TestAPolicyThatAsksAHuman:
    def test_keeps_commits_here_until_somebody_approves_just_those(self, github: Place) -> None:
        made, desk, now = github.made, github.made.grove.promotions, github.made.now
        developer, workspace = committed(github)
        name = workspace.id

        asked = desk.promote(developer, name, wish=WISH, now=now)
        assert (asked.waiting, asked.pushed, asked.number) == (workspace.head, "", None)
        assert desk.get(developer, name, now=now).waiting == workspace.head
        assert not [ref for ref in github.forge.repository.refs() if "/ws/" in ref]

        edit = Edit(kind=EditKind.WRITE, path="src/cart.py", content=b"total = 2\n")
        made.grove.workspaces.edit(developer, name, edits=[edit], now=now)
        made.grove.workspaces.commit_changes(developer, name, message="Two", now=now)
        with pytest.raises(PromotionMoved):
            desk.promote(made.admin, name, wish=Wish(), now=now)
        desk.promote(developer, name, wish=WISH, now=now)

        approved = desk.promote(made.admin, name, wish=Wish(), now=now)
        assert (approved.waiting, approved.number, approved.draft) == ("", 1, False)
        assert [(pull["title"], pull["body"]) for pull in github.forge.pulls] == [("One of them", "Why.")]

    def test_shows_what_waits_to_those_who_decide_and_to_its_owner(self, github: Place) -> None:
        made, now = github.made, github.made.now
        developer, workspace = asking(github)
        stranger, _ = made.actor(Role.DEVELOPER)

        with made.grove.database.reading() as tx:
            [seen] = list_waiting(tx, actor=made.admin)
            [own] = list_waiting(tx, actor=developer)
            assert list_waiting(tx, actor=stranger) == []
        assert (seen.promotion.waiting, seen.repository.name) == (workspace.head, github.repository.name)
        assert (seen.may_decide, own.may_decide) == (True, False)
        assert own.why_not

        with pytest.raises(Denied):
            made.grove.promotions.approve(developer, workspace.id, commit=workspace.head, now=now)
        with pytest.raises(PromotionMoved):
            made.grove.promotions.approve(made.admin, workspace.id, commit="0" * 40, now=now)
        approved = made.grove.promotions.approve(made.admin, workspace.id, commit=workspace.head, now=now)

        assert (approved.waiting, approved.title, approved.draft) == ("", "One of them", False)
        with made.grove.database.reading() as tx:
            assert list_waiting(tx, actor=made.admin) == []
        with pytest.raises(PromotionNotWaiting):
            made.grove.promotions.approve(made.admin, workspace.id, commit=workspace.head, now=now)

    def test_tells_the_owner_why_they_were_refused_until_they_ask_again(self, github: Place) -> None:
        made, desk, now = github.made, github.made.grove.promotions, github.made.now
        developer, workspace = asking(github)

        def refuse_by(actor: Actor, commit: str) -> Promotion:
            with made.grove.database.transaction() as tx:
                return refuse(tx, actor=actor, name=workspace.id, commit=commit, reason="Not like this.", now=now)

        with pytest.raises(Denied):
            refuse_by(developer, workspace.head)
        with pytest.raises(PromotionMoved):
            refuse_by(made.admin, "0" * 40)
        refuse_by(made.admin, workspace.head)

        told = desk.get(developer, workspace.id, now=now)
        assert (told.waiting, told.refusal, told.number) == ("", "Not like this.", None)
        assert github.forge.pulls == []
        with pytest.raises(PromotionNotWaiting):
            refuse_by(made.admin, workspace.head)
        again = desk.promote(developer, workspace.id, wish=Wish(), now=now)
        assert (again.waiting, again.refusal) == (workspace.head, "")

    def test_is_decided_through_the_door(self, github: Place) -> None:
        _developer, workspace = asking(github)
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        app = create_app(github.made.grove)
        with TestClient(app, base_url="http://localhost", headers=headers) as client:
            [waiting] = client.get("/api/v1/promotions").json()["items"]
            assert (waiting["commit"], waiting["title"], waiting["may_decide"]) == (workspace.head, "One of them", True)
            about = f"/api/v1/promotions/{workspace.id}"
            assert client.post(f"{about}/reject", json={"commit": workspace.head, "reason": ""}).status_code == 422
            moved = client.post(f"{about}/approve", json={"commit": "f" * 40})
            assert (moved.status_code, moved.json()["code"]) == (409, "promotion_moved")
            refused = client.post(f"{about}/reject", json={"commit": workspace.head, "reason": "No."}).json()
            assert (refused["waiting"], refused["refusal"]) == ("", "No.")
            assert client.get("/api/v1/promotions").json()["items"] == []


def asking(github: Place) -> tuple[Actor, Workspace]:
    """A developer whose commits have to wait, and their workspace with one that does."""
    developer, workspace = committed(github)
    github.made.grove.promotions.promote(developer, workspace.id, wish=WISH, now=github.made.now)
    return developer, workspace


def committed(github: Place) -> tuple[Actor, Workspace]:
    """A developer whose commits have to wait, and their workspace with one that nobody has asked for yet."""
    made, now = github.made, github.made.now
    with made.grove.database.transaction() as tx:
        policies.apply_policies(
            tx,
            actor=made.admin,
            draft=PolicyDraft(documents={"people.cedar": ASKING}),
            gate=made.grove.gate,
            origin="test",
            reason="a person decides",
            now=now,
        )
    developer, _ = made.actor(Role.DEVELOPER)
    name = made.grove.workspaces.create(developer, repository="shop", name="fix", target="", now=now).id
    edit = Edit(kind=EditKind.WRITE, path="src/cart.py", content=b"total = 1\n")
    made.grove.workspaces.edit(developer, name, edits=[edit], now=now)
    workspace = made.grove.workspaces.commit_changes(developer, name, message="One", now=now)
    return developer, workspace


class TestABusyForge:
    def test_is_not_asked_again_before_it_wants_to_be(self, github: Place) -> None:
        github.opened()
        github.commit()
        github.forge.limits = [{"Retry-After": "3600"}]
        with pytest.raises(ForgeRateLimited):
            github.promote()
        asked = len(github.forge.asked)

        with pytest.raises(ForgeRateLimited) as refused:
            github.promote()

        assert len(github.forge.asked) == asked
        seconds = refused.value.facts["retry_after_seconds"]
        assert isinstance(seconds, int)
        assert 3500 < seconds < 4000


class TestPromotingIsRefused:
    def test_when_there_is_nothing_or_something_is_not_committed(self, github: Place) -> None:
        github.opened()
        with pytest.raises(NothingToPromote):
            github.promote()
        with pytest.raises(PromotionNotFound):
            github.status()
        edit = Edit(kind=EditKind.WRITE, path="x", content=b"x")
        github.made.grove.workspaces.edit(github.made.admin, "fix", edits=[edit], now=github.made.now)
        with pytest.raises(WorkspaceDirty):
            github.promote()
        github.commit("y")
        with pytest.raises(TargetUnknown):
            github.promote(target="nowhere")

    def test_when_it_holds_secrets(self, github: Place) -> None:
        github.opened()
        github.commit("config.py", f"region = 1\n++ key\nkey = '{KEY}'\n")
        with pytest.raises(SecretsFound) as refused:
            github.promote()

        assert refused.value.facts["found"] == ["config.py:3 AWS Access Key"]
        assert KEY not in str(refused.value)
        assert github.forge.pulls == []
        assert github.promote(accept_secrets=True).number == 1

    def test_when_one_of_its_commits_holds_secrets_that_the_next_takes_out(self, github: Place) -> None:
        github.opened()
        github.commit("config.py", f"region = 1\nkey = '{KEY}'\n")
        github.commit("config.py", "region = 1\n")
        with pytest.raises(SecretsFound) as refused:
            github.promote()
        assert refused.value.facts["found"] == ["config.py:2 AWS Access Key"]
        assert not [ref for ref in github.forge.repository.refs() if "ws/" in ref]

    def test_not_for_secrets_that_a_merge_brings_in_from_the_mirror(self, github: Place) -> None:
        github.opened()
        github.commit()
        github.forge.repository.commit({"theirs.py": f"key = '{KEY}'\n"})
        sync(github.made, github.repository)
        github.made.grove.merges.merge(github.made.admin, "fix", now=github.made.now)
        assert github.promote().number == 1

    def test_when_it_changes_what_runs_without_the_right_to_that(self, github: Place) -> None:
        actor, _ = github.made.actor(Role.DEVELOPER)
        desk = github.made.grove.workspaces
        for path in (".github/workflows/ci.yml", "docs/CODEOWNERS", ".GitHub/Workflows/x.yml"):
            name = f"w{len(path)}"
            desk.create(actor, repository="shop", name=name, target="", now=github.made.now)
            edit = Edit(kind=EditKind.WRITE, path=path, content=b"on: push\n")
            desk.edit(actor, name, edits=[edit], now=github.made.now)
            made = desk.commit_changes(actor, name, message="Run", now=github.made.now)
            with pytest.raises(PathsGuarded) as refused:
                github.made.grove.promotions.promote(actor, name, wish=Wish(), now=github.made.now)
            assert refused.value.facts["paths"] == [path]

        assert github.promote(made.id).number == 1

    def test_to_others(self, github: Place) -> None:
        github.opened()
        workspace = github.commit()
        actor, _ = github.made.actor(Role.MAINTAINER)

        with pytest.raises(WorkspaceNotFound):
            github.made.grove.promotions.promote(actor, workspace.id, wish=Wish(), now=github.made.now)

    def test_when_somebody_has_worked_on_the_branch(self, github: Place) -> None:
        github.opened()
        github.commit()
        promoted = github.promote()
        github.forge.repository.commit({"theirs": "x"}, branch=promoted.branch)
        github.commit(text="total = 5\n")

        with pytest.raises(BranchTaken):
            github.promote()

    def test_by_the_host(self, github: Place) -> None:
        github.opened()
        github.commit()
        hook = github.forge.repository.path / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho no pushes on Fridays >&2\nexit 1\n")
        hook.chmod(0o755)

        with pytest.raises(PushRejected) as refused:
            github.promote()
        assert "no pushes on Fridays" in str(refused.value)
        assert github.status().state is PromotionState.STOPPED
        github.host.behaviour.token = github.forge.token = "another"
        with pytest.raises(Exception, match="credential"):
            github.promote()

    def test_where_there_is_no_forge(self, tmp_path: Path) -> None:
        upstream = Repository.new(tmp_path / "up" / "shop.git")
        upstream.commit({"a": "b"})
        with house(tmp_path / "data", local_roots=(tmp_path,)) as made:
            connect(made, str(upstream.path), name="shop")
            made.work()
            desk = made.grove.workspaces
            desk.create(made.admin, repository="shop", name="fix", target="", now=made.now)
            desk.edit(made.admin, "fix", edits=[Edit(kind=EditKind.WRITE, path="a", content=b"c")], now=made.now)
            desk.commit_changes(made.admin, "fix", message="c", now=made.now)
            with pytest.raises(PullsUnsupported):
                made.grove.promotions.promote(made.admin, "fix", wish=Wish(), now=made.now)

    def test_with_a_credential_that_opens_git_alone(self, tmp_path: Path) -> None:
        for place in place_at(tmp_path, "gitlab"):
            place.opened()
            place.commit()
            place.forge.token = "what the forge wants now"
            with pytest.raises(ForgeCredentialRejected):
                place.promote()


class TestPromotingOverHttp:
    def test_tells_the_pull_request_and_why_there_is_none(self, github: Place) -> None:
        github.opened()
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        with TestClient(create_app(github.made.grove), base_url="http://localhost", headers=headers) as client:
            path = "/api/v1/workspaces/fix/promotion"
            assert client.get(path).json()["code"] == "promotion_not_found"
            refused = client.post(path, json={})
            assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_promote")
            github.commit()
            promoted = client.post(path, json={"title": "One", "draft": False}).json()

            assert (promoted["state"], promoted["number"], promoted["draft"]) == ("open", 1, False)
            assert client.get(path).json()["url"] == "https://forge.test/pulls/1"
