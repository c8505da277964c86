"""Signing in with a name and a password, and out again."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import SecretStr, StringConstraints

from grove import accounts
from grove.api.accounts import IssuedOut
from grove.api.caller import CallerOf
from grove.api.edge import EdgeOf
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.shapes import Line, Received, Shown
from grove.kit.gate import Source
from grove.kit.logging import logger

router = router_at("/api/v1", tag="accounts")
log = logger(__name__)

Sent = Annotated[SecretStr, StringConstraints(min_length=1, max_length=accounts.PASSWORD_CHARACTERS_MAX)]


class LoginIn(Received):
    """Who signs in: by name or address, with a password."""

    name: Line
    password: Sent


class LogoutOut(Shown):
    """Whether the token was one of a sign-in, which is worthless now."""

    revoked: bool


class NewPasswordIn(Received):
    """A password of at least 12 characters."""

    password: Sent


class PasswordOut(Shown):
    """Whose password was set."""

    user_id: UUID


@router.post("/login", status_code=201, openapi_extra=needs(PUBLIC))
def log_in(wanted: LoginIn, request: Request, edge: EdgeOf) -> IssuedOut:
    """Sign in; the token is good for half a day. An unknown name and a wrong password are not told apart."""
    now, database = datetime.now(UTC), edge.grove.database
    address = request.client.host if request.client else ""
    edge.grove.rates.take(f"{address} {wanted.name.casefold()}", sort="sign-ins", now=now)
    edge.grove.rates.take(wanted.name.casefold(), sort="sign-ins of one", now=now)
    with database.reading() as tx:
        known = accounts.known_password(tx, name=wanted.name)
    try:
        with edge.looks.one():  # a hash takes memory and time, so only so many at once
            accounts.verify_password(known, wanted.password.get_secret_value())
    except accounts.SignInRefused:
        edge.metrics.auth_failures.labels("password").inc()
        log.warning("sign_in_refused", address=address)
        raise
    if known is None:
        raise accounts.SignInRefused
    with database.transaction() as tx:
        issued = accounts.open_session(tx, known=known, source=Source.API, now=now)
    return IssuedOut.model_validate(issued)


@router.delete("/login", openapi_extra=needs("session.close"))
def log_out(caller: CallerOf) -> LogoutOut:
    """End the token that is shown, if it is one of a sign-in."""
    with caller.writing() as tx:
        revoked = accounts.close_session(tx, actor=caller.actor, secret=caller.secret, now=caller.now)
    return LogoutOut(revoked=revoked)


@router.put("/users/{user_id}/password", openapi_extra=needs("user.set_password"))
def set_password(user_id: UUID, wanted: NewPasswordIn, caller: CallerOf) -> PasswordOut:
    """Let a user sign in with a password; whoever signed in with the one before is signed out."""
    hashed = accounts.hash_password(wanted.password.get_secret_value(), name=caller.actor.name)
    with caller.writing() as tx:
        accounts.set_password(tx, actor=caller.actor, principal_id=str(user_id), hashed=hashed, now=caller.now)
    return PasswordOut(user_id=user_id)
