"""What can be done with accounts."""

from datetime import datetime, timedelta

from sqlalchemy import select

from grove import activity
from grove.accounts.errors import NameTaken, PrincipalNotFound, TokenNotFound
from grove.accounts.model import ApiToken, Issued, Principal, PrincipalKind, Project, Role, Scope
from grove.accounts.tables import ApiTokenRow, PrincipalRow, ProjectRow
from grove.kit.gate import Actor, Resource
from grove.kit.ids import digest, new_id, new_secret
from grove.kit.transactions import Transaction

TOKEN_PREFIX = "grove_"  # noqa: S105 - the part that secret scanners know it by
TOKEN_DAYS_DEFAULT = 90


def create_project(tx: Transaction, *, actor: Actor, name: str, now: datetime) -> Project:
    """Make a project.

    :raises Denied: if `actor` may not.
    :raises NameTaken: if the tenant has a project of that name.
    """
    tx.require(actor, "project.create", Resource(kind="project", tenant_id=actor.tenant_id))
    taken = select(ProjectRow.id).where(ProjectRow.tenant_id == actor.tenant_id, ProjectRow.name == name)
    if tx.session.scalar(taken):
        raise NameTaken(name=name)
    row = ProjectRow(id=new_id(), tenant_id=actor.tenant_id, name=name, is_default=False, created_at=now)
    tx.session.add(row)
    _record(tx, actor, "project.create", "project", row.id, now, name=name)
    return row.value()


def create_principal(
    tx: Transaction, *, actor: Actor, kind: PrincipalKind, name: str, role: Role, email: str | None, now: datetime
) -> Principal:
    """Make a user, or an agent that acts for `actor` with no more than the actor's own rights.

    :raises Denied: if `actor` may not.
    :raises NameTaken: if the tenant has a principal of that name.
    """
    tx.require(actor, f"{kind}.create", Resource(kind=kind, tenant_id=actor.tenant_id, attributes={"role": role}))
    taken = select(PrincipalRow.id).where(PrincipalRow.tenant_id == actor.tenant_id, PrincipalRow.name == name)
    if tx.session.scalar(taken):
        raise NameTaken(name=name)
    row = PrincipalRow(
        id=new_id(),
        tenant_id=actor.tenant_id,
        kind=kind,
        name=name,
        email=email,
        role=role,
        active=True,
        acts_for=actor.id if kind is PrincipalKind.AGENT else None,
        created_at=now,
    )
    tx.session.add(row)
    _record(tx, actor, f"{kind}.create", kind, row.id, now, name=name, role=role)
    return row.value()


def set_principal_active(tx: Transaction, *, actor: Actor, principal_id: str, active: bool, now: datetime) -> Principal:
    """Let a principal in, or shut it out at once, whatever tokens it holds.

    :raises Denied: if `actor` may not.
    :raises PrincipalNotFound: if there is no such principal in the tenant.
    """
    tx.require(actor, "user.suspend", Resource(kind="user", id=principal_id, tenant_id=actor.tenant_id))
    row = _principal_row(tx, actor=actor, principal_id=principal_id)
    row.active = active
    _record(tx, actor, "user.resume" if active else "user.suspend", row.kind, row.id, now, name=row.name)
    return row.value()


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
    :raises PrincipalNotFound: if there is no such principal in the tenant.
    """
    owner = _principal_row(tx, actor=actor, principal_id=principal_id)
    attributes: dict[str, object] = {"owner": owner.id, "owner_acts_for": owner.acts_for, "scopes": scopes}
    tx.require(actor, "token.issue", Resource(kind="token", tenant_id=actor.tenant_id, attributes=attributes))
    expires_at = now + timedelta(days=days) if days is not None else None
    issued = store_token(tx, owner=owner.value(), name=name, scopes=scopes, now=now, expires_at=expires_at)
    _record(tx, actor, "token.issue", "token", issued.token.id, now, owner=owner.name, scopes=sorted(scopes))
    return issued


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
    )
    tx.session.add(row)
    tx.session.flush()
    return Issued(token=row.value(), secret=secret)


def revoke_token(tx: Transaction, *, actor: Actor, token_id: str, now: datetime) -> ApiToken:
    """Make a token worthless from now on; again is allowed and changes nothing.

    :raises Denied: if `actor` may not.
    :raises TokenNotFound: if there is no such token in the tenant.
    """
    row = tx.session.get(ApiTokenRow, token_id)
    if row is None or row.tenant_id != actor.tenant_id:
        raise TokenNotFound(token=token_id)
    attributes: dict[str, object] = {"owner": row.principal_id}
    tx.require(actor, "token.revoke", Resource(kind="token", id=row.id, tenant_id=row.tenant_id, attributes=attributes))
    row.revoked_at = row.revoked_at or now
    _record(tx, actor, "token.revoke", "token", row.id, now)
    return row.value()


def _principal_row(tx: Transaction, *, actor: Actor, principal_id: str) -> PrincipalRow:
    row = tx.session.get(PrincipalRow, principal_id)
    if row is None or row.tenant_id != actor.tenant_id:
        raise PrincipalNotFound(principal=principal_id)
    return row


def _record(  # noqa: PLR0917 - the parts of an entry, in its order
    tx: Transaction, actor: Actor, action: str, target_kind: str, target_id: str, now: datetime, **facts: object
) -> None:
    activity.record(tx, actor=actor, action=action, target_kind=target_kind, target_id=target_id, now=now, **facts)
