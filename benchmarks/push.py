"""From a push to its being found, stage by stage, at a running server: `python -m benchmarks.push`.

Ten files are pushed to a repository of a real git server, which is spoken to over HTTPS; the forge's signed delivery is
sent, and the server is asked for what was pushed until it is found. Printed are the moments at which each stage ended,
and what the server, its worker and their git used of the processor. Nothing but this machine is asked.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from grove.freshness import Provider
from tests.freshness.deliveries import body_of, content_of, headers_of
from tests.support.git_repositories import Repository
from tests.support.git_server import GitServer
from tests.support.git_server import serving as serving_git
from tests.support.server import ServerProcess
from tests.support.server import serving as serving_grove

FILES_PUSHED = 10
LINES = 40
ASK_SECONDS = 0.05
FOUND_SECONDS_MAX = 60.0
SYNC, INDEX = "mirror.sync", "snapshot.index"


@dataclass(frozen=True, kw_only=True)
class Push:
    """How long after its arrival a push was where, in seconds, and what it took of the processor."""

    stages: dict[str, float]
    cpu_seconds: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where it is pushed to, and who is told."""

    server: ServerProcess
    upstream: Repository
    address: str
    repository_id: str
    hook: dict[str, Any]
    forge: httpx2.Client
    file_count: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--files", type=int, default=5_000, help="files of the repository")
    parser.add_argument("--pushes", type=int, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grove-push-") as folder:
        (Path(folder) / "upstream").mkdir()
        with serving_git(Path(folder) / "upstream") as host:
            upstream = Repository.new(host.root / "acme" / "shop.git")
            upstream.commit({_path(number): _text(number, "kept") for number in range(arguments.files)})
            variables = {"git_ca_file": str(host.ca_file), "allowed_networks": "127.0.0.0/8"}
            variables |= {"rate_limit": "0", "search_rate_limit": "0"}  # it is asked again and again
            with serving_grove(Path(folder) / "data", **variables) as server:
                _tell(_measured(server, host, upstream, arguments), arguments)
    return 0


def _path(number: int) -> str:
    return f"src/part{number % 50}/file{number}.py"


def _text(number: int, word: str) -> str:
    return "".join(f"def {word}_{number}_{line}(value):\n    return value + {line}\n\n" for line in range(LINES))


def _measured(
    server: ServerProcess, host: GitServer, upstream: Repository, arguments: argparse.Namespace
) -> list[Push]:
    address = host.url("acme/shop.git")
    connected = server.post("/repositories", json={"url": address})["repository"]
    server.wait_for_jobs(connected["id"])
    hook = server.post("/hooks", json={"provider": "github", "covers": host.url("acme")})
    place = Place(
        server=server,
        upstream=upstream,
        address=address,
        repository_id=connected["id"],
        hook=hook,
        forge=httpx2.Client(),
        file_count=arguments.files,
    )
    return [_pushed(place, number) for number in range(arguments.pushes + 1)][1:]


def _pushed(place: Place, number: int) -> Push:
    server, word = place.server, f"pushed{number}x"
    numbers = [(number * FILES_PUSHED + each) % place.file_count for each in range(FILES_PUSHED)]
    commit = place.upstream.commit({_path(each): _text(each, word) for each in numbers})
    content = content_of(body_of(Provider.GITHUB, place.address, commit=commit))
    headers = headers_of(Provider.GITHUB, content, secret=place.hook["secret"], delivery=f"push-{number}")
    used, began = _cpu_seconds(server), time.time()
    answer = place.forge.post(place.hook["url"], content=content, headers=headers)
    assert answer.json()["outcome"] == "syncing", answer.text
    taken = time.time()
    _await_found(server, word)
    found, used_then = time.time(), _cpu_seconds(server)
    jobs = server.wait_for_jobs(place.repository_id)
    moments = {"delivery answered": taken, **dict(_moments(jobs, since=began)), "found by a search": found}
    return Push(
        stages={stage: moment - began for stage, moment in moments.items()},
        cpu_seconds={who: used_then[who] - used[who] for who in used},
    )


def _await_found(server: ServerProcess, word: str) -> None:
    deadline = time.monotonic() + FOUND_SECONDS_MAX
    while time.monotonic() < deadline:
        answer = server.get("/search", params={"q": word, "mode": "text"})
        if answer["files"]:
            return
        time.sleep(ASK_SECONDS)
    raise TimeoutError("what was pushed is not found")


def _moments(jobs: list[dict[str, Any]], *, since: float) -> Iterator[tuple[str, float]]:
    for kind, does in ((SYNC, "fetched and published"), (INDEX, "indexed and published")):
        job = min((each for each in jobs if each["kind"] == kind and _at(each["created_at"]) >= since), key=_created)
        yield f"{kind} claimed", _at(job["started_at"])
        yield does, _at(job["finished_at"])


def _created(job: dict[str, Any]) -> str:
    return str(job["created_at"])


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _cpu_seconds(server: ServerProcess) -> dict[str, float]:
    """What the server, its worker, and the processes that this one has ended used of the processor."""
    assert server.process is not None
    of_server = _used(server.process.pid)
    of_workers = [_used(pid) for pid in _children(server.process.pid) if "worker" in _words(pid)]
    git = sum(ended for _, ended in of_workers)
    return {"server": of_server[0], "worker": sum(own for own, _ in of_workers), "git": git}


def _children(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield int(child)
            yield from _children(int(child))


def _words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def _used(pid: int) -> tuple[float, float]:
    """The seconds of a process itself, and of those that it has started and that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, ended_user, ended_system = (int(field) / os.sysconf("SC_CLK_TCK") for field in fields[11:15])
    return user + system, ended_user + ended_system


def _tell(pushes: list[Push], arguments: argparse.Namespace) -> None:
    print(f"{len(pushes)} pushes of {FILES_PUSHED} files into {arguments.files:,}: seconds after the delivery came\n")
    print("| stage | median | slowest |\n|---|---|---|")
    for stage in pushes[0].stages:
        seconds = [push.stages[stage] for push in pushes]
        print(f"| {stage} | {statistics.median(seconds):.3f} | {max(seconds):.3f} |")
    print("\n| processor time | median | most |\n|---|---|---|")
    for who in pushes[0].cpu_seconds:
        used = [push.cpu_seconds[who] for push in pushes]
        print(f"| {who} | {statistics.median(used):.2f} | {max(used):.2f} |")


if __name__ == "__main__":
    sys.exit(main())
