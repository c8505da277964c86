"""Private source does not reach a public repository because an agent says so: a person approves it, or a policy."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from fastapi.testclient import TestClient
from sqlalchemy import update

from grove import accounts, policies, repositories
from grove.accounts import PrincipalKind, Role, Scope
from grove.api import create_app
from grove.kit.gate import Actor, Denied, Source
from grove.mcp import Caller
from grove.policies import PolicyDraft
from grove.promotions import Promotion, Wish, list_waiting, refuse
from grove.repositories.tables import RepositoryRow
from grove.usage import Act, Use
from grove.workspaces import Edit, EditKind, Workspace, WorkspaceNotFound
from tests.cli.conftest import CommandLine
from tests.mcp.client import Tools
from tests.promotions.test_promotions import Place, place_at
from tests.support.git_repositories import Repository
from tests.support.sources import connect

REASON = "private source may be in it, and others may read where it goes: a person has to approve it"
AT_GITHUB = {
    "public": {"private": False, "visibility": "public"},
    "private": {"private": True, "visibility": "private"},
}
SHUT = """@id("hidden") @reason("not for developers")
forbid (principal, action in [Grove::Action::"file.read", Grove::Action::"search.run"], resource)
when { resource has name && resource.name == "secret" } unless { principal in Grove::Role::"admin" };"""
OPEN = """@id("agents_publish") @reason("agents may publish")
permit (principal, action == Grove::Action::"workspace.disclose", resource)
when { resource has repository && resource.repository like "*acme/shop" };"""


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Place]:
    """A public repository at a forge, kept beside a private folder."""
    for place in place_at(tmp_path, "github", local_roots=(tmp_path,)):
        place.forge.openness = AT_GITHUB["public"]
        hidden = Repository.new(tmp_path / "secret.git")
        hidden.commit({"plan.md": "what nobody else may know\n"})
        connect(place.made, str(hidden.path), name="secret")
        place.made.work()
        yield place


def agent_of(place: Place, user: Actor, *, name: str = "robot") -> tuple[Actor, str]:
    """An agent of a user, and the secret of its token."""
    made = place.made
    with made.grove.database.transaction() as tx:
        agent = accounts.create_principal(
            tx, actor=user, kind=PrincipalKind.AGENT, name=name, role=Role.DEVELOPER, email=None, now=made.now
        )
        tx.session.flush()
        issued = accounts.issue_token(
            tx, actor=user, principal_id=agent.id, name="test", scopes=frozenset(Scope), now=made.now
        )
        return accounts.authenticate(tx, secret=issued.secret, source=Source.API, now=made.now), issued.secret


def committed_by(place: Place, actor: Actor) -> Workspace:
    """A workspace of an actor with one commit."""
    desk, now = place.made.grove.workspaces, place.made.now
    opened = desk.create(actor, repository="shop", name="fix", target="", now=now)
    desk.edit(actor, opened.id, edits=[Edit(kind=EditKind.WRITE, path="src/cart.py", content=b"total = 1\n")], now=now)
    return desk.commit_changes(actor, opened.id, message="One", now=now)


def promoted_by(place: Place, actor: Actor) -> Promotion:
    return place.made.grove.promotions.promote(actor, "fix", wish=Wish(), now=place.made.now)


def apply_policy(place: Place, text: str) -> None:
    with place.made.grove.database.transaction() as tx:
        policies.apply_policies(
            tx,
            actor=place.made.admin,
            draft=PolicyDraft(documents={"own.cedar": text}),
            gate=place.made.grove.gate,
            origin="test",
            reason="test",
            now=place.made.now,
        )


@contextmanager
def listening(place: Place) -> Iterator[str]:
    """The address of a server."""
    server = uvicorn.Server(uvicorn.Config(create_app(place.made.grove), port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class TestAnAgentThatReadsWhatIsPrivate:
    def test_promotes_nothing_to_a_public_repository_until_a_person_has_approved_it(
        self, public: Place, tmp_path: Path
    ) -> None:
        made = public.made
        user, secret = made.actor(Role.ADMIN)
        agent, token = agent_of(public, user)
        tools = Tools(lambda _request: Caller(grove=made.grove, actor=replace(agent, source=Source.MCP)))
        assert "nobody else may know" in "".join(tools.call("read_file", repo="secret", path="plan.md").blocks)
        workspace = committed_by(public, agent)

        told = tools.call("promote_workspace", workspace="fix")
        assert REASON in told.blocks[-1]
        with listening(public) as address:
            with TestClient(create_app(made.grove), base_url="http://localhost") as client:
                client.headers["Authorization"] = f"Bearer {token}"
                asked = client.post("/api/v1/workspaces/fix/promotion", json={}).json()
                assert (asked["waiting"], asked["why"], asked["number"]) == (workspace.head, REASON, None)
                refused = client.post(f"/api/v1/promotions/{workspace.id}/approve", json={"commit": workspace.head})
                assert (refused.status_code, refused.json()["facts"]["reason"]) == (403, REASON)
                [waiting] = client.get("/api/v1/promotions").json()["items"]
                assert (waiting["may_decide"], waiting["why_not"]) == (False, REASON)
            of_agent = CommandLine(tmp_path / "agent", host=address, token=token)
            assert REASON in of_agent("ws", "promote", "fix").output
            assert of_agent("ws", "approve", "fix").exit_code != 0
            assert tools.call("promote_workspace", workspace="fix", action="approve", commit=workspace.head).is_error
            assert public.forge.pulls == []
            assert not [ref for ref in public.forge.repository.refs() if "/ws/" in ref]

            of_user = CommandLine(tmp_path / "user", host=address, token=secret)
            assert REASON in of_user("ws", "inbox", "--json").output
            approved = of_user("ws", "approve", workspace.id)
        assert approved.exit_code == 0, approved.output
        assert len(public.forge.pulls) == 1
        told_the_forge = str(public.host.requests)
        assert not [each for each in (token, secret) if each in told_the_forge], "clients' tokens are for Grove alone"

    def test_is_also_a_person_who_acts_through_an_agents_door(self, public: Place) -> None:
        user, _ = public.made.actor(Role.DEVELOPER)
        workspace = committed_by(public, user)

        by_agent = promoted_by(public, replace(user, source=Source.MCP))
        assert (by_agent.waiting, by_agent.why) == (workspace.head, REASON)
        assert promoted_by(public, user).number == 1

    def test_is_also_one_that_has_read_it_before(self, public: Place) -> None:
        user, _ = public.made.actor(Role.DEVELOPER)
        committed_by(public, user)
        in_the_name_of_the_user = replace(user, source=Source.MCP)
        with public.made.grove.database.reading() as tx:
            secret = repositories.find_repository(tx, actor=user, name="secret")
        apply_policy(public, SHUT)
        public.made.grove.usage.count(user, Act.READ, [Use(repository_id=secret.id)], now=public.made.now)
        public.made.grove.usage.write(now=public.made.now)

        assert promoted_by(public, in_the_name_of_the_user).why == REASON

    def test_waits_while_the_forge_does_not_say_who_may_read_it(self, public: Place) -> None:
        agent, _ = agent_of(public, public.made.admin)
        committed_by(public, agent)
        public.forge.limits = [{"Retry-After": "1"}]
        assert promoted_by(public, agent).why == REASON

    def test_may_where_a_policy_of_the_tenant_permits_it(self, public: Place) -> None:
        agent, _ = agent_of(public, public.made.admin)
        committed_by(public, agent)
        apply_policy(public, OPEN)
        assert promoted_by(public, agent).number == 1

    def test_may_promote_to_a_private_repository(self, public: Place) -> None:
        agent, _ = agent_of(public, public.made.admin)
        committed_by(public, agent)
        public.forge.openness = AT_GITHUB["private"]
        assert promoted_by(public, agent).number == 1


class TestAnAgentThatReadsNothingPrivate:
    def test_promotes_to_a_public_repository(self, public: Place) -> None:
        user, _ = public.made.actor(Role.DEVELOPER)
        agent, _ = agent_of(public, user)
        committed_by(public, agent)
        apply_policy(public, SHUT)
        assert promoted_by(public, agent).number == 1

    def test_is_one_for_whom_everything_else_is_public(self, public: Place) -> None:
        agent, _ = agent_of(public, public.made.admin)
        committed_by(public, agent)
        with public.made.grove.database.transaction() as tx:
            tx.session.execute(update(RepositoryRow).values(everybody_reads=True))
        assert promoted_by(public, agent).number == 1


class TestWhoDecides:
    def test_is_also_the_person_whom_the_agent_acts_for_and_none_of_their_other_agents(self, public: Place) -> None:
        made = public.made
        desk, now = made.grove.promotions, made.now
        patron, _ = made.actor(Role.DEVELOPER)
        stranger, _ = made.actor(Role.DEVELOPER)
        agent, _ = agent_of(public, patron)
        sibling = replace(agent_of(public, patron, name="sibling")[0], acts_for=patron)
        workspace = committed_by(public, agent)
        promoted_by(public, agent)

        with made.grove.database.reading() as tx:
            [seen] = list_waiting(tx, actor=patron)
            assert list_waiting(tx, actor=stranger) == list_waiting(tx, actor=sibling) == []
            assert not [one.may_decide for one in list_waiting(tx, actor=agent) if one.may_decide]
        assert (seen.may_decide, seen.workspace.id) == (True, workspace.id)
        for nobody in (stranger, sibling):
            with pytest.raises(WorkspaceNotFound):
                desk.approve(nobody, workspace.id, commit=workspace.head, now=now)
        for refused in (agent, replace(patron, source=Source.MCP)):
            with pytest.raises(Denied, match="a person has to approve"):
                desk.approve(refused, workspace.id, commit=workspace.head, now=now)
        edit = Edit(kind=EditKind.WRITE, path="src/cart.py", content=b"total = 9\n")
        with pytest.raises(WorkspaceNotFound):
            made.grove.workspaces.edit(patron, workspace.id, edits=[edit], now=now)
        with pytest.raises(WorkspaceNotFound):
            desk.promote(patron, workspace.id, wish=Wish(), now=now)

        assert desk.approve(patron, workspace.id, commit=workspace.head, now=now).number == 1

    def test_may_be_whom_the_agent_acts_for_to_refuse_but_a_viewer_never(self, public: Place) -> None:
        made = public.made
        patron, _ = made.actor(Role.DEVELOPER)
        agent, _ = agent_of(public, patron)
        workspace = committed_by(public, agent)
        promoted_by(public, agent)

        def refuse_by(actor: Actor) -> Promotion:
            with made.grove.database.transaction() as tx:
                told = {"name": workspace.id, "commit": workspace.head, "reason": "Not like this."}
                return refuse(tx, actor=actor, now=made.now, **told)

        with pytest.raises(Denied):
            refuse_by(replace(patron, role=Role.VIEWER))
        assert refuse_by(patron).waiting == ""

    def test_is_told_why_and_an_agent_never_does(self, public: Place) -> None:
        made = public.made
        agent, _ = agent_of(public, made.admin)
        workspace = committed_by(public, agent)
        promoted_by(public, agent)
        desk = made.grove.promotions
        with pytest.raises(Denied, match="a person has to approve"):
            desk.approve(replace(made.admin, source=Source.MCP), workspace.id, commit=workspace.head, now=made.now)
        assert desk.approve(made.admin, workspace.id, commit=workspace.head, now=made.now).number == 1
