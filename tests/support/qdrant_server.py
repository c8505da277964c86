"""A server that speaks Qdrant's REST interface, a process of its own with a key: the engine is that of Qdrant's client.

No package registry carries Qdrant's own server. Its client has the same engine in Python, and this puts the requests
that the client sends for a server in front of it, with the server's words and states for what is refused. Tests use a
real server instead where GROVE_TEST_QDRANT_URL names one.
"""

import json
import re
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from qdrant_client import QdrantClient, models

KEY = "qdrant-CANARY0123456789"
START_SECONDS_MAX = 30.0
JOURNAL = "journal.jsonl"
BUSY = "busy"
"""A file of this name in the server's folder has it answer as an overloaded server does."""


@dataclass(kw_only=True)
class QdrantServer:
    """A server that can be stopped and started again with what it had."""

    folder: Path
    port: int
    process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.support.qdrant_server", str(self.folder), str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], START_SECONDS_MAX)[0], "the server did not start"
        assert self.process.stdout.readline().strip() == "ready"

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def client(self) -> QdrantClient:
        """The server's own view, to look at from outside of Grove."""
        return QdrantClient(url=self.url, metadata={"api-key": KEY}, check_compatibility=False)

    def points(self) -> int:
        """How many points all collections have."""
        client = self.client()
        try:
            return sum(client.count(each.name).count for each in client.get_collections().collections)
        finally:
            client.close()


@contextmanager
def qdrant_server(folder: Path) -> Iterator[QdrantServer]:
    """A server until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = QdrantServer(folder=folder, port=port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: QdrantClient
    folder: Path
    lock = threading.Lock()

    def _serve(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        path = self.path.partition("?")[0]
        if self.headers.get("api-key") != KEY:
            self._answer(401, {"status": {"error": "Must provide an API key or an Authorization bearer token"}})
        elif (self.folder / BUSY).exists():
            self._answer(429, {"status": {"error": "Rate limiting exceeded"}}, {"Retry-After": "1"})
        else:
            self._try(path, body)

    do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - the names that http.server asks for

    def _try(self, path: str, body: dict[str, Any]) -> None:
        for method, pattern, act in _ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == self.command:
                try:
                    with self.lock:
                        result = act(self.engine, *found.groups(), body)
                        self._remember(path, body)
                    self._answer(200, {"result": result, "status": "ok", "time": 0.0})
                except ValueError as error:
                    missing = "not found" in str(error)
                    told = f"Not found: {error}" if missing else f"Wrong input: {error}"
                    self._answer(404 if missing else 400, {"status": {"error": told}})
                return
        self._answer(404, {"status": {"error": f"no such path: {self.command} {path}"}})

    def _remember(self, path: str, body: dict[str, Any]) -> None:
        """What changes something is done again after a restart: the engine's own files are too slow for tests."""
        if self.command in {"PUT", "DELETE"} or path.endswith("/delete"):
            with (self.folder / JOURNAL).open("a") as journal:
                journal.write(json.dumps([self.command, path, body]) + "\n")

    def _answer(self, status: int, told: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _create(engine: QdrantClient, name: str, body: dict[str, Any]) -> bool:
    wanted = models.VectorParams.model_validate(body["vectors"])
    return engine.create_collection(name, vectors_config=wanted)


def _upsert(engine: QdrantClient, name: str, body: dict[str, Any]) -> dict[str, Any]:
    engine.upsert(name, points=models.Batch.model_validate(body["batch"]))
    return {"operation_id": 1, "status": "completed"}


def _delete(engine: QdrantClient, name: str, body: dict[str, Any]) -> dict[str, Any]:
    engine.delete(name, points_selector=models.PointIdsList.model_validate(body))
    return {"operation_id": 1, "status": "completed"}


def _query(engine: QdrantClient, name: str, body: dict[str, Any]) -> list[Any]:
    requests = [models.QueryRequest.model_validate(each) for each in body["searches"]]
    return [answer.model_dump(mode="json") for answer in engine.query_batch_points(name, requests=requests)]


_NAME = r"/collections/([\w-]+)"
_ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/collections", lambda engine, _: engine.get_collections().model_dump(mode="json")),
    ("GET", _NAME + "/exists", lambda engine, name, _: {"exists": engine.collection_exists(name)}),
    ("PUT", _NAME, _create),
    ("DELETE", _NAME, lambda engine, name, _: engine.delete_collection(name)),
    ("PUT", _NAME + "/index", lambda *_: {"operation_id": 1, "status": "completed"}),
    ("PUT", _NAME + "/points", _upsert),
    ("POST", _NAME + "/points/delete", _delete),
    ("POST", _NAME + "/points/count", lambda engine, name, _: {"count": engine.count(name).count}),
    ("POST", _NAME + "/points/query/batch", _query),
]


def _run(folder: str, port: str) -> None:
    _Handler.folder = Path(folder)
    _Handler.engine = engine = QdrantClient(":memory:")
    journal = Path(folder) / JOURNAL
    for line in journal.read_text().splitlines() if journal.exists() else []:
        method, path, body = json.loads(line)
        for wanted, pattern, act in _ROUTES:
            if wanted == method and (found := re.fullmatch(pattern, path)):
                act(engine, *found.groups(), body)
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), _Handler)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    _run(*sys.argv[1:])
