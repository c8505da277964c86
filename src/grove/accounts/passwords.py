"""Signing in with a password. Hashing one takes a while on purpose: do it outside of any transaction."""

from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select, update

from grove import activity
from grove.accounts.errors import PasswordUnfit, SignInRefused
from grove.accounts.model import Issued, KnownPassword, PrincipalKind, Scope
from grove.accounts.operations import principal_row
from grove.accounts.queries import actor_of
from grove.accounts.tables import ApiTokenRow, PasswordRow, PrincipalRow
from grove.accounts.tokens import store_token
from grove.kit.gate import Actor, Resource, Source
from grove.kit.ids import digest
from grove.kit.transactions import Transaction

PASSWORD_CHARACTERS_MIN = 12
PASSWORD_CHARACTERS_MAX = 1_024
SESSION_HOURS = 12
SESSION_NAME = "signed in"


def hash_password(password: str, *, name: str = "") -> str:
    """What is stored of a password: its Argon2id hash.

    :raises PasswordUnfit: if it is too short or too long, or is the name of whose it is.
    """
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise PasswordUnfit(characters_min=PASSWORD_CHARACTERS_MIN, characters_max=PASSWORD_CHARACTERS_MAX)
    if password.casefold() == name.casefold() or len(set(password)) == 1:
        raise PasswordUnfit(reason="anybody would try it")
    return _hasher().hash(password)


def verify_password(known: KnownPassword | None, password: str) -> None:
    """Return when a password is the known one. It takes as long when nobody is known by the name.

    :raises SignInRefused: if it is not.
    """
    try:
        _hasher().verify(known.hashed if known else _nobodys_hash(), password[: PASSWORD_CHARACTERS_MAX + 1])
    except (VerificationError, InvalidHashError) as error:
        raise SignInRefused from error
    if known is None:
        raise SignInRefused


def set_password(tx: Transaction, *, actor: Actor, principal_id: str, hashed: str, now: datetime) -> None:
    """Let a user sign in with a password from now on; whoever signed in with the one before is signed out.

    :raises Denied: if `actor` may not.
    :raises PrincipalNotFound: if there is no such principal in the tenant.
    :raises PasswordUnfit: if it is no user: agents and services show tokens.
    """
    owner = principal_row(tx, actor=actor, principal_id=principal_id)
    attributes: dict[str, object] = {"owner": owner.id}
    tx.require(actor, "user.set_password", Resource(kind="user", tenant_id=owner.tenant_id, attributes=attributes))
    if owner.kind != PrincipalKind.USER:
        raise PasswordUnfit(reason=f"{owner.kind}s show tokens")
    tx.session.merge(PasswordRow(principal_id=owner.id, tenant_id=owner.tenant_id, hashed=hashed, changed_at=now))
    open_sessions = (
        (ApiTokenRow.principal_id == owner.id) & (ApiTokenRow.name == SESSION_NAME) & ApiTokenRow.revoked_at.is_(None)
    )
    tx.session.execute(update(ApiTokenRow).where(open_sessions).values(revoked_at=now))
    activity.record(
        tx, actor=actor, action="user.set_password", target_kind="user", target_id=owner.id, now=now, name=owner.name
    )


def known_password(tx: Transaction, *, name: str) -> KnownPassword | None:
    """The password of the user of that name or address; None when there is none, or more than one."""
    chosen = (
        select(PasswordRow)
        .join(PrincipalRow, PrincipalRow.id == PasswordRow.principal_id)
        .where(PrincipalRow.active, or_(PrincipalRow.name == name, PrincipalRow.email == name))
    )
    rows = tx.session.scalars(chosen.limit(2)).all()
    return KnownPassword(principal_id=rows[0].principal_id, hashed=rows[0].hashed) if len(rows) == 1 else None


def open_session(tx: Transaction, *, known: KnownPassword, source: Source, now: datetime) -> Issued:
    """Give whoever has shown their password a token for half a day.

    :raises SignInRefused: if the password has been changed meanwhile.
    :raises PrincipalNotFound: if the user has been shut out meanwhile.
    """
    row = tx.session.get(PasswordRow, known.principal_id)
    if row is None or row.hashed != known.hashed:
        raise SignInRefused
    actor = actor_of(tx, principal_id=known.principal_id, source=source, scopes=frozenset(Scope))
    owner = principal_row(tx, actor=actor, principal_id=actor.id).value()
    expires_at = now + timedelta(hours=SESSION_HOURS)
    issued = store_token(tx, owner=owner, name=SESSION_NAME, scopes=frozenset(Scope), now=now, expires_at=expires_at)
    activity.record(
        tx, actor=actor, action="session.open", target_kind="token", target_id=issued.token.id, now=now, name=owner.name
    )
    return issued


def close_session(tx: Transaction, *, actor: Actor, secret: str, now: datetime) -> bool:
    """Make the token worthless that its holder got by signing in; whether it was such a one.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "session.close", Resource(kind="session", tenant_id=actor.tenant_id))
    row = tx.session.scalar(select(ApiTokenRow).where(ApiTokenRow.secret_digest == digest(secret)))
    if row is None or row.name != SESSION_NAME:
        return False
    row.revoked_at = row.revoked_at or now
    activity.record(tx, actor=actor, action="session.close", target_kind="token", target_id=row.id, now=now)
    return True


@cache
def _hasher() -> PasswordHasher:
    """Argon2id by the second recommendation of RFC 9106: 64 MiB, three passes."""
    return PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("a password that nobody has")
