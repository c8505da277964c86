"""`grove serve` as a user runs it: a process of its own, reached over HTTP."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.support.grove import ADMIN_TOKEN

READY_SECONDS_MAX = 120.0
WAIT_SECONDS_MAX = 240.0
"""Longer than a job takes that is tried again twice, after 60 and 120 seconds: on a busy machine one may be."""


@dataclass(frozen=True)
class ToolAnswer:
    """What a tool answered."""

    text: str
    is_error: bool


@dataclass
class ServerProcess:
    """A running server and a client that is signed in as its administrator."""

    data: Path
    port: int
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    client: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        self.client = httpx2.Client(base_url=f"{self.address}/api/v1", headers=headers, timeout=30.0)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.data.parent / "server.log").read_text()

    def start(self) -> None:
        with (self.data.parent / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "grove.launch", "serve"], env=self.environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the server did not start:\n{self.log}"
            try:
                if httpx2.get(f"{self.address}/readyz", timeout=5).is_success:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"the server is not ready:\n{self.log}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=10)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=40)

    def get(self, path: str, **parts: Any) -> Any:
        answer = self.client.get(path.lstrip("/"), **parts)
        assert answer.is_success, f"{answer.status_code} {answer.text}\n{self.log[-6000:]}"
        return answer.json()

    def post(self, path: str, **parts: Any) -> Any:
        answer = self.client.post(path.lstrip("/"), **parts)
        assert answer.is_success, f"{answer.status_code} {answer.text}\n{self.log[-6000:]}"
        return answer.json()

    def call_tool(self, tool: str, **arguments: Any) -> str:
        """What a tool answers to an agent of the administrator's."""
        answer = self.ask_tool(tool, ADMIN_TOKEN, **arguments)
        assert not answer.is_error, answer
        return answer.text

    def ask_tool(self, tool: str, token: str, **arguments: Any) -> "ToolAnswer":
        """What a tool answers to an agent that reaches the server over HTTP, be it an error."""

        async def call() -> Any:
            headers = {"Authorization": f"Bearer {token}"}
            async with (
                httpx2.AsyncClient(headers=headers, timeout=60) as http,
                Client(streamable_http_client(f"{self.address}/mcp", http_client=http)) as client,
            ):
                return await client.call_tool(tool, arguments)

        answer = asyncio.run(call())
        return ToolAnswer("\n".join(block.text for block in answer.content), bool(answer.is_error))

    def wait_for(self, is_reached: Callable[[], Any], *, what: str) -> Any:
        """Ask until the answer is true; the answer."""
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while time.monotonic() < deadline:
            if reached := is_reached():
                return reached
            time.sleep(0.1)
        raise AssertionError(f"{what} did not happen:\n{self._situation()}")

    def _situation(self) -> str:
        """The newest jobs, and what the server has said lately beside its answers to requests."""
        facts = ("kind", "state", "attempt", "run_at", "started_at", "finished_at", "error", "progress")
        jobs = [{name: job[name] for name in facts} for job in self.get("/jobs", params={"limit": 20})["items"]]
        said = [line for line in self.log.splitlines() if '"event": "http_request"' not in line]
        return "\n".join([*map(str, jobs), *said[-40:]])

    def wait_for_jobs(self, repository_id: str) -> list[dict[str, Any]]:
        """Wait until a repository has no job that waits or runs; its jobs, newest first."""

        def settled() -> list[dict[str, Any]] | None:
            items: list[dict[str, Any]] = self.get("/jobs", params={"target": repository_id})["items"]
            return items if items and not {job["state"] for job in items} & {"queued", "running"} else None

        jobs: list[dict[str, Any]] = self.wait_for(settled, what="the end of all jobs")
        return jobs


@contextmanager
def serving(data: Path, **settings: str) -> Iterator[ServerProcess]:
    """Start a server on a data folder; settings are those of its environment, in lower case."""
    data.mkdir(parents=True, exist_ok=True)
    port = free_port()
    given = {
        "data_dir": str(data),
        "port": str(port),
        "admin_name": "admin",
        "admin_token": ADMIN_TOKEN,
        "workers": "1",
        "retry_seconds": "0.2",
        **settings,
    }
    environment = {"PATH": os.environ["PATH"], "HOME": str(data.parent)}
    environment |= {f"GROVE_{name.upper()}": value for name, value in given.items()}
    server = ServerProcess(data=data, port=port, environment=environment)
    server.start()
    try:
        yield server
    finally:
        server.client.close()
        if server.process is not None and server.process.poll() is None:
            server.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
