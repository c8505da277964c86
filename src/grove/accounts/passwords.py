"""Signing in with a password. Hashing one takes a while on purpose: do it outside of any transaction."""

from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select, update

from grove import activity
from grove.accounts.errors import PasswordUnfit, SignInRefused
from grove.accounts.model import KnownPassword, Opened, PrincipalKind, SessionLife, SignIn, Visit
from grove.accounts.operations import open_sessions_of, principal_row
from grove.accounts.sessions import open_session
from grove.accounts.tables import IdentityRow, PasswordRow, PrincipalRow, SessionRow
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction

PASSWORD_CHARACTERS_MIN = 12
PASSWORD_CHARACTERS_MAX = 1_024


def hash_password(password: str, *, name: str = "") -> str:
    """What is stored of a password: its Argon2id hash.

    :raises PasswordUnfit: if it is too short or too long, or is the name of whose it is.
    """
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise PasswordUnfit(characters_min=PASSWORD_CHARACTERS_MIN, characters_max=PASSWORD_CHARACTERS_MAX)
    if password.casefold() == name.casefold() or len(set(password)) == 1:
        raise PasswordUnfit(reason="anybody would try it")
    return _hasher().hash(password)


def verify_password(known: KnownPassword | None, password: str) -> KnownPassword:
    """The known password, when it is this one. It takes as long when nobody is known by the name.

    :raises SignInRefused: if it is not.
    """
    try:
        _hasher().verify(known.hashed if known else _nobodys_hash(), password[: PASSWORD_CHARACTERS_MAX + 1])
    except (VerificationError, InvalidHashError) as error:
        raise SignInRefused from error
    if known is None:
        raise SignInRefused
    return known


def set_password(tx: Transaction, *, actor: Actor, principal_id: str, hashed: str, now: datetime) -> None:
    """Let a user sign in with a password from now on; whoever signed in with the one before is signed out.

    :raises Denied: if `actor` may not.
    :raises PrincipalNotFound: if there is no such principal in the tenant.
    :raises PasswordUnfit: if it is no user, or one that signs in at a provider, which could not shut them out then.
    """
    owner = principal_row(tx, actor=actor, principal_id=principal_id)
    attributes: dict[str, object] = {"owner": owner.id}
    tx.require(actor, "user.set_password", Resource(kind="user", tenant_id=owner.tenant_id, attributes=attributes))
    if owner.kind != PrincipalKind.USER:
        raise PasswordUnfit(reason=f"{owner.kind}s show tokens")
    if tx.session.get(IdentityRow, owner.id) is not None:
        raise PasswordUnfit(reason="this user signs in at the provider")
    tx.session.merge(PasswordRow(principal_id=owner.id, tenant_id=owner.tenant_id, hashed=hashed, changed_at=now))
    tx.session.execute(update(SessionRow).where(open_sessions_of(owner.id)).values(ended_at=now))
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


def sign_in(tx: Transaction, *, known: KnownPassword, visit: Visit, life: SessionLife, now: datetime) -> Opened:
    """Open a session for whoever has shown their password.

    :raises SignInRefused: if the password has been changed meanwhile.
    :raises PrincipalNotFound: if the user has been shut out meanwhile.
    """
    row = tx.session.get(PasswordRow, known.principal_id)
    if row is None or row.hashed != known.hashed:
        raise SignInRefused
    return open_session(tx, principal_id=known.principal_id, method=SignIn.PASSWORD, visit=visit, life=life, now=now)


@cache
def _hasher() -> PasswordHasher:
    """Argon2id by the second recommendation of RFC 9106: 64 MiB, three passes."""
    return PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("a password that nobody has")
