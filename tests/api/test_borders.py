"""Nothing crosses the border of a tenant: every route, with every kind of thing of another tenant.

The routes are those of the app, so that a new one is tried too; one with a parameter that has no row here fails.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi.testclient import TestClient

from grove.accounts import Scope
from grove.policies import RULES
from tests.api.conftest import ADDRESS, Door, open_door

CANARY = "canary"
QUERY: dict[str, str | int] = {
    "path": "README.md",
    "rev": "main",
    "base": "main",
    "head": "main",
    "start_line": 1,
    "end_line": 2,
    "line": 1,
    "q": "retry",
    "name": "retry_call",
    "before": "main",
    "commit": "main",
    "service": "git-upload-pack",
}
STRICT_QUERIES: dict[str, dict[str, str | int]] = {
    "/similar": {"source_path": "README.md", "start_line": 1, "end_line": 2}
}
"""Of routes that take nothing that they do not know."""
BODIES: Mapping[str, Any] = {
    "AgentIn": {"name": "x"},
    "BranchIn": {"branch": "theft"},
    "ApplyIn": {"documents": {}, "reason": "x"},
    "CodeConnectIn": {"git_url": "https://git.example.org/canary.git", "project_id": "{project_id}"},
    "CommitIn": {"message": "x"},
    "ContextIn": {"entries": ["repo:payments"]},
    "CredentialIn": {"name": "x", "host": "git.example.org", "username": "bot", "password": "ghp_another-secret"},
    "DraftIn": {"documents": {}},
    "EditsIn": {"edits": [{"kind": "write", "path": "a.txt", "text": "x"}]},
    "EmbedIn": {"refill": True},
    "ExplainIn": {"action": "repository.view", "repository": "{repository_id}"},
    "ExportIn": {"q": "retry"},
    "FollowIn": {"follows": False},
    "ForgeAccountIn": {"user": "{user_id}", "host": "git.example.org", "login": "somebody"},
    "FreshnessIn": {"poll_seconds": 600},
    "HistoryPolicyIn": {"index": "heads"},
    "TrackedIn": {"branches": ["main"]},
    "HostKeysIn": {"keys": []},
    "HookIn": {"provider": "github", "covers": "https://git.example.org/canary"},
    "MakingIn": {"wanted": False},
    "MoveIn": {"url": "https://git.example.org/canary-moved.git"},
    "NewPasswordIn": {"password": "seventeen green bottles"},
    "OrderIn": {"command": ["true"]},
    "PasswordIn": {"password": "ghp_another-secret"},
    "PermissionsIn": {"permissions": "grove"},
    "PatchIn": {"patch": "x"},
    "PinIn": {"repository_id": "{repository_id}", "revision": "main"},
    "PromotionApprovalIn": {"commit": "0" * 40},
    "PromotionRefusalIn": {"commit": "0" * 40, "reason": "x"},
    "PolicySourceIn": {"repository": "{repository_id}"},
    "PreparationIn": {"set_up": "true"},
    "OpalPolicyIn": {"content": "x"},
    "ProjectOfIn": {"project": "{project_id}"},
    "ProjectIn": {"name": "x"},
    "PullsIn": {"tracked": False},
    "ReasonIn": {"reason": "no"},
    "RebuildIn": {"repository_id": "{repository_id}"},
    "RegistryIn": {"url": "/nowhere"},
    "RegistryUpdateIn": {"archived": True},
    "RequestIn": {"url": "/nowhere", "reason": "x"},
    "QuotaIn": {"sort": "repositories", "limit": 1_000},
    "RetentionIn": {"idle_days": 30},
    "HoldIn": {"reason": "x"},
    "RoleChange": {"role": "admin"},
    "RollBackIn": {"version": 0},
    "SandboxUpdateIn": {"auto_sync": False},
    "MeaningIn": {"query": "retry", "repo_id": "{repo_id}"},
    "ServiceIn": {"name": "x"},
    "SourceIn": {"url": "/nowhere"},
    "SwitchIn": {"branch": "trial"},
    "TokenIn": {"name": "theft", "principal_id": "{user_id}"},
    "UserChange": {"active": True},
    "UserIn": {"name": "x", "role": "viewer"},
    "VerifyIn": {"repository_id": "{repository_id}"},
    "WorkspaceIn": {"repository": "{repository_id}", "name": "theft"},
}
"""What is sent, by the name of its shape, so that it is well formed; an empty object otherwise.
Ids in braces are those of the things."""
OWN = {"PUT /api/v1/contexts/{name}", "PUT /opal/v1/policies/{name}"}
"""Routes that make the thing that their path names, in the tenant of whoever asks."""
EMPTY = {"GET /api/v1/code/projects/{project_id}/repos"}
"""Routes of an older interface, which know no missing project."""
UNSTABLE = {"x-request-id", "ratelimit", "ratelimit-policy", "content-length", "date"}


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    permission: str
    body: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def kinds(self) -> list[str]:
        """The parameters of the path: an id by its own name, others with the word before them."""
        steps = self.path.split("/")
        named = [(before, step[1:-1]) for before, step in itertools.pairwise(steps) if step.startswith("{")]
        return [name if name.endswith("_id") or name == "commit" else f"{before}.{name}" for before, name in named]

    @property
    def is_about_things(self) -> bool:
        """Whether its path or its body names something."""
        return bool(self.names) or "_id}" in json.dumps(BODIES.get(self.body or "", {}))

    @property
    def names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    def ask(self, client: TestClient, values: Mapping[str, str]) -> httpx2.Response:
        """Make the request with these things in it."""
        filled = self.path
        for name, kind in zip(self.names, self.kinds, strict=True):
            filled = filled.replace(f"{{{name}}}", values[kind])
        body = json.dumps(BODIES.get(self.body or "", {}))
        for kind, value in values.items():
            body = body.replace(f"{{{kind}}}", value)
        content = {"json": json.loads(body)} if self.body is not None else {}
        query = next((query for end, query in STRICT_QUERIES.items() if self.path.endswith(end)), QUERY)
        answer: Any = client.request(self.method, filled, params=query, **content)
        return answer  # type: ignore[no-any-return]


def routes_of(client: TestClient) -> list[Route]:
    app: Any = client.app
    return [
        Route(
            method=method.upper(),
            path=path,
            permission=operation["x-permission"],
            body=_body_of(operation),
        )
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if operation["x-permission"] != "public"
    ]


def _body_of(operation: dict[str, Any]) -> str | None:
    if "requestBody" not in operation:
        return None
    [content] = operation["requestBody"]["content"].values()
    schema = content["schema"]
    found = re.search(r"schemas/(\w+)", str(schema))
    return found[1] if found else ""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    yield from open_door(tmp_path_factory.mktemp("borders"))


@pytest.fixture(scope="module")
def things(home: Door) -> Mapping[str, str]:
    return things_of(home.admin, repository=home.connect_ready())


def things_of(admin: TestClient, *, repository: str, mark: str = CANARY) -> dict[str, str]:
    """One thing of each kind that a path may name, all of the tenant of an administrator, whose repository is ready."""

    def made(path: str, **body: Any) -> dict[str, Any]:
        answer = admin.post(f"/api/v1/{path}", json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        document: dict[str, Any] = answer.json()
        return document

    detail = admin.get(f"/api/v1/repositories/{repository}").json()
    assert admin.put("/api/v1/policies/following", json={"source": "opal"}).is_success
    pushed = admin.put(f"/opal/v1/policies/{mark}.cedar", json={"content": f"// {mark}"})
    assert pushed.is_success, pushed.text
    context = admin.put(f"/api/v1/contexts/{mark}-context", json=BODIES["ContextIn"])
    assert context.is_success, context.text
    workspace = made("workspaces", repository=repository, name=f"{mark}-ws")
    made(f"workspaces/{workspace['name']}/branches", branch="trial")
    credential = {"host": "git.example.org", "username": "bot", "password": "ghp_secret-of-the-canary"}
    return {
        "repository_id": repository,
        "repo_id": repository,
        "by-name.name": detail["name"],
        "git.name": detail["name"],
        "sandbox_id": workspace["id"],
        "branches.branch": "trial",
        "stashes.stash": "5ca1ab1e" * 5,
        "ws.name": workspace["name"],
        "promotions.name": workspace["name"],
        "workspaces.name": workspace["name"],
        "contexts.name": f"{mark}-context",
        "policies.name": f"{mark}.cedar",
        "pulls.number": "1",
        "versions.version": "1",
        "commit": detail["heads"][0]["commit"],
        "project_id": admin.get("/api/v1/projects").json()["items"][0]["id"],
        "hook_id": made("hooks", provider="github", covers=f"https://git.example.org/{mark}")["id"],
        "export_id": made("exports", q="retry")["id"],
        "job_id": admin.get("/api/v1/jobs").json()["items"][0]["id"],
        "user_id": made("users", name=f"{mark}-user", role="viewer")["id"],
        "account_id": _linked(admin, made("users", name=f"{mark}-linked", role="viewer")["id"], mark=mark),
        "session_id": _session_of(admin, made("users", name=f"{mark}-holder", role="viewer")["id"], mark=mark),
        "token_id": made("tokens", name=f"{mark}-token")["token"]["id"],
        "credential_id": made("credentials", name=f"{mark}-credential", **credential)["id"],
    }


def _linked(admin: TestClient, user_id: str, *, mark: str) -> str:
    account = {"user": user_id, "host": "git.example.org", "login": mark}
    linked = admin.post("/api/v1/forge-accounts", json=account)
    identifier: str = linked.json()["id"]
    return identifier


def _session_of(admin: TestClient, user_id: str, *, mark: str) -> str:
    password = BODIES["NewPasswordIn"]
    assert admin.put(f"/api/v1/users/{user_id}/password", json=password).is_success
    opened = TestClient(admin.app, base_url=ADDRESS).post("/api/v1/login", json={"name": f"{mark}-holder", **password})
    identifier: str = opened.json()["session"]["id"]
    return identifier


def told(answer: httpx2.Response, values: Mapping[str, str]) -> tuple[Any, ...]:
    """What an answer says, whatever it was asked about."""
    text = answer.text
    for value in sorted(values.values(), key=len, reverse=True):
        text = text.replace(value, "*") if len(value) > 1 else text
    text = re.sub(r'"request_id":"[^"]*"', "", text)
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in UNSTABLE}
    return answer.status_code, text, headers


class TestTheBorderOfATenant:
    def test_hides_what_is_behind_it_as_if_it_were_not_there(self, home: Door, things: Mapping[str, str]) -> None:
        stranger = home.stranger()
        nothing = {
            kind: str(uuid4()) if re.fullmatch(r"[0-9a-f-]{36}", value) else re.sub("[a-z]", "0", value)
            for kind, value in things.items()
        }
        for route in (route for route in routes_of(home.anonymous) if route.is_about_things and str(route) not in OWN):
            there, not_there = route.ask(stranger, things), route.ask(stranger, nothing)

            assert told(there, things) == told(not_there, nothing), f"{route}: {there.text} or {not_there.text}"
            assert there.status_code == 404 or str(route) in EMPTY, f"{route}: {there.status_code} {there.text}"

    def test_lists_nothing_of_what_is_behind_it(self, home: Door, things: Mapping[str, str]) -> None:
        stranger = home.stranger()
        unmistakable = [CANARY, *(value for value in things.values() if re.fullmatch(r"[0-9a-f-]{36,}", value))]
        for route in (route for route in routes_of(home.anonymous) if not route.kinds and route.method == "GET"):
            answer = route.ask(stranger, {})

            assert answer.status_code in {200, 422} or str(route) == "GET /metrics", f"{route}: {answer.text}"
            found = [value for value in unmistakable if value in answer.text]
            assert not found, f"{route} shows {found}"


class TestATokenWithoutTheScope:
    def test_does_nothing_anywhere(self, home: Door, things: Mapping[str, str]) -> None:
        for scope in Scope:
            others = sorted(set(Scope) - {scope})
            issued = home.admin.post("/api/v1/tokens", json={"name": "narrow", "scopes": others}).json()
            narrow = home.client(issued["secret"])
            for route in routes_of(home.anonymous):
                if RULES[route.permission].scope is not scope or route.method == "GET":
                    continue
                answer = route.ask(narrow, things)
                assert answer.status_code in {403, 404}, f"{route}: {answer.status_code} {answer.text}"
