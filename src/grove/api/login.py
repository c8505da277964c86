"""Signing in with a name and a password, and out again."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import SecretStr, StringConstraints

from grove import accounts
from grove.accounts import KnownPassword, Opened, Visit
from grove.api.caller import CallerOf
from grove.api.edge import Edge, EdgeOf
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.sessions import SessionOut
from grove.api.shapes import Line, Received, Shown
from grove.api.visits import address_of, visit_of
from grove.kit.errors import GroveError
from grove.kit.gate import Source
from grove.kit.logging import logger
from grove.kit.tenancy import serving_all
from grove.wiring import session_life

router = router_at("/api/v1", tag="accounts")
log = logger(__name__)

Sent = Annotated[SecretStr, StringConstraints(min_length=1, max_length=accounts.PASSWORD_CHARACTERS_MAX)]


class LoginIn(Received):
    """Who signs in: by name or address, with a password."""

    name: Line
    password: Sent


class OpenedOut(Shown):
    """A new session; `secret` is shown this once, and to be shown like a token."""

    session: SessionOut
    secret: str


class LogoutOut(Shown):
    """Whether it was the secret of a session, which is worthless now."""

    revoked: bool


class NewPasswordIn(Received):
    """A password of at least 12 characters."""

    password: Sent


class PasswordOut(Shown):
    """Whose password was set."""

    user_id: UUID


@router.post("/login", status_code=201, openapi_extra=needs(PUBLIC))
def log_in(wanted: LoginIn, request: Request, edge: EdgeOf) -> OpenedOut:
    """Sign in; the secret is shown like a token. An unknown name and a wrong password are not told apart."""
    visit = visit_of(request, source=Source.API)
    opened = sign_in_by_password(request, edge, visit, name=wanted.name, password=wanted.password.get_secret_value())
    return OpenedOut.model_validate(opened)


@router.delete("/login", openapi_extra=needs("session.close"))
def log_out(caller: CallerOf) -> LogoutOut:
    """End the session whose secret is shown; a token is left as it is."""
    with caller.writing() as tx:
        revoked = accounts.close_session(tx, actor=caller.actor, secret=caller.shown.secret, now=caller.now)
    return LogoutOut(revoked=revoked)


@router.put("/users/{user_id}/password", openapi_extra=needs("user.set_password"))
def set_password(user_id: UUID, wanted: NewPasswordIn, caller: CallerOf) -> PasswordOut:
    """Let a user sign in with a password; whoever signed in with the one before is signed out."""
    hashed = accounts.hash_password(wanted.password.get_secret_value(), name=caller.actor.name)
    with caller.writing() as tx:
        accounts.set_password(tx, actor=caller.actor, principal_id=str(user_id), hashed=hashed, now=caller.now)
    return PasswordOut(user_id=user_id)


def sign_in_by_password(request: Request, edge: Edge, visit: Visit, *, name: str, password: str) -> Opened:
    """Open a session for whoever knows a password.

    :raises SignInRefused: if the name or the password is wrong.
    :raises RateExceeded: if it was tried too often, by this address or for this name.
    """
    now, database = datetime.now(UTC), edge.grove.database
    with serving_all(), database.reading() as tx:
        known = accounts.known_password(tx, name=name)
    try:
        _count(edge, f"{address_of(request)} {name.casefold()}", name.casefold(), now)
        with edge.looks.one():  # a hash takes memory and time, so only so many at once
            verified = accounts.verify_password(known, password)
    except (accounts.SignInRefused, accounts.RateExceeded) as refused:
        edge.metrics.auth_failures.labels("password").inc()
        tell_refusal(request, edge, visit, known=known, refused=refused)
        raise
    with serving_all(), database.transaction() as tx:
        return accounts.sign_in(tx, known=verified, visit=visit, life=session_life(edge.grove.settings), now=now)


def tell_refusal(
    request: Request, edge: Edge, visit: Visit, *, refused: GroveError, known: KnownPassword | None = None
) -> None:
    """Tell the log and the audit trail that somebody was not let in; of one address so often a minute at most.

    It is written whoever they said to be, so that the time that it takes tells nothing.
    """
    log.warning("sign_in_refused", address=visit.address, reason=refused.code)
    now = datetime.now(UTC)
    try:
        edge.grove.rates.take(address_of(request), sort="refusals", now=now)
    except accounts.RateExceeded:
        return
    with serving_all(), edge.grove.database.transaction() as tx:
        told = str(refused.facts.get("name", "")) if isinstance(refused, accounts.IdentityRefused) else ""
        accounts.record_refusal(tx, known=known, visit=visit, reason=refused.code, identity=told, now=now)


def _count(edge: Edge, guesser: str, guessed: str, now: datetime) -> None:
    edge.grove.rates.take(guesser, sort="sign-ins", now=now)
    edge.grove.rates.take(guessed, sort="sign-ins of one", now=now)
