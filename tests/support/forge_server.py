"""A forge's API on a real HTTPS port of this machine, which answers as a test tells it to."""

import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

HOST = "forge.test"
"""The name in the server's certificate; no resolver knows it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server answers; `pause_seconds` goes by before each of the body's parts, and of some idle headers."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    parts: int = 1
    idle_headers: int = 0
    pause_seconds: float = 0.0


def document(told: Mapping[str, Any]) -> Answer:
    """An answer that is a JSON object."""
    return Answer(body=json.dumps(told).encode())


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it arrived."""

    target: str
    headers: Mapping[str, str]


class ForgeServer:
    """Answers by the request's target as it was sent, and remembers what it was asked."""

    def __init__(self, *, port: int, ca_file: Path) -> None:
        self.port = port
        self.ca_file = ca_file
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []

    @property
    def root(self) -> str:
        """Where the API begins."""
        return f"https://{HOST}:{self.port}"


@contextmanager
def forge_server(folder: Path) -> Iterator[ForgeServer]:
    """Run a server with a certificate of its own authority, whose file is put into `folder`."""
    authority = trustme.CA()
    ca_file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    http = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server = ForgeServer(port=http.server_address[1], ca_file=ca_file)
    http.RequestHandlerClass = _handler(server)
    http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    http.handle_error = lambda _request, _address: None  # type: ignore[method-assign, assignment] # clients may hang up
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def _handler(server: ForgeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(Asked(target=self.path, headers={k.lower(): v for k, v in self.headers.items()}))
            answer = server.answers.get(self.path, Answer(status=404))
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.flush_headers()
            with suppress(OSError):  # whoever asked may have gone
                for number in range(answer.idle_headers):
                    time.sleep(answer.pause_seconds)
                    self.wfile.write(f"X-Idle: {number}\r\n".encode())
            self.end_headers()
            for _ in range(answer.parts):
                time.sleep(answer.pause_seconds)
                self.wfile.write(answer.body)
                self.wfile.flush()

        def log_message(self, *_parts: object) -> None:
            """Keep quiet."""

    return Handler
