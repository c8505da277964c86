"""A real git server over HTTPS on the loopback interface, which can be told to misbehave."""

import base64
import json
import os
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import trustme

_CGI_TIMEOUT_SECONDS: Final = 60
_HEX_LENGTH: Final = 4


def packet(text: bytes) -> bytes:
    """A line as git's protocol frames it."""
    return b"%04x%s" % (len(text) + _HEX_LENGTH, text)


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer of an API that is no document, or has headers of its own."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    kind: str = "application/json"


@dataclass(slots=True)
class Behaviour:
    """What the server does. The first that is set counts, from above to below."""

    delay_seconds: float = 0.0
    status: int | None = None
    """Answer every request with this status."""
    status_headers: dict[str, str] = field(default_factory=dict)
    """Headers of these answers."""
    redirect_to: str | None = None
    """Answer every request with a redirect to this address, followed by the path."""
    token: str | None = None
    """Ask for this password, whatever the user's name."""
    slow: bool = False
    """Send one byte a second."""
    endless_refs: bool = False
    """Advertise refs for ever."""
    cut_after_bytes: int | None = None
    """Close the connection after so many bytes of each answer's body to a POST."""
    bytes_per_second: int | None = None
    """Send the bodies of answers to a POST no faster than this."""
    sideband: bytes | None = None
    """Say this as `remote:` lines, and then fail."""
    api: Callable[[str, str, dict[str, str], bytes], "tuple[int, Any] | Raw"] | None = None
    """Who answers below `/api/` and `/login/oauth/`: method, path, headers and body give a status and a document."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Redirect what is below one path to below another, on this host."""
    extra_capabilities: tuple[bytes, ...] = ()
    """Promise these beside what git promises."""


@dataclass(slots=True)
class GitServer:
    """A running server: `root` holds bare repositories, `requests` and `bodies` are what was asked."""

    root: Path
    ca_file: Path
    port: int
    behaviour: Behaviour = field(default_factory=Behaviour)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def url(self, name: str) -> str:
        """The address of a repository below the root."""
        return f"https://localhost:{self.port}/{name}"

    def passwords(self) -> list[str]:
        """Every password that was sent to this server."""
        sent = (headers.get("Authorization", "") for _, _, headers in self.requests)
        return [
            base64.b64decode(value.removeprefix("Basic ")).decode().partition(":")[2]
            for value in sent
            if value.startswith("Basic ")
        ]


@contextmanager
def serving(root: Path, *, authority: trustme.CA | None = None) -> Iterator[GitServer]:
    """Serve the bare repositories below a folder."""
    authority = authority or trustme.CA()
    ca_file = root / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1", "forge.test").configure_cert(context)
    http = _Http(("127.0.0.1", 0), _Handler)
    http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    server = GitServer(root=root, ca_file=ca_file, port=http.server_address[1])
    http.git_server = server
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.stopping.set()
        http.shutdown()
        http.server_close()
        thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    git_server: GitServer

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.stopping = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(self._chunks())
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._serve(body)

    do_PATCH = do_PUT = do_POST  # noqa: N815 - the base class names them

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _serve(self, body: bytes) -> None:
        git_server = self.server.git_server
        behaviour = git_server.behaviour
        git_server.requests.append((self.command, self.path, dict(self.headers)))
        git_server.bodies.append(body)
        self.server.stopping.wait(behaviour.delay_seconds)
        if behaviour.api is not None and self.path.startswith(("/api/", "/login/oauth/")):
            told = behaviour.api(self.command, self.path, dict(self.headers), body)
            raw = told if isinstance(told, Raw) else Raw(told[0], body=json.dumps(told[1]).encode())
            self._answer(raw.status, {"Content-Type": raw.kind, **raw.headers}, raw.body)
        elif behaviour.status is not None:
            self._answer(
                behaviour.status,
                {"WWW-Authenticate": 'Basic realm="x"', **behaviour.status_headers},
                b"\x1b]0;owned\x07no\n",
            )
        elif place := self._elsewhere(behaviour):
            self._answer(302, {"Location": place}, b"")
        elif behaviour.token is not None and not self._knows(behaviour.token):
            self._answer(401, {"WWW-Authenticate": 'Basic realm="x"'}, b"")
        elif behaviour.slow:
            self._drip()
        elif behaviour.endless_refs:
            self._advertise_for_ever(body)
        elif behaviour.sideband is not None and body:
            self._complain(behaviour.sideband, body)
        else:
            self._run_git(body)

    def _elsewhere(self, behaviour: Behaviour) -> str | None:
        for old, new in behaviour.renamed.items():
            if self.path.startswith(old):
                return new + self.path.removeprefix(old)
        return behaviour.redirect_to + self.path if behaviour.redirect_to is not None else None

    def _knows(self, token: str) -> bool:
        sent = self.headers.get("Authorization", "").removeprefix("Basic ")
        return base64.b64decode(sent).decode().partition(":")[2] == token

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        (self.send_response_only if "Date" in headers else self.send_response)(status)
        for name, value in {"Content-Type": "text/plain", **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _begin_stream(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def _drip(self) -> None:
        self._begin_stream("application/x-git-upload-pack-advertisement")
        while not self.server.stopping.wait(1):
            self.wfile.write(b"0")

    def _advertise_for_ever(self, body: bytes) -> None:
        """Branch after branch: in the first answer of protocol 0, or as the answer to protocol 2's question."""
        if not body:
            self._answer(
                200,
                {"Content-Type": "application/x-git-upload-pack-advertisement"},
                packet(b"# service=git-upload-pack\n")
                + b"0000"
                + packet(b"version 2\n")
                + packet(b"ls-refs\n")
                + packet(b"fetch\n")
                + b"0000",
            )
            return
        self._begin_stream("application/x-git-upload-pack-result")
        number = 0
        while not self.server.stopping.is_set():
            numbers = range(number, number + 1000)
            self.wfile.write(b"".join(packet(b"%040x refs/heads/branch-%012d\n" % (n + 1, n)) for n in numbers))
            number += 1000

    def _complain(self, text: bytes, body: bytes) -> None:
        if b"command=fetch" not in body:
            self._run_git(body)
            return
        lines = b"packfile\n", b"\x02" + text + b"\n", b"\x03fatal: " + text + b"\n"
        self._answer(
            200, {"Content-Type": "application/x-git-upload-pack-result"}, b"".join(map(packet, lines)) + b"0000"
        )

    def _run_git(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        variables = {
            "PATH": "/usr/bin:/bin",
            "GIT_PROJECT_ROOT": str(self.server.git_server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_COUNT": "3",
            "GIT_CONFIG_KEY_0": "uploadpack.allowAnySHA1InWant",
            "GIT_CONFIG_VALUE_0": "true",
            "GIT_CONFIG_KEY_1": "safe.directory",
            "GIT_CONFIG_VALUE_1": "*",
            "GIT_CONFIG_KEY_2": "pack.threads",
            "GIT_CONFIG_VALUE_2": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_USER": "",
        }
        done = subprocess.run(
            ["git", "http-backend"],
            env=variables,
            cwd=os.sep,
            input=body,
            capture_output=True,
            check=False,
            timeout=_CGI_TIMEOUT_SECONDS,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        self._send_result(int(headers.pop("Status", "200").split()[0]), headers, content)

    def _send_result(self, status: int, headers: dict[str, str], content: bytes) -> None:
        behaviour = self.server.git_server.behaviour
        if behaviour.extra_capabilities and self.command == "GET":
            content = content.removesuffix(b"0000")
            content += b"".join(map(packet, behaviour.extra_capabilities)) + b"0000"
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "POST" and behaviour.cut_after_bytes is not None:
            content = content[: behaviour.cut_after_bytes]
            self.close_connection = True
        rate = behaviour.bytes_per_second if self.command == "POST" else None
        step = rate // 10 if rate else len(content) or 1
        for begin in range(0, len(content), step):
            self.wfile.write(content[begin : begin + step])
            if rate:
                time.sleep(0.1)
        self.wfile.flush()
