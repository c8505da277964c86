"""The routes below `/api/v1/code`, in the words of the interface that they come from."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.api.conftest import Door, open_door
from tests.support.git_repositories import Repository
from tests.support.git_server import GitServer, serving

TOKEN = "ghp_CANARY0123456789abcdef"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    root = tmp_path / "served"
    Repository.new(root / "user" / "repo.git").commit({"a.py": "x = 1\n"})
    with serving(root) as running:
        running.behaviour.token = TOKEN
        yield running


@pytest.fixture
def connected_door(tmp_path: Path, server: GitServer) -> Iterator[Door]:
    networks = (ip_network("127.0.0.0/8"),)
    yield from open_door(tmp_path, git_ca_file=server.ca_file, allowed_networks=networks, max_repo_size_mb=1)


def project_of(door: Door) -> str:
    identifier: str = door.admin.get("/api/v1/projects").json()["items"][0]["id"]
    return identifier


class TestConnect:
    def test_speaks_the_older_words_from_request_to_clone(self, connected_door: Door, server: GitServer) -> None:
        door, project = connected_door, project_of(connected_door)
        body = {"git_url": server.url("user/repo.git"), "access_token": TOKEN, "project_id": project}

        answer = door.admin.post("/api/v1/code/connect", json=body)

        assert answer.status_code == 201
        connected = answer.json()
        assert set(connected) == {
            "repo_id",
            "git_url",
            "connected",
            "task_id",
            "estimated_size_mb",
            "clone_status",
            "created_at",
        }
        assert (connected["connected"], connected["clone_status"]) == (True, "PENDING")
        assert connected["created_at"].endswith("Z")
        UUID(connected["task_id"])
        waiting = door.admin.get(f"/api/v1/code/repos/{connected['repo_id']}/status").json()
        assert (waiting["sandbox_path"], waiting["progress_message"]) == (None, "Repository clone is queued")

        door.made.work()
        done = door.admin.get(f"/api/v1/code/repos/{connected['repo_id']}/status").json()
        shown = door.admin.get(f"/api/v1/code/repos/{connected['repo_id']}")

        assert done["clone_status"] == "COMPLETED"
        assert done["progress_message"] == "Repository successfully cloned"
        assert done["error_message"] is None
        assert not Path(done["sandbox_path"]).is_absolute()
        assert (door.made.grove.locator.data / done["sandbox_path"]).is_dir()
        assert shown.json()["project_id"] == project
        assert door.admin.get(f"/api/v1/code/projects/{project}/repos").json() == [shown.json()]
        assert TOKEN not in shown.text + answer.text

    def test_says_why_a_clone_failed(self, connected_door: Door, server: GitServer) -> None:
        door = connected_door
        body = {"git_url": server.url("user/repo.git"), "access_token": TOKEN, "project_id": project_of(door)}
        connected = door.admin.post("/api/v1/code/connect", json=body).json()
        server.behaviour.token = "another"

        door.made.work_until_idle()
        status = door.admin.get(f"/api/v1/code/repos/{connected['repo_id']}/status").json()

        assert (status["clone_status"], status["progress_message"]) == ("FAILED", "Repository clone failed")
        assert status["error_message"].startswith("The host does not accept the credential.")
        assert TOKEN not in status["error_message"]

    def test_tells_failures_as_objects(self, connected_door: Door, server: GitServer) -> None:
        body = {
            "git_url": server.url("user/repo.git"),
            "access_token": TOKEN[::-1],
            "project_id": project_of(connected_door),
        }

        refused = connected_door.admin.post("/api/v1/code/connect", json=body)

        assert refused.status_code == 403
        assert refused.headers["content-type"] == "application/json"
        assert refused.json()["detail"]["error"] == "credential_rejected"
        assert TOKEN[::-1] not in refused.text

    def test_refuses_what_is_too_large(self, connected_door: Door) -> None:
        door = connected_door
        noise = "".join(str(uuid4()) for _ in range(60_000))
        door.upstream.commit({"large": noise})

        refused = door.admin.post(
            "/api/v1/code/connect", json={"git_url": str(door.upstream.path), "project_id": project_of(door)}
        )

        assert refused.status_code == 413
        detail = refused.json()["detail"]
        size = detail["estimated_size_mb"]
        assert size > 1
        assert detail == {
            "error": "repository_too_large",
            "message": f"Repository size {size}MB exceeds limit of 1MB",
            "estimated_size_mb": size,
            "limit_mb": 1,
        }

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"access_token": "CANARY"}, ["body", "access_token"]),
            ({"project_id": "x"}, ["body", "project_id"]),
            ({"git_url": "x" * 2049}, ["body", "git_url"]),
            ({"clone_status": "COMPLETED"}, ["body", "clone_status"]),
        ],
    )
    def test_lists_what_is_wrong_with_a_request(self, shared: Door, change: dict[str, str], place: list[str]) -> None:
        body = {"git_url": "https://github.com/a/b", "project_id": str(uuid4()), **change}

        refused = shared.admin.post("/api/v1/code/connect", json=body)

        assert refused.status_code == 422
        assert [wrong["loc"] for wrong in refused.json()["detail"]] == [place]
        assert "CANARY" not in refused.text


class TestOthers:
    def test_need_a_token(self, shared: Door) -> None:
        refused = shared.anonymous.get(f"/api/v1/code/repos/{uuid4()}")

        assert refused.status_code == 401
        assert refused.json()["detail"]["error"] == "token_missing"

    def test_see_nothing_of_other_tenants(self, shared: Door, payments: str) -> None:
        stranger, project = shared.stranger(), project_of(shared)

        for suffix in ("", "/status"):
            for identifier in (payments, str(uuid4())):
                assert stranger.get(f"/api/v1/code/repos/{identifier}{suffix}").status_code == 404
        assert stranger.get(f"/api/v1/code/projects/{project}/repos").json() == []
        assert shared.admin.get(f"/api/v1/code/projects/{uuid4()}/repos").json() == []
