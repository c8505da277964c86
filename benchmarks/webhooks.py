"""A storm of webhook deliveries at a running server: `python -m benchmarks.webhooks`.

While some repositories of a real git server are pushed to, signed deliveries tell of it at a steady rate: one in ten
comes twice, all are out of order, one in ten is lost, and of one repository in five nothing is told at all: those are
found by the poll. Printed are how many were accepted in a second, what each cost, and how long after the last one every
mirror had the branches of its upstream. Nothing but this machine is asked.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop

from grove.freshness import Provider
from tests.freshness.deliveries import body_of, content_of, headers_of
from tests.support.git_repositories import Repository
from tests.support.git_server import GitServer
from tests.support.git_server import serving as serving_git
from tests.support.server import ServerProcess
from tests.support.server import serving as serving_grove

CONNECTIONS = 64
SETTLED_SECONDS_MAX = 600.0
PUSH_SECONDS = 0.5
POLL_SECONDS = 30
"""How often mirrors are polled: the least that a server takes."""
DOUBLED, LOST = 0.1, 0.1
SILENT = 5
"""Of one repository in so many no delivery comes."""
TAKEN = frozenset({"syncing", "duplicate", "ignored"})


@dataclass(frozen=True)
class Sent:
    """One delivery, ready to be sent."""

    content: bytes
    headers: dict[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--deliveries", type=int, default=5_000)
    parser.add_argument("--rate", type=int, default=1_000, help="deliveries offered in a second")
    parser.add_argument("--repositories", type=int, default=20)
    parser.add_argument("--http-processes", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grove-storm-") as folder, serving_git(_made(Path(folder))) as host:
        variables = {"git_ca_file": str(host.ca_file), "allowed_networks": "127.0.0.0/8"}
        variables["rate_limit"] = "0"  # it is asked for all mirrors again and again
        variables["http_processes"] = str(arguments.http_processes)
        with serving_grove(Path(folder) / "data", **variables) as server:
            _measure(server, host, arguments)
    return 0


def _made(folder: Path) -> Path:
    (folder / "upstream").mkdir()
    return folder / "upstream"


def _measure(server: ServerProcess, host: GitServer, arguments: argparse.Namespace) -> None:
    upstreams = _connected(server, host, arguments.repositories)
    hook = server.post("/hooks", json={"provider": "github", "covers": host.url("acme")})
    storm = _storm(host, hook, upstreams, arguments.deliveries)
    with _pushing(upstreams) as pushed:
        began, used, mine = time.monotonic(), _cpu_seconds(server), time.process_time()
        outcomes = uvloop.run(_offer(hook["url"], storm, rate=arguments.rate))
        seconds, mine = time.monotonic() - began, time.process_time() - mine
        used = _cpu_seconds(server) - used
    last = [_delivery(host, hook, name, f"last-{name}") for name in upstreams if name not in _silent(upstreams)]
    uvloop.run(_offer(hook["url"], last, rate=arguments.rate))
    settled = time.monotonic()
    _await_upstream(server, {name: each for name, each in upstreams.items() if name not in _silent(upstreams)})
    heard = time.monotonic() - settled
    _await_upstream(server, upstreams)
    accepted = sum(count for outcome, count in outcomes.items() if outcome in TAKEN)
    rows = {
        "processes that answer": f"{arguments.http_processes}",
        "offered": f"{len(storm):,} in {seconds:.1f} s, at {arguments.rate:,}/s wanted",
        "accepted": f"{accepted:,}, {accepted / seconds:,.0f}/s",
        "refused": f"{len(storm) - accepted:,}",
        "the server's processor time for each": f"{used / len(storm) * 1000:.2f} ms",
        "the client's": f"{mine / len(storm) * 1000:.2f} ms",
        "outcomes": ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common()),
        "pushes meanwhile": f"{pushed[0]:,}",
        "upstream's state after the last one, where deliveries came": f"{heard:.1f} s",
        f"upstream's state of all, polled every {POLL_SECONDS} s": f"{time.monotonic() - settled:.1f} s",
    }
    print("| | |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")


@contextmanager
def _pushing(upstreams: dict[str, Repository]) -> Iterator[list[int]]:
    """Push to one repository after the other while the block lasts; how often."""
    over, count = threading.Event(), [0]

    def push() -> None:
        while not over.wait(PUSH_SECONDS):
            name = list(upstreams)[count[0] % len(upstreams)]
            upstreams[name].commit({"a.py": f"number = {count[0]}\n"}, branch="side" if count[0] % 3 else "main")
            count[0] += 1

    pusher = threading.Thread(target=push)
    pusher.start()
    try:
        yield count
    finally:
        over.set()
        pusher.join()


def _silent(upstreams: dict[str, Repository]) -> set[str]:
    return set(list(upstreams)[::SILENT])


def _connected(server: ServerProcess, host: GitServer, count: int) -> dict[str, Repository]:
    upstreams = {}
    for number in range(count):
        upstream = Repository.new(host.root / "acme" / f"r{number}.git")
        upstream.commit({"a.py": "number = 0\n"})
        upstreams[f"r{number}"] = upstream
        made = server.post("/repositories", json={"url": host.url(f"acme/r{number}.git")})["repository"]
        freshness = {"on_hook": True, "poll_seconds": POLL_SECONDS}
        assert server.client.put(f"repositories/{made['id']}/freshness", json=freshness).is_success
    _await_upstream(server, upstreams)
    return upstreams


def _storm(host: GitServer, hook: dict[str, Any], upstreams: dict[str, Repository], count: int) -> list[Sent]:
    """Deliveries about pushes, some twice, some lost, none in order."""
    chance = random.Random(4)
    storm: list[Sent] = []
    told = sorted(upstreams.keys() - _silent(upstreams))
    number = 0
    while len(storm) < count:
        name, number = told[number % len(told)], number + 1
        if chance.random() >= LOST:
            sent = _delivery(host, hook, name, f"push-{number}")
            storm += [sent] * (2 if chance.random() < DOUBLED else 1)
    chance.shuffle(storm)
    return storm[:count]


def _delivery(host: GitServer, hook: dict[str, Any], name: str, delivery: str) -> Sent:
    commit = hashlib.sha1(delivery.encode()).hexdigest()
    content = content_of(body_of(Provider.GITHUB, host.url(f"acme/{name}.git"), commit=commit))
    headers = headers_of(Provider.GITHUB, content, secret=hook["secret"], delivery=delivery, event="push")
    return Sent(content, headers)


async def _offer(url: str, storm: list[Sent], *, rate: int) -> Counter[str]:
    """Send them over some connections. A client of few lines, for it shares the machine with what it measures."""
    outcomes: Counter[str] = Counter()
    waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
    target = urlsplit(url)

    async def send() -> None:
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        while (request := await waiting.get()) is not None:
            writer.write(request)
            answer = await _answer(reader)
            outcomes[str(answer.get("outcome") or answer["code"])] += 1
        writer.close()

    senders = [asyncio.create_task(send()) for _ in range(CONNECTIONS)]
    requests = [_request(target.path, target.netloc, sent) for sent in storm]
    began = time.monotonic()
    for number, request in enumerate(requests):
        ahead = number / rate - (time.monotonic() - began)
        if ahead > 0:
            await asyncio.sleep(ahead)
        waiting.put_nowait(request)
    for _ in senders:
        waiting.put_nowait(None)
    await asyncio.gather(*senders)
    return outcomes


def _request(path: str, host: str, sent: Sent) -> bytes:
    headers = {"Host": host, "Content-Length": str(len(sent.content)), **sent.headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + sent.content


async def _answer(reader: asyncio.StreamReader) -> dict[str, Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    answer: dict[str, Any] = json.loads(await reader.readexactly(length))
    return answer


def _cpu_seconds(server: ServerProcess) -> float:
    """What the processes that answer have used of the processor, without the workers."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    beside = [int(child) for each in children for child in each.read_text().split()]
    answering = [pid for pid in beside if "answer" in Path(f"/proc/{pid}/cmdline").read_text().split("\0")]
    return sum(_used(pid) for pid in [server.process.pid, *answering])


def _used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = fields[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _await_upstream(server: ServerProcess, upstreams: dict[str, Repository]) -> None:
    """Wait until each mirror has just the branches of its upstream."""
    wanted = {name: set(upstream.refs().values()) for name, upstream in upstreams.items()}
    deadline = time.monotonic() + SETTLED_SECONDS_MAX
    while time.monotonic() < deadline:
        mirrored = {
            item["name"].rpartition("/")[2]: {
                ref["commit"] for ref in server.get(f"/repositories/{item['id']}/refs")["items"]
            }
            for item in server.get("/repositories", params={"limit": 200})["items"]
            if item["clone"] == "present" and item["name"].rpartition("/")[2] in wanted
        }
        if mirrored == wanted:
            return
        time.sleep(0.5)
    raise TimeoutError("the mirrors are not in the state of their upstream")


if __name__ == "__main__":
    sys.exit(main())
