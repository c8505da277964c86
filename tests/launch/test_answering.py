"""`grove serve` with several processes that answer: one address, one truth, and one of them may die."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.git_repositories import Repository
from tests.support.grove import ADMIN_TOKEN
from tests.support.server import ServerProcess, serving

PROCESSES = 3
pytestmark = pytest.mark.xdist_group("answering")
AUTHORIZED = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("answering")
    Repository.new(folder / "shop").commit({"a.py": "def sell():\n    return 1\n"})
    with serving(folder / "data", http_processes=str(PROCESSES), local_roots=str(folder)) as server:
        server.wait_for(lambda: len(listeners(server)) == PROCESSES, what="the start of all processes")
        made = server.post("/repositories", json={"url": str(folder / "shop"), "name": "shop"})
        server.wait_for_jobs(made["repository"]["id"] if "repository" in made else made["id"])
        yield server


class TestSeveralProcesses:
    def test_give_the_same_answers_at_one_address(self, server: ServerProcess) -> None:
        answers = [asked(server, "/api/v1/search", q="sell", mode="text") for _ in range(30)]
        assert {answer.status_code for answer in answers} == {200}
        assert {file["path"] for answer in answers for file in answer.json()["files"]} == {"a.py"}

    def test_know_at_once_what_one_of_them_was_told(self, server: ServerProcess) -> None:
        made = server.post("/tokens", json={"name": "short"})
        mine = {"Authorization": f"Bearer {made['secret']}"}
        assert {asked(server, "/api/v1/me", headers=mine).status_code for _ in range(20)} == {200}
        assert server.client.delete(f"tokens/{made['token']['id']}").is_success
        assert {asked(server, "/api/v1/me", headers=mine).status_code for _ in range(20)} == {401}

    def test_tell_what_all_of_them_measured(self, server: ServerProcess) -> None:
        line = 'grove_http_request_duration_seconds_count{code="200",method="GET",route="/livez"}'

        def counted() -> float:
            told = asked(server, "/metrics").text.splitlines()
            return sum(float(one.rpartition(" ")[2]) for one in told if one.startswith(line))

        before = counted()
        for _ in range(20):
            assert asked(server, "/livez").is_success
        assert [counted() - before for _ in range(10)] == [20.0] * 10
        assert "grove_build_info" in asked(server, "/metrics").text

    def test_go_on_when_one_dies_which_is_replaced(self, server: ServerProcess) -> None:
        dead = listeners(server)[-1]
        os.kill(dead, signal.SIGKILL)
        server.wait_for(
            lambda: dead not in listeners(server) and len(listeners(server)) == PROCESSES, what="a new process"
        )
        assert {asked(server, "/api/v1/me").status_code for _ in range(30)} == {200}

    def test_say_that_a_worker_is_missing(self, server: ServerProcess) -> None:
        worker = next(pid for pid in children(server) if "worker" in words(pid))
        os.kill(worker, signal.SIGKILL)

        def told() -> str:
            look: str = asked(server, "/readyz?verbose").json()["checks"]["workers"][0]["status"]
            return look

        server.wait_for(lambda: told() == "warn", what="a warning")
        server.wait_for(lambda: {told() for _ in range(12)} == {"pass"}, what="a new worker")

    def test_do_not_share_the_address_with_another_server(self, server: ServerProcess, tmp_path: Path) -> None:
        with (
            pytest.raises(AssertionError, match="address_unusable"),
            serving(tmp_path / "data", http_processes="2", port=str(server.port)),
        ):
            pass

    def test_end_together(self, server: ServerProcess) -> None:
        pids = children(server)
        assert server.stop() == 0
        deadline = time.monotonic() + 20
        while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        with pytest.raises(httpx2.TransportError):
            asked(server, "/livez")


def asked(server: ServerProcess, path: str, headers: dict[str, str] | None = None, **parts: str) -> httpx2.Response:
    """The answer over a connection of its own, which may go to any of the processes."""
    return httpx2.get(f"{server.address}{path}", params=parts or None, headers=headers or AUTHORIZED, timeout=20)


def listeners(server: ServerProcess) -> list[int]:
    """The processes that listen at the server's address, itself first."""
    assert server.process is not None
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{server.port:04X}") and line.split()[3] == "0A"
    }
    return [pid for pid in [server.process.pid, *children(server)] if inodes & sockets(pid)]


def sockets(pid: int) -> set[str]:
    try:
        targets = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return set()
    return {target[len("socket:[") : -1] for target in targets if target.startswith("socket:[")}


def children(server: ServerProcess) -> list[int]:
    """The processes that a server started, however far down."""
    assert server.process is not None
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [server.process.pid]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []
