"""Streams over a real connection: they come as things happen, and a reader may go away."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from tests.api.conftest import Door, bearer
from tests.support.grove import ADMIN_TOKEN

SECONDS_MAX = 5.0


@pytest.fixture
def address(door: Door) -> Iterator[str]:
    """A server of the door's app on a port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(door.anonymous.app, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


class TestAStreamOverTheNetwork:
    def test_comes_as_things_happen_and_ends_with_its_reader(self, door: Door, address: str) -> None:
        job = door.connect()["job_id"]
        app = door.anonymous.app
        assert isinstance(app, FastAPI)

        with (
            httpx2.Client(base_url=address, headers=bearer(ADMIN_TOKEN)) as client,
            client.stream("GET", f"/api/v1/jobs/{job}/events") as answer,
        ):
            lines = answer.iter_lines()
            told = next(json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))
            open_meanwhile = app.state.edge.streams.count

        assert told["state"] == "queued"
        assert open_meanwhile == 1
        deadline = time.monotonic() + SECONDS_MAX
        while app.state.edge.streams.count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert app.state.edge.streams.count == 0

    def test_is_refused_like_any_request(self, address: str) -> None:
        refused = httpx2.get(f"{address}/api/v1/search/stream", params={"q": "x"})

        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["x-request-id"]
