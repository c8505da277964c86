"""One token in every flow that goes wrong, with a whole server; then it is looked for everywhere (row K1)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import MetaData, create_engine, select

from tests.journeys.test_main_job import command_line, refuse_canary
from tests.support.canary import CANARY, nowhere
from tests.support.git_repositories import Repository
from tests.support.git_server import Behaviour, GitServer
from tests.support.git_server import serving as serving_git
from tests.support.server import ServerProcess
from tests.support.server import serving as serving_grove

WRONG = (
    Behaviour(status=401),
    Behaviour(status=403),
    Behaviour(status=500),
    Behaviour(redirect_to="https://127.0.0.1:1"),
    Behaviour(cut_after_bytes=10),
    Behaviour(delay_seconds=3),
)
"""What the host does; Grove's limit for it is two seconds."""


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "forge").mkdir()
    with serving_git(tmp_path / "forge") as running:
        running.behaviour.token = CANARY
        yield running


@pytest.fixture
def server(tmp_path: Path, forge: GitServer) -> Iterator[ServerProcess]:
    settings = {
        "git_ca_file": str(forge.ca_file),
        "allowed_networks": "127.0.0.0/8",
        "git_clone_timeout": "2",
        "fault": "mirror.fetched:error,mirror.checked:kill9",
    }
    with nowhere(tmp_path / "grove"), serving_grove(tmp_path / "grove" / "data", **settings) as running:
        running.client.event_hooks = {"response": [refuse_canary]}
        yield running
        assert CANARY not in running.log


def processes_of(server: ServerProcess) -> list[Path]:
    """The server's own and those below it."""
    assert server.process is not None
    found, waiting = [], [server.process.pid]
    while waiting:
        process = Path(f"/proc/{waiting.pop()}")
        found.append(process)
        waiting += [int(child) for task in (process / "task").iterdir() for child in _words(task / "children")]
    return found


def _words(path: Path) -> list[str]:
    return path.read_text().split()


class TestATokenInEveryFlow:
    def test_is_nowhere_afterwards(self, server: ServerProcess, forge: GitServer) -> None:
        upstream = Repository.new(forge.root / "app.git")
        upstream.commit({"main.py": "print('hello')\n"})
        body = {"url": forge.url("app.git"), "access_token": CANARY}
        connected = server.post("/repositories", json=body)["repository"]
        server.wait_for_jobs(connected["id"])  # the first attempt failed by what nobody foresaw
        server.post(f"/repositories/{connected['id']}/sync", json={})
        server.wait_for_jobs(connected["id"])
        upstream.commit({"more.py": "1\n"})
        server.post(f"/repositories/{connected['id']}/sync", json={})  # a worker dies in the middle of it
        server.wait_for_jobs(connected["id"])
        for wrong in WRONG:
            forge.behaviour = replace(wrong, token=CANARY)
            upstream.commit({"again.py": f"{wrong}\n"})
            server.client.post("repositories/check", json=body)
            server.client.post(f"repositories/{connected['id']}/sync", json={})
            server.wait_for_jobs(connected["id"])
        for url in ("https://no-such-host.invalid/x.git", f"https://x:{CANARY}@localhost/app.git"):
            assert server.client.post("repositories", json={**body, "url": url}).is_error
        credential = server.get("/credentials")["items"][0]
        forge.behaviour = Behaviour(token="another")
        assert server.client.post(f"credentials/{credential['id']}/test", json={"url": body["url"]}).is_error

        assert "Traceback" in server.log or "job_crashed" in server.log
        told = [each for job in server.get("/jobs")["items"] for each in _story(server, job["id"])]
        for words in (("job", "list"), ("cred", "list"), ("audit", "export"), ("repo", "list"), ("doctor",)):
            done = command_line(server, *words)
            told += [done.stdout, done.stderr]
        told += [server.call_tool("list_repos"), httpx2.get(f"{server.address}/metrics").text]
        told += _rows(server)
        assert not [text for text in told if CANARY in text]
        limits = [(process / "limits").read_text() for process in processes_of(server)]
        assert len(limits) > 1
        assert all(re.search(r"Max core file size +0 +0 ", each) for each in limits)


def _story(server: ServerProcess, job_id: str) -> list[str]:
    return [server.client.get(f"jobs/{job_id}").text]


def _rows(server: ServerProcess) -> list[str]:
    engine = create_engine(f"sqlite:///{server.data}/grove.db")
    tables = MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        rows = [str(tuple(row)) for table in tables.sorted_tables for row in connection.execute(select(table))]
    engine.dispose()
    return rows
