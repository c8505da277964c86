"""Tokens: issued, replaced while the old one works a little longer, revoked, and reported when they have leaked."""

from datetime import datetime, timedelta

from sqlalchemy import select

from grove import activity
from grove.accounts.errors import PrincipalNotFound, TokenNotFound, TokenSpent
from grove.accounts.model import ApiToken, Issued, Principal, Scope
from grove.accounts.operations import may_know, principal_row
from grove.accounts.queries import SESSION_PREFIX
from grove.accounts.stewards import steward
from grove.accounts.tables import ApiTokenRow, PrincipalRow, SessionRow
from grove.kit.gate import Actor, Resource, Source
from grove.kit.ids import digest, new_id, new_secret
from grove.kit.transactions import Transaction

TOKEN_PREFIX = "grove_"  # noqa: S105 - the part that secret scanners know it by
TOKEN_DAYS_DEFAULT = 90
OVERLAP_HOURS_DEFAULT = 24
OVERLAP_HOURS_MAX = 30 * 24


def list_tokens(tx: Transaction, *, actor: Actor, principal_id: str) -> list[ApiToken]:
    """The tokens of a principal, newest first.

    :raises Denied: if `actor` may not.
    :raises PrincipalNotFound: if there is no such principal in the tenant, or `actor` may not know.
    """
    owner = principal_row(tx, actor=actor, principal_id=principal_id)
    absent = None if may_know(tx, actor, owner) else PrincipalNotFound(principal=principal_id)
    tx.require(actor, "token.list", _resource(owner), absent=absent)
    chosen = select(ApiTokenRow).where(ApiTokenRow.principal_id == owner.id).order_by(ApiTokenRow.created_at.desc())
    return [row.value() for row in tx.session.scalars(chosen)]


def issue_token(
    tx: Transaction,
    *,
    actor: Actor,
    principal_id: str,
    name: str,
    scopes: frozenset[Scope],
    now: datetime,
    days: int | None = TOKEN_DAYS_DEFAULT,
) -> Issued:
    """Give a principal a new token; `days` until it expires, None for never.

    :raises Denied: if `actor` may not, or asks for more than it has itself.
    :raises PrincipalNotFound: if there is no such principal in the tenant, or `actor` may not know.
    """
    owner = principal_row(tx, actor=actor, principal_id=principal_id)
    absent = None if may_know(tx, actor, owner) else PrincipalNotFound(principal=principal_id)
    tx.require(actor, "token.issue", _resource(owner, scopes=scopes), absent=absent)
    expires_at = now + timedelta(days=days) if days is not None else None
    issued = store_token(tx, owner=owner.value(), name=name, scopes=scopes, now=now, expires_at=expires_at)
    _record(tx, "token.issue", issued.token, actor=actor, now=now, owner=owner.name, scopes=sorted(scopes))
    return issued


def rotate_token(tx: Transaction, *, actor: Actor, token_id: str, overlap_hours: int, now: datetime) -> Issued:
    """Put a new token in the place of one, with the same owner, name, scopes and life; the old one works for
    `overlap_hours` more, so that whoever uses it has the time to change over.

    :raises Denied: if `actor` may not, or lacks a scope of the token.
    :raises TokenNotFound: if there is none, or it is somebody else's, and `actor` no administrator.
    :raises TokenSpent: if it is expired, revoked or replaced already.
    """
    row = _token_row(tx, actor=actor, token_id=token_id)
    owner = principal_row(tx, actor=actor, principal_id=row.principal_id)
    token = row.value()
    resource = _resource(owner, token_id=row.id, scopes=token.scopes)
    tx.require(actor, "token.rotate", resource, absent=TokenNotFound(token=token_id))
    if row.revoked_at or row.replaced_by or (row.expires_at and row.expires_at <= now):
        raise TokenSpent(token=row.id)
    expires_at = now + (row.expires_at - row.created_at) if row.expires_at else None
    issued = store_token(tx, owner=owner.value(), name=row.name, scopes=token.scopes, now=now, expires_at=expires_at)
    ends_at = now + timedelta(hours=overlap_hours)
    row.expires_at = min(row.expires_at, ends_at) if row.expires_at else ends_at
    row.replaced_by = issued.token.id
    _record(tx, "token.rotate", token, actor=actor, now=now, replaced_by=issued.token.id, overlap_hours=overlap_hours)
    return issued


def revoke_token(tx: Transaction, *, actor: Actor, token_id: str, now: datetime) -> ApiToken:
    """Make a token worthless from now on; again is allowed and changes nothing.

    :raises Denied: if `actor` may not.
    :raises TokenNotFound: if there is none, or it is somebody else's, and `actor` no administrator.
    """
    row = _token_row(tx, actor=actor, token_id=token_id)
    owner = principal_row(tx, actor=actor, principal_id=row.principal_id)
    tx.require(actor, "token.revoke", _resource(owner, token_id=row.id), absent=TokenNotFound(token=token_id))
    row.revoked_at = row.revoked_at or now
    _record(tx, "token.revoke", row.value(), actor=actor, now=now)
    return row.value()


def report_leak(tx: Transaction, *, secret: str, source: Source, now: datetime) -> bool:
    """Make a token worthless that somebody found where it should not be; whether it was one of ours that still worked.

    Whoever holds a token may end it: they could as well use it. The trail names Grove itself, since nobody signed in.
    """
    if secret.startswith(SESSION_PREFIX):
        return _end_leaked_session(tx, secret, source, now)
    row = tx.session.scalar(select(ApiTokenRow).where(ApiTokenRow.secret_digest == digest(secret)).with_for_update())
    if row is None or row.revoked_at or (row.expires_at and row.expires_at <= now):
        return False
    tx.serve(row.tenant_id)
    row.revoked_at = now
    owner = tx.session.get(PrincipalRow, row.principal_id)
    actor = steward(tx, tenant_id=row.tenant_id, source=source, now=now)
    _record(tx, "token.leak", row.value(), actor=actor, now=now, owner=owner.name if owner else "")
    return True


def _end_leaked_session(tx: Transaction, secret: str, source: Source, now: datetime) -> bool:
    row = tx.session.scalar(select(SessionRow).where(SessionRow.secret_digest == digest(secret)).with_for_update())
    if row is None or not row.is_open(now):
        return False
    row.ended_at = now
    actor = steward(tx, tenant_id=row.tenant_id, source=source, now=now)
    activity.record(tx, actor=actor, action="session.leak", target_kind="session", target_id=row.id, now=now)
    return True


def store_token(
    tx: Transaction,
    *,
    owner: Principal,
    name: str,
    scopes: frozenset[Scope],
    now: datetime,
    expires_at: datetime | None,
    secret: str | None = None,
) -> Issued:
    """Store a token's digest; the caller has checked that it may."""
    secret = secret or new_secret(TOKEN_PREFIX)
    row = ApiTokenRow(
        id=new_id(),
        tenant_id=owner.tenant_id,
        principal_id=owner.id,
        name=name,
        hint=f"…{digest(secret)[-4:]}",
        secret_digest=digest(secret),
        scopes=sorted(scopes),
        created_at=now,
        expires_at=expires_at,
        last_used_at=None,
        revoked_at=None,
        replaced_by=None,
    )
    tx.session.add(row)
    tx.session.flush()
    return Issued(token=row.value(), secret=secret)


def _token_row(tx: Transaction, *, actor: Actor, token_id: str) -> ApiTokenRow:
    row = tx.session.get(ApiTokenRow, token_id, with_for_update=True)
    if row is None or row.tenant_id != actor.tenant_id:
        raise TokenNotFound(token=token_id)
    return row


def _resource(owner: PrincipalRow, *, token_id: str | None = None, **more: object) -> Resource:
    """A token of somebody, or all of theirs, as the gate knows it."""
    attributes = {"owner": owner.id, "owner_acts_for": owner.acts_for, **more}
    return Resource(kind="token", id=token_id, tenant_id=owner.tenant_id, attributes=attributes)


def _record(tx: Transaction, action: str, token: ApiToken, *, actor: Actor, now: datetime, **facts: object) -> None:
    activity.record(tx, actor=actor, action=action, target_kind="token", target_id=token.id, now=now, **facts)
