"""A storm of webhook deliveries at a running server: `python -m benchmarks.webhooks`.

Pushes to some repositories of a real git server are told by signed deliveries, offered at a steady rate: doubled, and
out of order. Printed are how many were accepted in a second, how many syncs they led to, and how long
after the last one every mirror was in the state of its upstream. Nothing but this machine is asked.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from grove.freshness import Provider
from tests.freshness.deliveries import body_of, content_of, headers_of
from tests.support.git_repositories import Repository
from tests.support.git_server import GitServer
from tests.support.git_server import serving as serving_git
from tests.support.server import ServerProcess
from tests.support.server import serving as serving_grove

CONNECTIONS = 64
SETTLED_SECONDS_MAX = 600.0


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
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grove-storm-") as folder, serving_git(_made(Path(folder))) as host:
        variables = {"git_ca_file": str(host.ca_file), "allowed_networks": "127.0.0.0/8"}
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
    began, used = time.monotonic(), _cpu_seconds(server)
    outcomes = asyncio.run(_offer(hook["url"], storm, rate=arguments.rate))
    seconds, used = time.monotonic() - began, _cpu_seconds(server) - used
    settled = time.monotonic()
    _await_upstream(server, upstreams)
    accepted = sum(count for outcome, count in outcomes.items() if outcome in {"syncing", "duplicate", "ignored"})
    jobs = server.get("/jobs", params={"limit": 200})["items"]
    syncs = sum(job["kind"] == "mirror.sync" for job in jobs)
    rows = {
        "offered": f"{len(storm):,} in {seconds:.1f} s, at {arguments.rate:,}/s wanted",
        "accepted": f"{accepted:,}, {accepted / seconds:,.0f}/s",
        "the server's processor time for each": f"{used / len(storm) * 1000:.2f} ms",
        "outcomes": ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common()),
        "syncs of that (the newest 200 jobs)": f"{syncs:,}",
        "upstream's state after the last one": f"{time.monotonic() - settled:.1f} s",
    }
    print("| | |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")


def _connected(server: ServerProcess, host: GitServer, count: int) -> dict[str, Repository]:
    upstreams = {}
    for number in range(count):
        upstream = Repository.new(host.root / "acme" / f"r{number}.git")
        upstream.commit({"a.py": "number = 0\n"})
        upstreams[f"r{number}"] = upstream
        server.post("/repositories", json={"url": host.url(f"acme/r{number}.git")})
    _await_upstream(server, upstreams)
    return upstreams


def _storm(host: GitServer, hook: dict[str, Any], upstreams: dict[str, Repository], count: int) -> list[Sent]:
    """Two pushes to each repository; deliveries of those and of many that were before, one in ten of them twice."""
    chance = random.Random(4)
    storm: list[Sent] = []
    for name, upstream in upstreams.items():
        upstream.commit({"a.py": "number = 1\n"})
        upstream.commit({"b.py": "number = 2\n"}, branch="side")
        address = host.url(f"acme/{name}.git")
        for number in range(count // len(upstreams)):
            content = content_of(body_of(Provider.GITHUB, address, commit=f"{chance.getrandbits(160):040x}"))
            delivery = f"{name}-{number}"
            headers = headers_of(Provider.GITHUB, content, secret=hook["secret"], delivery=delivery, event="push")
            storm += [Sent(content, headers)] * (2 if chance.random() < 0.1 else 1)
    chance.shuffle(storm)
    return storm[:count]


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
    """What the server itself has used of the processor, without its workers."""
    assert server.process is not None
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
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
            if item["clone"] == "present"
        }
        if mirrored == wanted:
            return
        time.sleep(0.2)
    raise TimeoutError("the mirrors are not in the state of their upstream")


if __name__ == "__main__":
    sys.exit(main())
