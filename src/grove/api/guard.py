"""The outermost door: it names each request, refuses what is not meant for us, and sets the headers of every answer."""

import re
import time
from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
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
GIT_PREFIX: Final = "/git/"
GIT_BYTES_MAX: Final = 16 * 1024**3
"""What git clients send passes through; how much of it each may send is decided behind this door."""
CLIENT_GONE: Final = 499
"""What is counted when nobody waited for the answer."""
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DIGITS: Final = re.compile(r"[0-9]{1,19}")
_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
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
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(send, request_id, state=scope["state"])
        began = time.perf_counter()
        with bound(request_id=request_id):
            try:
                app = self._refusal(scope, headers) or self._app
                await app(scope, _bounded(receive, _bytes_max(scope)), answer.send)
            except Exception:
                log.exception("request_crashed")
                if not answer.status:
                    await _crashed(scope)(scope, receive, answer.send)
                raise
            finally:
                self._tell(scope, answer.status or CLIENT_GONE, time.perf_counter() - began)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Why the request is not answered, if it is not; a declared length is looked at before a byte is read."""
        hosts = headers.getlist("host")
        length = headers.get("content-length", "0")
        if len(hosts) != 1 or b"%00" in (scope.get("raw_path") or b"") or not _DIGITS.fullmatch(length):
            return _refused(scope, 400, "bad_request", "The request cannot be understood.")
        if not self._hosts.serves(hosts[0]):
            title = "This server is not known by that name; add it to GROVE_ALLOWED_HOSTS if it should be."
            return _refused(scope, 421, "host_not_served", title)
        origin = headers.get("origin")
        if scope["method"] not in SAFE_METHODS and origin is not None and not self._hosts.is_own(origin, hosts[0]):
            return _refused(scope, 403, "origin_refused", "Pages of another origin may not change anything here.")
        bytes_max = _bytes_max(scope)
        if int(length) > bytes_max:
            return _refused(scope, 413, "body_too_large", f"The body may have {bytes_max:,} bytes at most.")
        return None

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"]
        self._metrics.count_request(route=route, method=method, code=status, seconds=seconds)
        log.info("http_request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1))


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
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._request_id
            for name, value in {**_HEADERS, **self._state.get("headers", {})}.items():
                headers.setdefault(name, value)
        await self._send(message)


def _bytes_max(scope: Scope) -> int:
    if UPLOAD.fullmatch(scope["path"]):
        return UPLOAD_BYTES_MAX
    if scope["path"].startswith(GIT_PREFIX):
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


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else new_id()


def _refused(scope: Scope, status: int, code: str, title: str) -> Response:
    return problem_response(scope, status=status, code=code, title=title)


def _crashed(scope: Scope) -> Response:
    title = "Something went wrong that nobody foresaw; the server's log has it under this request's id."
    return problem_response(scope, status=500, code="internal_error", title=title)
