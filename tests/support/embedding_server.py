"""A model server: a process of its own that speaks OpenAI's `/v1/embeddings`, as a test's choice of model tells it to.

Models are named `words-N` (each word has a fixed direction in N dimensions), or after what goes wrong with them.
"""

import contextlib
import json
import re
import select
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

KEY = "sk-CANARY0123456789"
START_SECONDS_MAX = 30.0
TEXT_BYTES_MAX = 20_000


@dataclass(frozen=True, kw_only=True)
class EmbeddingServer:
    """A running server, and the file of what it was asked: a line for each request."""

    url: str
    log: Path
    process: "subprocess.Popen[str]"

    def asked(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@contextmanager
def embedding_server(folder: Path, *, port: int = 0) -> Iterator[EmbeddingServer]:
    """A server until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "asked.jsonl"
    command = [sys.executable, "-m", "tests.support.embedding_server", str(log), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], START_SECONDS_MAX)[0], "the model server did not start"
        address = process.stdout.readline().strip()
        try:
            yield EmbeddingServer(url=f"{address}/v1", log=log, process=process)
        finally:
            process.terminate()


def vector_of(text: str, dimensions: int) -> list[float]:
    """The sum of the directions of a text's words, and a little that all texts share."""
    total = np.full(dimensions, 0.2)
    for word in re.findall(r"[a-z]+", text.lower()):
        total += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(dimensions)
    return [float(number) for number in total]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    log: Path
    seen: dict[str, int]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model, texts = body["model"], body["input"]
        sizes = [len(text.encode()) for text in texts]
        with self.log.open("a") as log:
            log.write(json.dumps({"model": model, "at": time.monotonic(), "sizes": sizes, "first": texts[0]}) + "\n")
        self.seen[model] = self.seen.get(model, 0) + 1
        if self.path != "/v1/embeddings":
            self._answer(404, {"error": {"message": "no such path"}})
        elif self.headers.get("Authorization") not in {None, f"Bearer {KEY}"}:
            self._answer(401, {"error": {"message": "wrong key"}})
        elif any(size > TEXT_BYTES_MAX for size in sizes):
            self._answer(400, {"error": {"message": "input is too long"}})
        else:
            self._embed(model, texts)

    def _embed(self, model: str, texts: list[str]) -> None:
        kind, _, rest = model.partition("-")
        if kind == "busy" and self.seen[model] <= int(rest):
            self._answer(429, {"error": "slow down"}, {"Retry-After": "0.3"})
        elif kind == "away" and self.seen[model] <= int(rest):
            self._answer(502, {})
        elif kind == "slow":
            time.sleep(float(rest))
            self._rows(texts, 8)
        elif kind == "short":
            self._rows(texts[1:], 8)
        elif kind == "growing":
            self._rows(texts, 8 + self.seen[model])
        elif kind in {"nan", "redirect", "endless", "prose"}:
            self._mislead(kind, rest, len(texts))
        elif kind in {"words", "busy", "away"}:
            self._rows(texts, int(rest) if kind == "words" else 8)
        else:
            self._answer(404, {"error": {"message": f"model '{model}' not found, try pulling it first"}})

    def _rows(self, texts: list[str], dimensions: int) -> None:
        rows = [{"index": at, "embedding": vector_of(text, dimensions)} for at, text in enumerate(texts)]
        self._answer(200, {"object": "list", "data": rows[::-1]})

    def _mislead(self, kind: str, rest: str, count: int) -> None:
        if kind == "nan":
            self._answer(200, {"data": [{"index": at, "embedding": [float("nan")] * 8} for at in range(count)]})
        elif kind == "redirect":
            self._answer(302, {}, {"Location": "http://169.254.169.254/"})
        elif kind == "endless":
            self._send_without_end(pause_seconds=float(rest))
        else:
            self._answer(200, {"message": "hello"})

    def _send_without_end(self, *, pause_seconds: float) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(10 << 30))
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b" " * (1 if pause_seconds else 1 << 20))
                time.sleep(pause_seconds)

    def _answer(self, status: int, told: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _serve(log: str, port: str) -> None:
    _Handler.log, _Handler.seen = Path(log), {}
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), _Handler)
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
