"""Who asks: the bearer of a token or the holder of a cookie, and the transactions that are opened for it.

Endpoints open their transactions themselves, inside of the thread that they run in. A dependency that held one while
the endpoint waits for a thread could keep SQLite's only writer waiting for itself; and a commit that fails after the
endpoint has returned would be too late to change the answer.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from grove import accounts
from grove.accounts import TokenInvalid
from grove.api.cookies import SESSION, Cookies, is_csrf_token
from grove.api.edge import Edge, EdgeOf
from grove.api.errors import CsrfTokenMissing
from grove.api.visits import SAFE_METHODS, address_of
from grove.kit.gate import Actor, Source, TokenMissing
from grove.kit.logging import logger
from grove.kit.tenancy import serve, serving, serving_all
from grove.kit.transactions import StorageBusy, Transaction
from grove.wiring import Grove

TOKEN_CHARACTERS_MAX: Final = 512
CLI_AGENT: Final = "grove-cli/"
log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a request shows to be known, and the entry point that this makes it."""

    secret: str = field(repr=False)
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated request."""

    edge: Edge
    actor: Actor
    now: datetime
    shown: Proof

    @property
    def grove(self) -> Grove:
        """The parts that answer."""
        return self.edge.grove

    def writing(self) -> AbstractContextManager[Transaction]:
        """A transaction that commits at the end of its block."""
        return self.grove.database.transaction()

    def reading(self) -> AbstractContextManager[Transaction]:
        """One consistent state to read."""
        return self.grove.database.reading()

    def again(self) -> "Caller":
        """The same caller a while later, with the rights that it has then.

        :raises TokenInvalid: if its token is not good any more.
        """
        return _authenticate(self.edge, self.shown)


_bearer = HTTPBearer(auto_error=False, description="A token of this server: `grove_…`.")


TokenShown = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def caller_of(request: Request, edge: EdgeOf, shown: TokenShown = None) -> Caller:
    """Authenticate a request, and count it.

    :raises TokenMissing: if it shows no token and no cookie of a session.
    :raises CsrfTokenMissing: if it is to change something, and shows nothing but a cookie.
    :raises TokenInvalid: if its token is unknown, expired or revoked.
    :raises RateExceeded: if its principal asks too often, or its address for too much that it may not.
    """
    given = shown_by(request, edge, shown)
    if given is None:
        edge.metrics.auth_failures.labels("missing").inc()
        raise TokenMissing
    try:
        caller = _authenticate(edge, given)
    except TokenInvalid:
        edge.metrics.auth_failures.labels("invalid").inc()
        edge.grove.rates.take(address_of(request), sort="failures", now=datetime.now(UTC))
        raise
    _count(request, caller)
    _mark_used(caller)
    return caller


async def serving_caller(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
    """The caller, whose tenant the rest of the request is for.

    It is asynchronous: what a thread says is not known outside of it.
    """
    serve(caller.actor.tenant_id)
    return caller


CallerOf = Annotated[Caller, Depends(serving_caller)]


def shown_by(request: Request, edge: Edge, bearer: HTTPAuthorizationCredentials | None) -> Proof | None:
    """The secret that a request shows, if it shows any: in its header, or else in its cookie.

    :raises CsrfTokenMissing: if it is to change something, and nothing but a cookie vouches for it.
    """
    if bearer is not None and bearer.credentials:
        return Proof(secret=bearer.credentials[:TOKEN_CHARACTERS_MAX], source=_source(request))
    secret = Cookies(request, edge).read(SESSION)
    if secret is None:
        return None
    if request.method not in SAFE_METHODS and not is_csrf_token(request.headers.get("x-csrf-token", ""), secret):
        raise CsrfTokenMissing
    return Proof(secret=secret, source=Source.WEB)


def _source(request: Request) -> Source:
    """By which door a request says that it comes: the command line names itself."""
    return Source.CLI if request.headers.get("user-agent", "").startswith(CLI_AGENT) else Source.API


def _authenticate(edge: Edge, shown: Proof) -> Caller:
    now = datetime.now(UTC)
    with serving_all(), edge.grove.database.reading() as tx:
        actor = accounts.authenticate(tx, secret=shown.secret, source=shown.source, now=now)
    return Caller(edge=edge, actor=actor, now=now, shown=shown)


def _count(request: Request, caller: Caller) -> None:
    """Count a request, and have the answer tell what is left of the narrower limit."""
    is_search = (getattr(request.scope.get("route"), "openapi_extra", None) or {}).get("x-permission") == "search.run"
    for sort in ("requests", "searches") if is_search else ("requests",):
        allowance = caller.grove.rates.take(caller.actor.id, sort=sort, now=caller.now)
        if allowance is not None:
            request.state.headers = allowance.headers


def _mark_used(caller: Caller) -> None:
    if not caller.edge.token_uses.is_due(caller.shown.secret):
        return
    try:
        with serving(caller.actor.tenant_id), caller.writing() as tx:
            accounts.mark_token_used(tx, secret=caller.shown.secret, now=caller.now)
    except StorageBusy as busy:
        log.warning("token_use_not_marked", code=busy.code)  # the request matters more than when it came
