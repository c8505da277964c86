"""The main job as users do it: connect, watch, search by three ways, fetch again, remove."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import MetaData, create_engine, select

from tests.support.canary import CANARY, nowhere
from tests.support.git_repositories import Repository
from tests.support.git_server import GitServer
from tests.support.git_server import serving as serving_git
from tests.support.grove import ADMIN_TOKEN
from tests.support.server import ServerProcess
from tests.support.server import serving as serving_grove

SOURCE = '''"""Reading configuration."""


def load_configuration(path):
    """Read the configuration file and return its values."""
    with open(path) as file:
        return dict(line.split("=", 1) for line in file)
'''


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "forge").mkdir()
    with serving_git(tmp_path / "forge") as running:
        running.behaviour.token = CANARY
        yield running


@pytest.fixture
def upstream(forge: GitServer) -> Repository:
    made = Repository.new(forge.root / "app.git")
    made.commit({"src/config.py": SOURCE, "src/main.py": "print('hello')\n", "tests/test_config.py": "assert True\n"})
    return made


@pytest.fixture
def server(tmp_path: Path, forge: GitServer, database_settings: dict[str, str]) -> Iterator[ServerProcess]:
    settings = {"git_ca_file": str(forge.ca_file), "allowed_networks": "127.0.0.0/8", **database_settings}
    with nowhere(tmp_path / "grove"), serving_grove(tmp_path / "grove" / "data", **settings) as running:
        running.client.event_hooks = {"response": [refuse_canary]}
        yield running
        assert CANARY not in running.log


def refuse_canary(answer: httpx2.Response) -> None:
    answer.read()
    assert CANARY not in answer.text


def connect(server: ServerProcess, forge: GitServer, **more: str) -> dict[str, Any]:
    body = {"url": forge.url("app.git"), "access_token": CANARY, **more}
    connected: dict[str, Any] = server.post("/repositories", json=body)
    return connected


def watch(server: ServerProcess, job_id: str) -> list[str]:
    """The kinds of events that a job tells until it is done."""
    kinds = []
    with httpx2.Client(timeout=60) as client:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        with client.stream("GET", f"{server.address}/api/v1/jobs/{job_id}/events", headers=headers) as answer:
            for line in answer.iter_lines():
                assert CANARY not in line
                if line.startswith("event: "):
                    kinds.append(line.removeprefix("event: "))
                if kinds and kinds[-1] == "done" and not line:
                    break
    return kinds


def command_line(server: ServerProcess, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(server.data.parent),
        "GROVE_HOST": server.address,
        "GROVE_TOKEN": ADMIN_TOKEN,
    }
    command = [sys.executable, "-m", "grove.launch", *words]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=60)


class TestTheMainJob:
    def test_from_connecting_to_removing(self, server: ServerProcess, forge: GitServer, upstream: Repository) -> None:
        connected = connect(server, forge)
        identifier, name = connected["repository"]["id"], connected["repository"]["name"]
        kinds = watch(server, connected["job_id"])
        assert kinds[0] == "status"
        assert kinds[-1] == "done"
        assert {job["state"] for job in server.wait_for_jobs(identifier)} == {"succeeded"}

        by_rest = server.get("/search", params={"q": "where is the configuration file read", "mode": "semantic"})
        assert by_rest["files"][0]["path"] == "src/config.py"
        assert "searched 1 at its default branch" in by_rest["truth_line"]
        by_command = command_line(server, "search", "sym:load_configuration", "--json")
        assert by_command.returncode == 0, by_command.stderr
        assert "src/config.py" in by_command.stdout
        assert "load_configuration" in server.call_tool("search_code", query="read configuration", repo=name)
        assert "def load_configuration" in server.call_tool("read_file", repo=name, path="src/config.py")

        for number in range(10):
            newest = upstream.commit({f"src/extra{number}.py": f"def extra{number}():\n    pass\n"})
        server.post(f"/repositories/{identifier}/sync", json={})
        server.wait_for_jobs(identifier)
        shown = server.get(f"/repositories/{identifier}")
        assert shown["heads"][0]["commit"] == newest
        assert server.get("/search", params={"q": "sym:extra9"})["files"]
        first = by_rest["files"][0]["commit"]
        text = server.client.get(f"repositories/{identifier}/raw", params={"path": "src/config.py", "rev": first}).text
        assert text == SOURCE

        assert server.client.delete(f"repositories/{identifier}").status_code == 202
        server.wait_for(lambda: server.client.get(f"repositories/{identifier}").status_code == 404, what="removal")
        assert server.get("/search", params={"q": "load_configuration"})["files"] == []
        assert server.get("/credentials")["items"] == []
        assert list(server.data.glob("t/*/r/*")) == []
        assert list(server.data.glob("t/*/index/s*/*")) == []
        actions = [entry["action"] for entry in server.get("/audit")["items"]]
        assert {"repository.connect", "credential.add", "repository.remove", "repository.removed"} <= set(actions)

    def test_leaves_the_token_in_no_table_and_no_measure(
        self, server: ServerProcess, forge: GitServer, upstream: Repository, database_settings: dict[str, str]
    ) -> None:
        identifier = connect(server, forge)["repository"]["id"]
        server.wait_for_jobs(identifier)
        forge.behaviour.status = 401
        server.post(f"/repositories/{identifier}/sync", json={})
        server.wait_for_jobs(identifier)

        url = database_settings.get("database_owner_url", f"sqlite:///{server.data}/grove.db")
        engine = create_engine(re.sub(r"//\w+@", "//grove@", url))  # its superuser sees through the walls
        tables = MetaData()
        with engine.connect() as connection:
            tables.reflect(connection)
            rows = [str(tuple(row)) for table in tables.sorted_tables for row in connection.execute(select(table))]
        engine.dispose()
        assert any(identifier in row for row in rows)
        assert not [row for row in rows if CANARY in row]
        assert CANARY not in httpx2.get(f"{server.address}/metrics").text
        assert CANARY not in command_line(server, "audit", "export").stdout

    def test_by_the_routes_of_the_older_document(
        self, server: ServerProcess, forge: GitServer, upstream: Repository
    ) -> None:
        project = server.get("/projects")["items"][0]["id"]
        body = {"git_url": forge.url("app.git"), "access_token": CANARY, "project_id": project}
        answer = server.client.post("code/connect", json=body)
        connected = answer.json()
        assert answer.status_code == 201
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

        server.wait_for_jobs(connected["repo_id"])
        status = server.get(f"/code/repos/{connected['repo_id']}/status")
        assert (status["clone_status"], status["error_message"]) == ("COMPLETED", None)
        assert server.get(f"/code/repos/{connected['repo_id']}")["project_id"] == project
        assert [row["id"] for row in server.get(f"/code/projects/{project}/repos")] == [connected["repo_id"]]

    def test_a_wrong_token_is_told_in_three_lines(
        self, server: ServerProcess, forge: GitServer, upstream: Repository, tmp_path: Path
    ) -> None:
        (tmp_path / "token").write_text("ghp_wrong0123456789")
        refused = command_line(server, "add", forge.url("app.git"), "--token-file", str(tmp_path / "token"), "--yes")

        assert refused.returncode != 0
        assert "ghp_wrong" not in refused.stdout + refused.stderr
        assert len([line for line in refused.stderr.splitlines() if line.strip()]) == 3

    def test_a_cancelled_clone_leaves_nothing_and_can_be_tried_again(
        self, server: ServerProcess, forge: GitServer
    ) -> None:
        large = Repository.new(forge.root / "app.git")
        large.commit({"noise.bin": os.urandom(8 * 1024 * 1024), "a.py": "def a():\n    pass\n"})
        forge.behaviour.bytes_per_second = 1024 * 1024
        connected = connect(server, forge)
        identifier, job = connected["repository"]["id"], connected["job_id"]
        server.wait_for(lambda: server.get(f"/jobs/{job}")["progress"].get("bytes_received"), what="progress")
        server.post(f"/jobs/{job}/cancel")
        server.wait_for(lambda: server.get(f"/jobs/{job}")["state"] == "cancelled", what="the cancelling")

        assert list(server.data.glob("t/*/r/*/incoming/*")) == []
        forge.behaviour.bytes_per_second = None
        server.post(f"/jobs/{job}/retry")
        assert [done["error"] for done in server.wait_for_jobs(identifier)] == [None, None, None]
        shown = server.get(f"/repositories/{identifier}")
        assert (shown["status"], shown["problem"]) == ("ready", None)
        assert [found["path"] for found in server.get("/search", params={"q": "sym:a"})["files"]] == ["a.py"]
