"""The outermost door: it names each request, refuses what is not meant for us, and sets the headers of every answer."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from anyio import BrokenResourceError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from grove.api.hosts import Hosts
from grove.api.metrics import Metrics
from grove.api.problems import problem_response
from grove.api.visits import SAFE_METHODS
from grove.kit.ids import new_id
from grove.kit.logging import bound, logger

BODY_BYTES_MAX: Final = 1024 * 1024
DELIVERY_PREFIX: Final = "/api/v1/webhooks/"
DELIVERY_BYTES_MAX: Final = 25 * 1024 * 1024
"""Forges send this much at most."""
UPLOAD: Final = re.compile(r"/api/v1/repositories/[0-9a-f-]{36}/scip")
UPLOAD_BYTES_MAX: Final = 64 * 1024 * 1024
WRITTEN: Final = re.compile(r"/api/v1/workspaces/[^/]+/file")
"""A file of a workspace is bounded by what its owner may write, as is what git sends."""
GIT_PREFIX: Final = "/git/"
GIT_BYTES_MAX: Final = 16 * 1024**3
"""What git clients send passes through; how much of it each may send is decided behind this door."""
CLIENT_GONE: Final = 499
"""What is counted when nobody waited for the answer."""
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DIGITS: Final = re.compile(r"[0-9]{1,19}")
_HEADERS: Final[Mapping[bytes, bytes]] = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}
log = logger(__name__)


class Guard:
    """Stands around the whole app. It answers no CORS: pages of other origins have no business here."""

    def __init__(self, app: ASGIApp, *, hosts: Hosts, metrics: Metrics) -> None:
        self._app = app
        self._hosts = hosts
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = _Asked.of(scope)
        request_id = asked.request_id if _REQUEST_ID.fullmatch(asked.request_id) else new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, request_id, state=scope["state"])
        began = time.perf_counter()
        with bound(request_id=request_id):
            try:
                app = self._refusal(scope, asked) or self._app
                await app(scope, _bounded(receive, _bytes_max(scope)), answer.send)
            except Exception as error:
                if not _has_hung_up(error):
                    log.exception("request_crashed")
                    if not answer.status:
                        await _crashed(scope)(scope, receive, answer.send)
                    raise
            finally:
                self._tell(scope, answer.status or CLIENT_GONE, time.perf_counter() - began)

    def _refusal(self, scope: Scope, asked: "_Asked") -> Response | None:
        """Why the request is not answered, if it is not; a declared length is looked at before a byte is read."""
        if len(asked.hosts) != 1 or b"%00" in (scope.get("raw_path") or b"") or not _DIGITS.fullmatch(asked.length):
            return _refused(scope, 400, "bad_request", "The request cannot be understood.")
        host, origin = asked.hosts[0], asked.origin
        if not self._hosts.serves(host):
            title = "This server is not known by that name; add it to GROVE_ALLOWED_HOSTS if it should be."
            return _refused(scope, 421, "host_not_served", title)
        if scope["method"] not in SAFE_METHODS and origin is not None and not self._hosts.is_own(origin, host):
            return _refused(scope, 403, "origin_refused", "Pages of another origin may not change anything here.")
        bytes_max = _bytes_max(scope)
        if int(asked.length) > bytes_max:
            return _refused(scope, 413, "body_too_large", f"The body may have {bytes_max:,} bytes at most.")
        return None

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"]
        self._metrics.count_request(route=route, method=method, code=status, seconds=seconds)
        log.info("http_request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1))


@dataclass(slots=True)
class _Asked:
    """The headers that the door looks at, found in one pass; of those that stand twice the first counts."""

    hosts: list[str] = field(default_factory=list)
    length: str = "0"
    origin: str | None = None
    request_id: str = ""

    @classmethod
    def of(cls, scope: Scope) -> Self:
        asked = cls()
        for name, value in reversed(scope["headers"]):
            if name == b"host":
                asked.hosts.append(value.decode("latin-1"))
            elif name == b"content-length":
                asked.length = value.decode("latin-1")
            elif name == b"origin":
                asked.origin = value.decode("latin-1")
            elif name == b"x-request-id":
                asked.request_id = value.decode("latin-1")
        return asked


class _Answer:
    """The way out: adds the headers, and remembers the status."""

    def __init__(self, send: Send, request_id: str, *, state: Mapping[str, Any]) -> None:
        self._send = send
        self._state = state
        self._request_id = request_id
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], (b"x-request-id", self._request_id.encode())]
            told = {name for name, _ in headers}
            own = {name.lower().encode(): text.encode() for name, text in self._state.get("headers", {}).items()}
            message["headers"] = headers + [each for each in {**_HEADERS, **own}.items() if each[0] not in told]
        await self._send(message)


def _has_hung_up(error: Exception) -> bool:
    """Whether nothing is wrong but that whoever listened to a stream has gone."""
    gone = error.split(BrokenResourceError) if isinstance(error, ExceptionGroup) else (None, error)
    return gone[1] is None


def _bytes_max(scope: Scope) -> int:
    if UPLOAD.fullmatch(scope["path"]):
        return UPLOAD_BYTES_MAX
    if scope["path"].startswith(GIT_PREFIX) or WRITTEN.fullmatch(scope["path"]):
        return GIT_BYTES_MAX
    return DELIVERY_BYTES_MAX if scope["path"].startswith(DELIVERY_PREFIX) else BODY_BYTES_MAX


def _bounded(receive: Receive, bytes_max: int) -> Receive:
    """Read no more of a body than it may have, also when it did not say how long it is."""
    count = 0

    async def receive_bounded() -> Message:
        nonlocal count
        message = await receive()
        count += len(message.get("body", b""))
        if count > bytes_max:
            raise HTTPException(413)
        return message

    return receive_bounded


def _refused(scope: Scope, status: int, code: str, title: str) -> Response:
    return problem_response(scope, status=status, code=code, title=title)


def _crashed(scope: Scope) -> Response:
    title = "Something went wrong that nobody foresaw; the server's log has it under this request's id."
    return problem_response(scope, status=500, code="internal_error", title=title)
