"""Whatever people may name, none of it can be called what no file can be called on every system."""

from collections.abc import Callable, Mapping

import pytest
from httpx2 import Response

from tests.api.conftest import Door

POLICY = '@id("none") forbid (principal, action, resource) when { false };'
NAMED: Mapping[str, Callable[[Door, str], Response]] = {
    "user": lambda door, name: door.admin.post("/api/v1/users", json={"name": name, "role": "viewer"}),
    "agent": lambda door, name: door.admin.post("/api/v1/agents", json={"name": name}),
    "service": lambda door, name: door.admin.post("/api/v1/services", json={"name": name, "role": "viewer"}),
    "project": lambda door, name: door.admin.post("/api/v1/projects", json={"name": name}),
    "repository": lambda door, name: door.admin.post(
        "/api/v1/repositories", json={"url": str(door.upstream.path), "name": name}
    ),
    "a segment of a repository": lambda door, name: door.admin.post(
        "/api/v1/repositories", json={"url": str(door.upstream.path), "name": f"acme/{name}"}
    ),
    "credential": lambda door, name: door.admin.post(
        "/api/v1/credentials",
        json={"name": name, "host": "git.example.org", "username": "bot", "password": "ghp_0123456789"},
    ),
    "workspace": lambda door, name: door.admin.post(
        "/api/v1/workspaces", json={"repository": "payments", "name": name}
    ),
    "branch": lambda door, name: door.admin.post("/api/v1/workspaces/named/branches", json={"branch": name}),
    "context": lambda door, name: door.admin.put(f"/api/v1/contexts/{name}", json={"entries": ["repo:payments"]}),
    "document": lambda door, name: door.admin.post("/api/v1/policies/check", json={"documents": {name: POLICY}}),
}
"""How each kind of thing that has a name is named."""
DEVICES = ("con", "NUL", "aux.txt", "Com1", "lpt9.tar.gz", "prn .txt", "com\u00b9", "conin$", "con.")
OF_PEOPLE = {"user", "agent", "service", "project"}
CODES = {
    "name_unfit",
    "repository_name_invalid",
    "workspace_name_invalid",
    "credential_invalid",
    "context_invalid",
    "field_invalid",
}


@pytest.fixture(scope="module")
def named(shared: Door, payments: str) -> Door:
    """A door with a repository and a workspace."""
    assert payments
    made = shared.admin.post("/api/v1/workspaces", json={"repository": "payments", "name": "named"})
    assert made.status_code == 201, made.text
    return shared


class TestAName:
    @pytest.mark.parametrize("kind", NAMED)
    def test_is_no_device_of_windows(self, named: Door, kind: str) -> None:
        for name in DEVICES:
            answer = NAMED[kind](named, name)

            assert answer.status_code == 422, (name, answer.text)
            assert answer.json()["code"] in CODES, (name, answer.text)

    @pytest.mark.parametrize("kind", [kind for kind in NAMED if kind not in OF_PEOPLE])
    def test_of_what_becomes_a_file_has_no_dot_last(self, named: Door, kind: str) -> None:
        for name in ("trailing.", "trailing.."):
            answer = NAMED[kind](named, name)

            assert answer.status_code == 422, (name, answer.text)
            assert answer.json()["code"] in CODES, (name, answer.text)

    def test_of_a_person_may_have_a_dot_last(self, named: Door) -> None:
        assert NAMED["user"](named, "Martin Jr.").status_code == 201

    def test_may_begin_as_that_of_a_device(self, named: Door) -> None:
        for name in ("console", "com10", "auxiliary.txt", "null", "icon"):
            for kind in ("project", "credential", "workspace", "context", "document"):
                answer = NAMED[kind](named, name)

                assert answer.status_code in {200, 201}, (kind, name, answer.text)
