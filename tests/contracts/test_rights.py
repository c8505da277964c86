"""Who may do what, on every surface: each user, with each kind of thing, by each route, tool and kind of job.

What is asked comes from the surfaces themselves; what must be answered comes from the rules. A tool or a kind of job
without a row here fails, as does a route whose shapes `tests/api/test_borders.py` does not know.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from grove import accounts, jobs
from grove.accounts import PrincipalKind, Role, Scope
from grove.jobs import Arguments, JobState
from grove.kit.gate import Actor, Denied, Source
from grove.kit.tables import Table, TenantTable
from grove.mcp import TOOL_PERMISSIONS, Caller
from grove.mirrors import MoveArguments
from grove.policies import RULES
from grove.wiring import JOB_KINDS
from tests.api.conftest import ADDRESS, Door, bearer, open_door
from tests.api.test_borders import CANARY, routes_of, things_of
from tests.mcp.client import Tools

RANK = {role: rank for rank, role in enumerate((Role.VIEWER, Role.DEVELOPER, Role.MAINTAINER, Role.ADMIN))}
USERS: Mapping[str, tuple[Role, Role | None]] = {
    "a viewer": (Role.VIEWER, None),
    "a developer": (Role.DEVELOPER, None),
    "a maintainer": (Role.MAINTAINER, None),
    "an admin": (Role.ADMIN, None),
    "an agent of a developer": (Role.DEVELOPER, Role.ADMIN),
    "an agent that is a viewer": (Role.ADMIN, Role.VIEWER),
}
"""Each user: their role, and that of the agent that acts for them. An agent has the lesser of both."""
REPOSITORY, WORKSPACE = "payments", f"{CANARY}-ws"
TOOL_ROWS: Mapping[str, Mapping[str, Any]] = {
    "search_code": {"query": "retry", "repo": REPOSITORY},
    "read_file": {"repo": REPOSITORY, "path": "README.md"},
    "file_history": {"repo": REPOSITORY, "path": "README.md"},
    "list_tree": {"repo": REPOSITORY},
    "list_repos": {},
    "find_symbol": {"name": "retry_call", "repo": REPOSITORY},
    "find_references": {"name": "retry_call", "repo": REPOSITORY},
    "find_files": {"pattern": "retry", "repo": REPOSITORY},
    "find_similar": {"repo": REPOSITORY, "path": "README.md", "start_line": 1, "end_line": 2},
    "job_status": {"repo": REPOSITORY},
    "repo_request": {"url": "https://git.example.org/acme/wanted.git", "reason": "for a test"},
    "open_workspace": {"repo": REPOSITORY, "name": "another"},
    "workspace_status": {"name": WORKSPACE},
    "edit_workspace": {"name": WORKSPACE, "edits": [{"action": "write", "path": "a.txt", "text": "x"}]},
    "change_workspace": {"name": WORKSPACE, "action": "commit", "message": "x"},
    "run_in_workspace": {"name": WORKSPACE, "command": "true"},
    "checkout_workspace": {"name": WORKSPACE, "action": "show"},
    "pull_request": {"repo": REPOSITORY},
    "promote_workspace": {"workspace": WORKSPACE},
    "usage_and_limits": {},
}
"""What each tool is asked: about a repository or a workspace that the administrator has."""
ABOUT_NOTHING = {"list_repos", "repo_request", "usage_and_limits"}
"""The tools whose rows name nothing that there is."""
JOB_ROWS: Mapping[str, str] = {
    "access.check": "repository",
    "checkout.remove": "workspace",
    "checkout.warm": "repository",
    "export.write": "export",
    "history.index": "repository",
    "index.embed": "repository",
    "index.merge": "repository",
    "index.rebuild": "repository",
    "index.verify": "repository",
    "mirror.sync": "repository",
    "policy.follow": "tenant",
    "promotion.follow": "repository",
    "repository.cool": "repository",
    "repository.move": "repository",
    "repository.remove": "repository",
    "retention.apply": "tenant",
    "scip.make": "repository",
    "snapshot.index": "repository",
    "workspace.keep_up": "repository",
}
"""What each kind of job is about."""
TOLD = {"repository.move": MoveArguments(url="https://git.example.org/acme/elsewhere.git")}
"""What those are told that need it."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """A tenant with one thing of each kind, and another tenant with nothing."""

    door: Door
    things: Mapping[str, str]
    users: Mapping[str, str]
    stranger: Actor
    workspace_id: str

    @property
    def admin(self) -> Actor:
        return self.door.made.admin

    def actor(self, user: str) -> Actor:
        with self.door.made.grove.database.reading() as tx:
            return accounts.authenticate(tx, secret=self.users[user], source=Source.MCP, now=datetime.now(UTC))

    def tools(self, actor: Actor) -> Tools:
        return Tools(lambda _request: Caller(grove=self.door.made.grove, actor=replace(actor, source=Source.MCP)))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    for door in open_door(tmp_path_factory.mktemp("rights")):
        things = things_of(door.admin, repository=door.connect_ready())
        users = {user: _token_of(door, user, role, agent) for user, (role, agent) in USERS.items()}
        with door.made.grove.database.transaction() as tx:
            wanted = accounts.NewAdministrator(name="stranger", email=None, tenant_name="elsewhere")
            issued = accounts.set_up(tx, administrator=wanted, now=datetime.now(UTC))
            stranger = accounts.authenticate(tx, secret=issued.secret, source=Source.API, now=datetime.now(UTC))
        door.made.work()
        workspace = door.admin.get(f"/api/v1/workspaces/{WORKSPACE}").json()["workspace"]["id"]
        yield Home(door=door, things=things, users=users, stranger=stranger, workspace_id=workspace)


def _token_of(door: Door, user: str, role: Role, agent: Role | None) -> str:
    actor, secret = door.made.actor(role, name=user)
    if agent is None:
        return secret
    now = datetime.now(UTC)
    with door.made.grove.database.transaction() as tx:
        made = accounts.create_principal(
            tx,
            actor=replace(actor, role=Role.ADMIN),
            kind=PrincipalKind.AGENT,
            name=f"{user}, it",
            role=agent,
            email=None,
            now=now,
        )
        tx.session.flush()
        scopes = frozenset(Scope)
        return accounts.issue_token(
            tx, actor=door.made.admin, principal_id=made.id, name="test", scopes=scopes, now=now
        ).secret


def reach(user: str) -> int:
    """How far the role of a user goes: an agent's no further than that of whom it acts for."""
    role, agent = USERS[user]
    return min(RANK[role], RANK[agent or role])


def lacks(user: str, permission: str) -> bool:
    """Whether a user may not do something even to what is their own."""
    rule = RULES[permission]
    return reach(user) < RANK[rule.own or rule.role]


every_user = pytest.mark.parametrize("user", USERS)


class TestEveryRoute:
    @every_user
    def test_refuses_whoever_lacks_the_role(self, home: Home, user: str) -> None:
        client = home.door.client(home.users[user])
        for route in routes_of(home.door.anonymous):
            if not lacks(user, route.permission):
                continue
            answer = route.ask(client, home.things)
            assert answer.status_code in {403, 404}, f"{route}: {answer.status_code} {answer.text}"

    @every_user
    def test_shows_whoever_has_the_role_what_it_is_for(self, home: Home, user: str) -> None:
        client = home.door.client(home.users[user])
        for route in routes_of(home.door.anonymous):
            if route.method != "GET" or reach(user) < RANK[RULES[route.permission].role]:
                continue
            answer = route.ask(client, home.things)
            shown = answer.status_code not in {401, 403} or str(route) == "GET /metrics"
            assert shown, f"{route}: {answer.status_code} {answer.text}"

    @pytest.mark.parametrize("token", ["none", "expired", "revoked", "of somebody suspended", "made up"])
    def test_is_closed_to_a_token_that_is_not_good(self, home: Home, token: str) -> None:
        headers = bearer(_bad_token(home, token)) if token != "none" else {}
        for number, route in enumerate(routes_of(home.door.anonymous)):
            # From an address of its own: those from which bad tokens come are not listened to for long.
            address = f"192.0.{number // 200}.{number % 200 + 1}"
            client = TestClient(home.door.anonymous.app, base_url=ADDRESS, headers=headers, client=(address, 1))
            answer = route.ask(client, home.things)
            assert answer.status_code == 401, f"{route}: {answer.status_code} {answer.text}"


def _bad_token(home: Home, sort: str) -> str:
    if sort == "made up":
        return "grove_" + "a" * 43
    long_ago = datetime.now(UTC) - timedelta(days=30)
    actor, secret = home.door.made.actor(Role.ADMIN, name=sort)
    with home.door.made.grove.database.transaction() as tx:
        issued = accounts.issue_token(
            tx, actor=home.admin, principal_id=actor.id, name=sort, scopes=frozenset(Scope), now=long_ago, days=1
        )
        if sort == "expired":
            return issued.secret
        if sort == "of somebody suspended":
            accounts.set_principal_active(tx, actor=home.admin, principal_id=actor.id, active=False, now=long_ago)
        else:
            for each in accounts.list_tokens(tx, actor=actor, principal_id=actor.id):
                accounts.revoke_token(tx, actor=home.admin, token_id=each.id, now=long_ago)
    return secret


class TestEveryTool:
    def test_has_a_row(self) -> None:
        assert set(TOOL_ROWS) == set(TOOL_PERMISSIONS)

    @every_user
    @pytest.mark.parametrize("tool", TOOL_ROWS)
    def test_refuses_whoever_lacks_the_role_and_nobody_else(self, home: Home, user: str, tool: str) -> None:
        answer = home.tools(home.actor(user)).call(tool, **TOOL_ROWS[tool])

        refused = answer.is_error and (Denied().message in answer.error or "no such workspace" in answer.error)
        if lacks(user, TOOL_PERMISSIONS[tool]):
            assert refused, answer.blocks
        elif reach(user) >= RANK[RULES[TOOL_PERMISSIONS[tool]].role]:
            assert not (answer.is_error and Denied().message in answer.error), answer.blocks

    @pytest.mark.parametrize("tool", TOOL_ROWS)
    def test_shows_another_tenant_nothing(self, home: Home, tool: str) -> None:
        tools = home.tools(home.stranger)
        there = tools.call(tool, **TOOL_ROWS[tool])
        made_up = {
            name: value.replace(REPOSITORY, "xxxxxxxx").replace(WORKSPACE, "x" * len(WORKSPACE))
            if isinstance(value, str)
            else value
            for name, value in TOOL_ROWS[tool].items()
        }
        nothing = tools.call(tool, **made_up)

        assert there.is_error or tool in ABOUT_NOTHING, there.blocks
        told = [
            "\n".join(answer.blocks).replace(REPOSITORY, "xxxxxxxx").replace(WORKSPACE, "x" * len(WORKSPACE))
            for answer in (there, nothing)
        ]
        assert tool in ABOUT_NOTHING or told[0] == told[1]
        assert CANARY not in told[0]


class TestEveryKindOfJob:
    def test_has_a_row(self) -> None:
        assert set(JOB_ROWS) == {kind.name for kind in JOB_KINDS}

    def test_says_what_it_is_told(self) -> None:
        told = {kind.name: kind.arguments for kind in JOB_KINDS if kind.arguments is not Arguments}

        declared = {each for each in Arguments.__subclasses__() if each.__module__.startswith("grove.")}
        assert set(told.values()) == declared
        assert {name: shape.kind for name, shape in told.items()} == {name: name for name in told}

    @every_user
    def test_is_not_done_for_whoever_lacks_the_role_when_it_starts(self, home: Home, user: str) -> None:
        for kind in (kind for kind in JOB_KINDS if lacks(user, kind.permission)):
            job = _worked(home, kind.name, tenant=home.admin, requested_by=home.actor(user).id)

            assert job.state is JobState.FAILED, kind.name
            assert job.error is not None
            assert job.error["code"] == "denied", (kind.name, job.error)

    def test_does_nothing_to_another_tenant(self, home: Home) -> None:
        before = _rows(home)
        for kind in JOB_KINDS:
            _worked(home, kind.name, tenant=home.stranger, requested_by=home.stranger.id)

            assert _rows(home) == before, kind.name

    def test_that_nobody_knows_is_not_done(self, home: Home) -> None:
        job = _worked(home, "os.system", tenant=home.admin, requested_by=home.admin.id)

        assert job.state is JobState.FAILED
        assert job.error is not None
        assert job.error["code"] == "job_kind_unknown"


def _worked(home: Home, kind: str, *, tenant: Actor, requested_by: str) -> jobs.Job:
    """A job about a thing of the home tenant, done as often as it may be."""
    now = datetime.now(UTC) - timedelta(hours=1)  # so long ago that no newer worker will come for what is unknown
    targets = {"tenant": home.admin.tenant_id, "export": home.things["export_id"], "workspace": home.workspace_id}
    target = targets.get(JOB_ROWS.get(kind, ""), home.things["repository_id"])
    with home.door.made.grove.database.transaction() as tx:
        if tenant is home.admin:  # one that waits already, for somebody else, would be enough
            jobs.cancel_jobs_of(tx, target_id=target, now=now)
        job = jobs.enqueue(
            tx,
            tenant_id=tenant.tenant_id,
            kind=TOLD.get(kind, kind),
            target_id=target,
            requested_by=requested_by,
            now=now,
        )
    worker = home.door.made.worker()
    for _ in range(200):
        with home.door.made.grove.database.reading() as tx:
            job = jobs.get_job(tx, actor=tenant, job_id=job.id)
        if job.state not in {JobState.QUEUED, JobState.RUNNING}:
            return job
        if not worker.run_one():
            time.sleep(0.02)
    raise AssertionError(f"the job never ends: {job}")


def _rows(home: Home) -> dict[str, list[str]]:
    """Every row of the home tenant, and every file."""
    kinds = [mapper.class_ for mapper in Table.registry.mappers if issubclass(mapper.class_, TenantTable)]
    with home.door.made.grove.database.engine.connect() as connection:
        rows = {
            kind.__tablename__: sorted(
                str(row)
                for row in connection.execute(
                    text(f"SELECT * FROM {kind.__tablename__} WHERE tenant_id = :tenant"),
                    {"tenant": home.admin.tenant_id},
                )
            )
            for kind in kinds
        }
    folder = Path(home.door.made.grove.settings.data_dir) / "t" / home.admin.tenant_id
    return rows | {"files": sorted(f"{path} {path.stat().st_size}" for path in folder.rglob("*"))}
