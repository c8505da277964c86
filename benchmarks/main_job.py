"""The main job on real repositories, beside the tools that people use today: `python -m benchmarks.main_job REPO...`.

Each REPO is a bare repository on this machine. It is served over HTTPS by a real git server that asks for a token,
connected through the REST API, watched to completion, searched by REST, command line and an MCP client, fetched again
after ten new commits, and removed. The same server is cloned by plain `git clone`, and the same questions are asked
of `rg` in a checkout. Prints tables in Markdown.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.support.git_repositories import Repository, git
from tests.support.git_server import GitServer
from tests.support.git_server import serving as serving_git
from tests.support.grove import ADMIN_TOKEN
from tests.support.server import ServerProcess
from tests.support.server import serving as serving_grove

TOKEN = "ghp_benchmark0123456789"
ROUNDS = 30
QUESTIONS = {
    "text": ("text", "error handling"),
    "regex": ("regex", r"(get|set)_?[a-z]+\("),
    "ranked": ("semantic", "parse the configuration file"),
    "symbol": ("symbol", "parse"),
}
RG = {"text": ["-F", "-l", "error handling"], "regex": ["-l", r"(get|set)_?[a-z]+\("]}


@dataclass
class Figures:
    """What was measured of one repository."""

    name: str
    files: int = 0
    source_mb: float = 0.0
    rows: dict[str, str] = field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("repositories", nargs="+", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grove-bench-") as folder:
        measured = [measure(path, Path(folder)) for path in arguments.repositories]
    print_table(measured)
    return 0


def measure(origin: Path, folder: Path) -> Figures:
    """The whole story of one repository."""
    name = origin.parent.name.partition("+")[2] or origin.stem
    figures = Figures(name=name)
    root = folder / name
    root.mkdir()
    upstream = _copy(origin, root / f"{name}.git")
    with serving_git(root) as forge:
        forge.behaviour.token = TOKEN
        figures.rows["git clone --bare"] = _seconds(lambda: _plain_clone(forge, name, root / "plain.git"))
        settings = {"git_ca_file": str(forge.ca_file), "allowed_networks": "127.0.0.0/8", "max_repo_size_mb": "4096"}
        with serving_grove(root / "data", workers="1", **settings) as server:
            _grow(server, forge, upstream, figures)
    checkout = root / "checkout"
    git(root, "clone", "--quiet", "--shared", str(upstream.path), str(checkout))
    for question, words in RG.items():
        if shutil.which("rg"):
            figures.rows[f"{question} query, rg, p50"] = _milliseconds([_rg(checkout, words) for _ in range(5)])
    return figures


def _grow(server: ServerProcess, forge: GitServer, upstream: Repository, figures: Figures) -> None:
    branch = git(upstream.path, "symbolic-ref", "--short", "HEAD").decode().strip()
    body = {"url": forge.url(upstream.path.name), "access_token": TOKEN, "branches": [branch]}
    began = time.perf_counter()
    identifier = server.post("/repositories", json=body)["repository"]["id"]
    figures.rows["connect (look, register)"] = f"{time.perf_counter() - began:.2f} s"
    jobs = {job["kind"]: job for job in server.wait_for_jobs(identifier)}
    assert {job["state"] for job in jobs.values()} == {"succeeded"}, jobs
    figures.rows["mirror"] = _duration(jobs["mirror.sync"])
    figures.rows["index: text, words, symbols, vectors"] = _duration(jobs["snapshot.index"])
    shown = server.get(f"/repositories/{identifier}")
    [head] = shown["heads"]
    figures.files, figures.source_mb = head["file_count"], head["source_bytes"] / 1e6
    figures.rows["mirror on disk"] = _megabytes(server.data.glob("t/*/r/**/*"))
    figures.rows["index on disk"] = _megabytes(server.data.glob("t/*/index/**/*"))
    _ask(server, figures)
    _ask_otherwise(server, shown["name"])
    figures.rows["ten commits, from sync to searchable"] = _push(server, identifier, upstream, branch)
    figures.rows["memory at most, server / worker"] = " / ".join(f"{peak:.0f} MB" for peak in _peaks(server))
    began = time.perf_counter()
    server.client.delete(f"repositories/{identifier}")
    server.wait_for(lambda: server.client.get(f"repositories/{identifier}").status_code == 404, what="removal")
    figures.rows["remove"] = f"{time.perf_counter() - began:.2f} s"
    assert list(server.data.glob("t/*/r/*")) == []
    assert list(server.data.glob("t/*/index/s*/*")) == []


def _ask(server: ServerProcess, figures: Figures) -> None:
    for question, (mode, text) in QUESTIONS.items():
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            answer = server.get("/search", params={"q": text, "mode": mode, "limit": 10})
            times.append(time.perf_counter() - began)
        found = answer["truth"]["files_found"]
        figures.rows[f"{question} query over HTTP, p50"] = f"{_milliseconds(times)} ({found} files)"


def _ask_otherwise(server: ServerProcess, name: str) -> None:
    """The same by command line and by an MCP client."""
    environment = {**server.environment, "GROVE_HOST": server.address, "GROVE_TOKEN": ADMIN_TOKEN}
    command = [sys.executable, "-m", "grove.launch", "search", "parse the configuration file"]
    found = subprocess.run(command, env=environment, check=True, capture_output=True)
    assert found.stdout.strip()

    async def ask() -> Any:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            transport = streamable_http_client(f"{server.address}/mcp", http_client=http)
            async with Client(transport) as client:
                return await client.call_tool("search_code", {"query": "parse the configuration file", "repo": name})

    answer = asyncio.run(ask())
    assert not answer.is_error, answer


def _push(server: ServerProcess, identifier: str, upstream: Repository, branch: str) -> str:
    for number in range(10):
        newest = upstream.commit({f"grove_push/file{number}.py": f"def pushed{number}():\n    pass\n"}, branch=branch)
    began = time.perf_counter()
    server.post(f"/repositories/{identifier}/sync", json={})
    server.wait_for(
        lambda: server.get(f"/repositories/{identifier}")["heads"][0]["commit"] == newest, what="the new commits"
    )
    elapsed = time.perf_counter() - began
    assert server.get("/search", params={"q": "sym:pushed9"})["files"]
    return f"{elapsed:.2f} s"


def _copy(origin: Path, target: Path) -> Repository:
    """A copy of the default branch that may be pushed to."""
    git(
        target.parent,
        "clone",
        "--quiet",
        "--bare",
        "--single-branch",
        "--no-tags",
        "--no-hardlinks",
        str(origin),
        str(target),
    )
    return Repository(target)


def _plain_clone(forge: GitServer, name: str, target: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "GIT_SSL_CAINFO": str(forge.ca_file), "GIT_TERMINAL_PROMPT": "0"}
    address = forge.url(f"{name}.git").replace("https://", f"https://x:{TOKEN}@")
    command = ["git", "-c", "http.proxy=", "clone", "--quiet", "--bare", address, str(target)]
    subprocess.run(command, env=environment, check=True)


def _rg(checkout: Path, words: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(["rg", "--hidden", *words, "."], cwd=checkout, check=False, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _peaks(server: ServerProcess) -> list[float]:
    """The most memory that the server and its worker had, in MB."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    peaks = []
    for pid in [str(server.process.pid), *children]:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return peaks


def _duration(job: dict[str, Any]) -> str:
    began, ended = (_moment(job[name]) for name in ("started_at", "finished_at"))
    return f"{ended - began:.2f} s"


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _seconds(act: Callable[[], None]) -> str:
    began = time.perf_counter()
    act()
    return f"{time.perf_counter() - began:.2f} s"


def _milliseconds(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:.1f} ms"


def _megabytes(paths: Any) -> str:
    return f"{sum(path.stat().st_size for path in paths if path.is_file()) / 1e6:.1f} MB"


def print_table(measured: list[Figures]) -> None:
    """One column for each repository."""
    titles = [f"{figures.name}: {figures.files:,} files, {figures.source_mb:.1f} MB" for figures in measured]
    print(f"| what | {' | '.join(titles)} |")
    print("|---" * (len(measured) + 1) + "|")
    for row in measured[0].rows:
        print(f"| {row} | {' | '.join(figures.rows.get(row, '') for figures in measured)} |")


if __name__ == "__main__":
    sys.exit(main())
