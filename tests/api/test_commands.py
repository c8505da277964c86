"""Commands in workspaces over HTTP: one answer, or the same as it comes; ended when the client leaves."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn

from grove.api import create_app
from tests.api.conftest import Door, bearer, open_door
from tests.support.grove import ADMIN_TOKEN

EXEC = "/api/v1/workspaces/fix/exec"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    yield from open_door(tmp_path)


@pytest.fixture(autouse=True)
def workspace(door: Door) -> None:
    if door.made.grove.confiner.method is None:
        pytest.skip("nothing on this machine can confine a command")
    door.connect_ready()
    name = door.admin.get("/api/v1/repositories").json()["items"][0]["name"]
    assert door.admin.post("/api/v1/workspaces", json={"repository": name, "name": "fix"}).status_code == 201


@pytest.fixture
def address(door: Door) -> Iterator[str]:
    """A real server: a test client never leaves."""
    server = uvicorn.Server(uvicorn.Config(create_app(door.made.grove), port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def sh(script: str) -> dict[str, list[str]]:
    return {"command": ["sh", "-c", script]}


class TestExec:
    def test_answers_with_all_that_was_said_and_what_changed(self, door: Door) -> None:
        done = door.admin.post(EXEC, json=sh("echo out; echo err >&2; echo x > x.txt; exit 4")).json()
        assert (done["exit_code"], done["stdout"], done["stderr"]) == (4, "out\n", "err\n")
        assert (done["stdout_bytes"], done["stdout_left_out_bytes"], done["collected"]["from_folder"]) == (4, 0, 1)

    def test_is_ended_when_the_client_leaves(self, door: Door, address: str) -> None:
        client = httpx2.Client(base_url=address, headers={**bearer(ADMIN_TOKEN), "Host": "localhost"}, timeout=3.0)
        with client, pytest.raises(httpx2.TimeoutException):
            client.post(EXEC, json=sh("echo half > half.txt; sleep 60"))
        assert _collected(door, "half.txt")


class TestTheStream:
    def test_tells_what_is_said_as_it_is_said(self, door: Door, address: str) -> None:
        moments = []
        client = httpx2.Client(base_url=address, headers={**bearer(ADMIN_TOKEN), "Host": "localhost"}, timeout=30.0)
        with client, client.sse(f"{EXEC}/stream", method="POST", json=sh("echo one; sleep 1; echo two >&2")) as source:
            told = []
            for event in source:
                moments.append(time.monotonic())
                told.append((event.event, json.loads(event.data)))
        assert [name for name, _ in told] == ["started", "output", "output", "done"]
        assert told[1][1] == {"stream": "stdout", "text": "one\n", "left_out_bytes": 0}
        assert told[2][1] == {"stream": "stderr", "text": "two\n", "left_out_bytes": 0}
        assert moments[2] - moments[1] > 0.5
        assert told[3][1]["exit_code"] == 0

    def test_refuses_before_it_begins(self, door: Door) -> None:
        assert door.admin.post(f"{EXEC}/stream", json=sh("true") | {"seconds_max": 601}).status_code == 422
        missing = door.admin.post("/api/v1/workspaces/none/exec/stream", json=sh("true"))
        assert (missing.status_code, missing.json()["code"]) == (404, "workspace_not_found")

    def test_has_the_command_ended_when_the_client_leaves(self, door: Door, address: str) -> None:
        client = httpx2.Client(base_url=address, headers={**bearer(ADMIN_TOKEN), "Host": "localhost"}, timeout=30.0)
        script = "echo half > half.txt; echo said; sleep 60"
        with client, client.sse(f"{EXEC}/stream", method="POST", json=sh(script)) as source:
            for event in source:
                if event.event == "output":
                    break
        assert _collected(door, "half.txt")


def _collected(door: Door, path: str) -> bool:
    """Whether a file comes into the workspace long before its command would have ended."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        changes = door.admin.get("/api/v1/workspaces/fix").json()["changes"]
        if [change["path"] for change in changes] == [path]:
            return True
        time.sleep(0.2)
    return False
