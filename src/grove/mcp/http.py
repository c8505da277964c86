"""MCP over HTTP, without sessions: every request shows a token and stands for itself.

The token is one of Grove's own, read from the request and passed on to nobody. A request by a name that is not this
server's, or from a page of another site, is refused: a web page must not reach a server on its reader's machine.
"""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import anyio.to_thread
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from grove import accounts
from grove.kit.errors import GroveError, Kind
from grove.kit.gate import Actor, Source, TokenMissing
from grove.kit.tenancy import serving_all
from grove.mcp.calls import Caller
from grove.mcp.errors import CallTooLarge
from grove.mcp.server import create_server
from grove.settings import Settings
from grove.wiring import Grove

PATH: Final = "/mcp"
BODY_BYTES_MAX: Final = 256 * 1024
_ACTOR: Final = "grove.actor"
_SCHEME: Final = "bearer "
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


def http_app(grove: Grove) -> tuple[ASGIApp, AbstractAsyncContextManager[None]]:
    """The application that answers at `/mcp`, and what must be entered for as long as it serves."""
    manager = StreamableHTTPSessionManager(
        app=create_server(partial(_caller, grove)),
        json_response=True,
        stateless=True,
        max_request_body_size=BODY_BYTES_MAX,
        security_settings=allowed_names(grove.settings),
    )
    endpoint = TokenGuard(manager.handle_request, grove)
    return Starlette(routes=[Route(PATH, endpoint=endpoint)]), manager.run()


def allowed_names(settings: Settings) -> TransportSecuritySettings:
    """By which names the server may be addressed, and the pages of which sites may call it."""
    names = [*_LOOPBACK, *settings.allowed_hosts]
    if settings.bind not in _ANY_ADDRESS:
        names.append(f"[{settings.bind}]" if ":" in settings.bind else settings.bind)
    if settings.base_url is not None:
        names.append(urlsplit(settings.base_url).netloc)
    hosts = [host for name in dict.fromkeys(names) for host in _with_any_port(name)]
    return TransportSecuritySettings(
        allowed_hosts=hosts,
        allowed_origins=[f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts],
    )


class TokenGuard:
    """Lets a request through if it shows a valid token, and notes whose it is."""

    def __init__(self, app: ASGIApp, grove: Grove) -> None:
        self._app = app
        self._grove = grove

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 without a valid token, 429 to who asks too often, 413 to what is too large; hand on the rest."""
        headers = Headers(scope=scope)
        try:
            actor = await anyio.to_thread.run_sync(self._authenticated, headers.get("authorization", ""))
            if (length := headers.get("content-length", "")).isdecimal() and int(length[:20]) > BODY_BYTES_MAX:
                raise CallTooLarge
        except GroveError as refused:
            await _refusal(refused)(scope, receive, send)
            return
        await self._app({**scope, _ACTOR: actor}, receive, send)

    def _authenticated(self, header: str) -> Actor:
        if not header.lower().startswith(_SCHEME):
            raise TokenMissing
        secret, now = header[len(_SCHEME) :].strip(), datetime.now(UTC)
        with serving_all(), self._grove.database.transaction() as tx:
            actor = accounts.authenticate(tx, secret=secret, source=Source.MCP, now=now)
            accounts.mark_token_used(tx, secret=secret, now=now)
        self._grove.rates.take(actor.id, sort="requests", now=now)
        return actor


def _caller(grove: Grove, request: Request | None) -> Caller:
    if request is None:
        raise TokenMissing
    return Caller(grove=grove, actor=request.scope[_ACTOR])


def _refusal(refused: GroveError) -> JSONResponse:
    body = {"error": {"code": refused.code, "message": refused.message}}
    if refused.kind is Kind.LIMITED:
        return JSONResponse(body, status_code=429, headers={"Retry-After": str(refused.facts["retry_seconds"])})
    if refused.kind is Kind.TOO_LARGE:
        return JSONResponse(body, status_code=413)
    if refused.kind is not Kind.UNAUTHENTICATED:
        return JSONResponse(body, status_code=503, headers={"Retry-After": "1"})
    fault = "" if isinstance(refused, TokenMissing) else ', error="invalid_token"'
    return JSONResponse(body, status_code=401, headers={"WWW-Authenticate": f'Bearer realm="Grove"{fault}'})


def _with_any_port(name: str) -> tuple[str, ...]:
    """The name alone and, unless it says its port, with any."""
    return (name,) if name.rpartition(":")[2].isdigit() else (name, f"{name}:*")
