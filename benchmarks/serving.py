"""How many questions a server answers, by processes and clients: `python -m benchmarks.serving REPO`.

A real `grove serve` with one worker is asked over HTTP, as users do: a connection of its own for each client, a token,
permission, ten results. The clients are a process of their own, so on a machine of two cores they take a part of one.
"""

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from pathlib import Path

import httpx2

from benchmarks.speed.asking import percentiles
from tests.support.grove import ADMIN_TOKEN
from tests.support.server import ServerProcess
from tests.support.server import serving as serving_grove

SECONDS = 8.0
QUESTIONS = ("return None", "def get", "error", "self.name", "TODO", "import os", "close()", "session")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", type=Path, help="a local git repository")
    parser.add_argument("--processes", default="1,2", help="how many processes answer")
    parser.add_argument("--clients", default="1,8,32", help="how many clients ask at once")
    arguments = parser.parse_args()
    print("| processes | clients | questions/s | p50, ms | p95, ms |\n|---|---|---|---|---|")
    for processes in map(int, arguments.processes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            given = {
                "http_processes": str(processes),
                "local_roots": str(arguments.repository.resolve().parent),
                "search_rate_limit": "0",
                "rate_limit": "0",
                "log_level": "WARNING",
            }
            with serving_grove(Path(folder) / "data", **given) as server:
                _connect(server, arguments.repository.resolve())
                for clients in map(int, arguments.clients.split(",")):
                    seconds = asyncio.run(_asked(server, clients=clients))
                    p50, p95, _ = percentiles(seconds)
                    print(
                        f"| {processes} | {clients} | {len(seconds) / SECONDS:.0f} | {p50:.0f} | {p95:.0f} |",
                        flush=True,
                    )
    return 0


def _connect(server: ServerProcess, repository: Path) -> None:
    made = server.post("/repositories", json={"url": str(repository), "name": "measured"})
    server.wait_for_jobs(made["repository"]["id"] if "repository" in made else made["id"])


async def _asked(server: ServerProcess, *, clients: int) -> list[float]:
    """The seconds of each answer that came within the time, each question having been asked before."""
    ends = time.perf_counter() + SECONDS + 2.0
    measured_from = ends - SECONDS

    async def ask(number: int) -> list[float]:
        seconds = []
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        async with httpx2.AsyncClient(base_url=server.address, headers=headers, timeout=60) as client:
            for question in itertools.islice(itertools.cycle(QUESTIONS), number, None):
                began = time.perf_counter()
                answer = await client.get("/api/v1/search", params={"q": question, "mode": "text"})
                answer.raise_for_status()
                if time.perf_counter() > ends:
                    break
                if began > measured_from:
                    seconds.append(time.perf_counter() - began)
        return seconds

    found = await asyncio.gather(*(ask(number) for number in range(clients)))
    return [each for times in found for each in times]


if __name__ == "__main__":
    sys.exit(main())
