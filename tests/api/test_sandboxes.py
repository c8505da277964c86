"""The routes below `/registry/{repo_id}/sandboxes`, in the words of the interface that they come from."""

from typing import Any

import pytest

from grove.accounts import Role
from tests.api.conftest import Door

PATH = "/registry/payments/sandboxes"


def opened(door: Door, **wanted: Any) -> dict[str, Any]:
    """A new sandbox of the administrator's."""
    answer = door.admin.post(PATH, json=wanted)
    assert answer.status_code == 201, answer.text
    sandbox: dict[str, Any] = answer.json()
    return sandbox


def upstream_moves_on(door: Door) -> None:
    door.upstream.commit({"CHANGES.md": "one more\n"})
    door.admin.post(f"/api/v1/repositories/{door.admin.get('/registry/payments').json()['id']}/sync")
    door.made.work()


class TestASandbox:
    def test_is_a_workspace_by_another_name(self, door: Door) -> None:
        door.connect_ready()
        me = door.admin.get("/api/v1/me").json()["name"]
        made = opened(door, user_id=me)

        assert (made["repo_id"], made["user_id"], made["created_by"]) == (
            door.admin.get("/registry/payments").json()["repo_id"],
            me,
            me,
        )
        assert (made["name"], made["status"], made["auto_sync"]) == ("payments", "ready", False)
        assert made["clone_url"].endswith(f"/git/ws/{made['id']}.git")
        assert [each["id"] for each in door.admin.get(PATH).json()] == [made["id"]]
        workspace = door.admin.get(f"/api/v1/workspaces/{made['id']}").json()["workspace"]
        assert (workspace["base"], workspace["branch"]) == (made["parent_commit"], made["branch"])

        door.admin.delete(f"/api/v1/workspaces/{made['id']}")
        assert door.admin.get(PATH).json() == []
        assert door.admin.patch(f"{PATH}/{made['id']}", json={"auto_sync": True}).json()["code"] == "workspace_ended"

    def test_is_stale_until_it_follows_and_fails_to_when_its_user_is_in_the_way(self, door: Door) -> None:
        door.connect_ready()
        idle, busy = opened(door, name="idle"), opened(door, name="busy", auto_sync=True)
        assert (idle["auto_sync"], busy["auto_sync"]) == (False, True)
        edits = {"edits": [{"kind": "write", "path": "mine.txt", "text": "mine\n"}]}
        assert door.admin.post("/api/v1/workspaces/busy/edits", json=edits).is_success
        upstream_moves_on(door)

        shown = {each["name"]: each for each in door.admin.get(PATH).json()}
        assert (shown["idle"]["status"], shown["idle"]["behind"]) == ("stale", 1)
        assert (shown["busy"]["status"], shown["busy"]["state"]) == ("sync_failed", "dirty")
        assert shown["busy"]["advice"]

        followed = door.admin.patch(f"{PATH}/{idle['id']}", json={"auto_sync": True}).json()
        assert (followed["auto_sync"], followed["status"]) == (True, "stale")
        upstream_moves_on(door)
        [shown_idle] = [each for each in door.admin.get(PATH).json() if each["name"] == "idle"]
        assert (shown_idle["status"], shown_idle["behind"]) == ("ready", 0)
        assert shown_idle["parent_commit"] != idle["parent_commit"]

    def test_is_its_users_own(self, door: Door) -> None:
        door.connect_ready()
        mine = opened(door)
        developer = door.of(Role.DEVELOPER)

        assert developer.get(PATH).json() == []
        refused = developer.get(PATH, params={"everybody": True})
        assert (refused.status_code, refused.json()["code"]) == (403, "denied")
        assert developer.patch(f"{PATH}/{mine['id']}", json={"auto_sync": True}).status_code == 404
        theirs = developer.post(PATH, json={})
        assert theirs.status_code == 201, theirs.text
        assert len(door.admin.get(PATH, params={"everybody": True}).json()) == 2
        other = door.admin.post(PATH, json={"user_id": "somebody-else"})
        assert (other.status_code, other.json()["code"]) == (403, "sandbox_for_another")

    def test_is_looked_for_in_its_own_repository_alone(self, door: Door) -> None:
        door.connect_ready()
        made = opened(door)
        assert door.admin.post("/registry", json={"url": str(door.upstream.path), "name": "x"}).status_code == 200
        another = door.upstream.path.parent / "another.git"
        door.upstream.path.rename(another)
        assert door.admin.post("/api/v1/repositories", json={"url": str(another)}).status_code == 201
        door.made.work()

        assert (
            door.admin.patch(f"/registry/another/sandboxes/{made['id']}", json={"auto_sync": True}).status_code == 404
        )
        assert door.admin.get("/registry/another/sandboxes").json() == []
        assert door.admin.get("/registry/nowhere/sandboxes").status_code == 404

    @pytest.mark.parametrize("claim", ["status", "parent_commit", "upstream_url", "last_synced_at", "created_by"])
    def test_takes_no_claims(self, door: Door, claim: str) -> None:
        door.connect_ready()
        made = opened(door)
        for method, path in (("POST", PATH), ("PATCH", f"{PATH}/{made['id']}")):
            refused = door.admin.request(method, path, json={"auto_sync": True, claim: "stale"})
            [wrong] = refused.json()["errors"]
            assert (refused.status_code, wrong["code"]) == (422, "derived")
            assert wrong["message"].startswith(f"{claim}: ")

    def test_is_nobodys_in_another_tenant(self, door: Door) -> None:
        door.connect_ready()
        made = opened(door)
        stranger = door.stranger()

        assert door.anonymous.get(PATH).status_code == 401
        assert stranger.get(PATH).status_code == 404
        assert stranger.post(PATH, json={}).status_code == 404
        assert stranger.patch(f"{PATH}/{made['id']}", json={"auto_sync": True}).status_code == 404
        assert door.of(Role.VIEWER).post(PATH, json={}).status_code == 403
