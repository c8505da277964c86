"""Whatever dies, and wherever: readers see a whole snapshot or the one before, and the work is done once."""

import threading
from pathlib import Path
from typing import Any, Self

import httpx2
import pytest

from grove.kit import faults
from grove.launch import serve  # noqa: F401 - every fault point must have been declared
from tests.support.git_repositories import Repository
from tests.support.server import ServerProcess, serving

WORKSPACE_POINTS = ("workspace.made", "workspace.written")
CHECKOUT_POINTS = (
    "checkout.tree_built",
    "checkout.laid",
    "checkout.placed",
    "checkout.merged",
    "checkout.taken",
)
"""Points of the server itself."""
TRIED_ELSEWHERE = (
    "promotion.opened",  # in the tests of promotions, with a forge
    "promotion.pushed",
    "vectors.set_published",  # in those of vectors, with a model server
    "vectors.set_written",
    "workspace.moving",  # in those of the life of a workspace
    "workspace.pruned",  # in those of keeping workspaces up
    "workspace.pushed",  # in those of git clients
    "workspace.rescued",  # in those of the life of a workspace
)
POINTS = sorted(set(faults.POINTS) - set(WORKSPACE_POINTS) - set(CHECKOUT_POINTS) - set(TRIED_ELSEWHERE))
"""All others are reached by workers that mirror and index."""
PUSHES = {"index.merge_written": 8, "index.merge_swapped": 8}
"""Segments are merged when there are eight."""
NEEDS_REBUILD = {"index.rebuilt_commit"}
FILES = 12


def commit(upstream: Repository, version: int) -> str:
    """A commit all of whose files say the same version."""
    files = {f"src/part{number}.py": f"def part{number}():\n    return 'version{version}'\n" for number in range(FILES)}
    return upstream.commit(files)


class Reader:
    """Searches again and again, and remembers everything that must never be seen."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._published = False
        self.wrong: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._over.wait(0.05):
            answer = self._server.client.get("search", params={"q": "/version\\d+/", "limit": 50, "mode": "regex"})
            if answer.is_success:
                self._judge(answer.json())
            elif answer.status_code != 503:
                self.wrong.append(f"{answer.status_code} {answer.text}")

    def _judge(self, answer: dict[str, Any]) -> None:
        texts = [
            line["text"].strip()
            for match in answer["files"]
            for excerpt in match["excerpts"]
            for line in excerpt["lines"]
            if "version" in line["text"]
        ]
        commits = {match["commit"] for match in answer["files"]}
        if not texts and self._published:
            self.wrong.append("a published snapshot has vanished")
        if texts:
            self._published = True
            if len(texts) != FILES or len(set(texts)) != 1 or len(commits) != 1:
                self.wrong.append(f"a mix: {sorted(set(texts))} in {len(texts)} files at {commits}")


def leftovers(data: Path) -> list[str]:
    """What an unfinished step would leave."""
    patterns = ("t/*/r/*/incoming/*", "t/*/index/building/*", "jobs/*", "t/**/.*.removing", "t/**/.*.new")
    return [str(path.relative_to(data)) for pattern in patterns for path in data.glob(pattern)]


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    made = Repository.new(tmp_path / "upstream" / "parts.git")
    commit(made, 1)
    return made


def merged(server: ServerProcess) -> bool:
    """Whether a merge was killed, and done all the same."""
    states = [job["state"] for job in server.get("/jobs")["items"] if job["kind"] == "index.merge"]
    return bool(list(server.data.glob("fault-index.merge*"))) and set(states) == {"succeeded"}


def connect(server: ServerProcess, upstream: Repository) -> str:
    identifier: str = server.post("/repositories", json={"url": str(upstream.path)})["repository"]["id"]
    return identifier


@pytest.mark.parametrize("point", POINTS)
class TestAWorkerKilledAt:
    def test_this_point_loses_nothing_and_does_nothing_twice(
        self, tmp_path: Path, upstream: Repository, point: str
    ) -> None:
        settings = {"local_roots": str(upstream.path.parent), "fault": f"{point}:kill9", "search_rate_limit": "0"}
        with serving(tmp_path / "data", **settings) as server:
            with Reader(server) as reader:
                identifier = connect(server, upstream)
                server.wait_for_jobs(identifier)
                last = PUSHES.get(point, 1) + 1
                for version in range(2, last + 1):
                    newest = commit(upstream, version)
                    server.post(f"/repositories/{identifier}/sync", json={})
                    jobs = server.wait_for_jobs(identifier)
                if point in NEEDS_REBUILD:
                    server.post("/index/rebuild", json={"repository_id": identifier})
                    jobs = server.wait_for_jobs(identifier)
                if point in PUSHES:
                    server.wait_for(lambda: merged(server), what="a merge")
            shown = server.get(f"/repositories/{identifier}")
            found = server.get("/search", params={"q": f"version{last}", "limit": 50})
            assert reader.wrong == []
            assert {job["state"] for job in jobs} == {"succeeded"}
            assert (shown["head_commit"], shown["heads"][0]["commit"]) == (newest, newest)
            assert len(found["files"]) == FILES

            server.client.delete(f"repositories/{identifier}")
            server.wait_for(lambda: server.client.get(f"repositories/{identifier}").status_code == 404, what="removal")
            assert (server.data / f"fault-{point}").exists(), "the point was never reached"
            server.stop()
            server.start()
            assert leftovers(server.data) == []
            assert list(server.data.glob("t/*/r/*")) == []
            assert list(server.data.glob("t/*/index/s*/*")) == []


class TestAServerKilled:
    def test_while_it_works_goes_on_after_its_restart(self, tmp_path: Path, upstream: Repository) -> None:
        with serving(tmp_path / "data", local_roots=str(upstream.path.parent)) as server:
            identifier = connect(server, upstream)
            server.kill()
            server.start()
            jobs = server.wait_for_jobs(identifier)

            assert {job["state"] for job in jobs} == {"succeeded"}
            assert len(server.get("/search", params={"q": "version1", "limit": 50})["files"]) == FILES

    def test_takes_its_workers_with_it(self, tmp_path: Path) -> None:
        with serving(tmp_path / "data") as server:
            server.kill()
            server.wait_for(lambda: not processes_on(server.data), what="the end of all processes")


class TestAServerKilledInAWorkspaceAt:
    @pytest.mark.parametrize("point", WORKSPACE_POINTS)
    def test_this_point_leaves_nothing_half_made(self, tmp_path: Path, upstream: Repository, point: str) -> None:
        settings = {"local_roots": str(upstream.path.parent), "fault": f"{point}:kill9"}
        wanted = {"repository": "parts", "name": "fix"}
        edits = {"edits": [{"kind": "write", "path": "new.txt", "text": "new", "expected": ""}]}
        with serving(tmp_path / "data", **settings) as server:
            server.wait_for_jobs(connect(server, upstream))
            with pytest.raises(httpx2.TransportError):
                self._open_and_edit(server, wanted, edits)
            assert (server.data / f"fault-{point}").exists(), "the point was never reached"
            server.kill()
            server.start()

            opened = server.get("/workspaces")["items"]
            assert len(list(server.data.glob("t/*/w/*"))) == len(opened)
            if not opened:
                server.post("/workspaces", json=wanted)
            assert server.get("/workspaces/fix")["changes"] == []
            server.post("/workspaces/fix/edits", json=edits)
            server.post("/workspaces/fix/commits", json={"message": "New"})
            assert server.get("/workspaces/fix")["ahead"] == 1

    def _open_and_edit(self, server: ServerProcess, wanted: dict[str, Any], edits: dict[str, Any]) -> None:
        server.post("/workspaces", json=wanted)
        server.post("/workspaces/fix/edits", json=edits)


class TestAServerKilledInACheckoutAt:
    @pytest.mark.parametrize("point", CHECKOUT_POINTS)
    def test_this_point_hands_out_nothing_half_made_and_loses_nothing(
        self, tmp_path: Path, upstream: Repository, point: str
    ) -> None:
        settings = {"local_roots": str(upstream.path.parent), "fault": f"{point}:kill9", "warm_checkouts": "0"}
        with serving(tmp_path / "data", **settings) as server:
            server.wait_for_jobs(connect(server, upstream))
            server.post("/workspaces", json={"repository": "parts", "name": "fix"})
            with pytest.raises(httpx2.TransportError):
                self._change_in_the_folder(server)
            assert (server.data / f"fault-{point}").exists(), "the point was never reached"
            server.kill()
            server.start()

            known = {item["id"] for item in server.get("/workspaces")["items"]}
            assert {path.name for path in server.data.glob("t/*/c/*")} <= known
            assert list(server.data.glob("t/*/r/*/trees/.building-*")) == []
            self._change_in_the_folder(server)
            folder = Path(server.post("/workspaces/fix/checkout")["path"])
            assert len(list(folder.glob("src/*.py"))) == FILES
            status = server.get("/workspaces/fix")
            assert [change["path"] for change in status["changes"]] == ["mine.txt"]
            assert server.post("/workspaces/fix/collect")["from_folder"] == 0

    def _change_in_the_folder(self, server: ServerProcess) -> None:
        folder = Path(server.post("/workspaces/fix/checkout")["path"])
        (folder / "mine.txt").write_text("mine\n")
        server.post("/workspaces/fix/collect")


class TestTermination:
    def test_ends_with_exit_code_0(self, tmp_path: Path, upstream: Repository) -> None:
        with serving(tmp_path / "data", local_roots=str(upstream.path.parent)) as server:
            identifier = connect(server, upstream)
            assert server.stop() == 0
            server.start()
            assert {job["state"] for job in server.wait_for_jobs(identifier)} == {"succeeded"}

    def test_a_second_server_on_the_same_folder_is_refused(self, tmp_path: Path) -> None:
        with serving(tmp_path / "data") as server:
            second = ServerProcess(data=server.data, port=server.port + 1, environment=server.environment)
            with pytest.raises(AssertionError, match="Another server runs on this data folder"):
                second.start()
            second.client.close()


def processes_on(data: Path) -> list[str]:
    """The processes whose environment names this data folder."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"GROVE_DATA_DIR={data}".encode() in environment.read_bytes():
                found.append(environment.parent.name)
        except OSError:
            continue
    return found
