"""Sessions: what somebody has by signing in. They end when nobody uses them, after a time in any case, or at once."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from grove import activity
from grove.accounts.errors import PrincipalNotFound, SessionNotFound
from grove.accounts.model import KnownPassword, Opened, Scope, SessionLife, SignedIn, SignIn, Visit
from grove.accounts.operations import may_know, open_sessions_of, principal_row
from grove.accounts.queries import SESSION_PREFIX, actor_of
from grove.accounts.stewards import steward
from grove.accounts.tables import PrincipalRow, SessionRow, TenantRow
from grove.kit.gate import Actor, Resource
from grove.kit.ids import digest, new_id, new_secret
from grove.kit.transactions import Transaction

OPEN_SESSIONS_MAX = 50
"""How many one principal may have; the one that was used longest ago gives way."""
KEPT_DAYS = 30
"""For how long sessions that are over are still known."""
CLIENT_CHARACTERS_MAX = 200


def open_session(
    tx: Transaction,
    *,
    principal_id: str,
    method: SignIn,
    visit: Visit,
    life: SessionLife,
    now: datetime,
    scopes: frozenset[Scope] = frozenset(Scope),
) -> Opened:
    """Open a session for somebody who has proved who they are; its secret is always a new one.

    :raises PrincipalNotFound: if the principal is unknown or shut out.
    """
    actor = actor_of(tx, principal_id=principal_id, source=visit.source, scopes=frozenset(scopes))
    with tx.within(actor.tenant_id):
        _make_room(tx, principal_id, now)
        secret = new_secret(SESSION_PREFIX)
        row = SessionRow(
            id=new_id(),
            tenant_id=actor.tenant_id,
            principal_id=actor.id,
            secret_digest=digest(secret),
            method=method,
            address=visit.address,
            client=visit.client[:CLIENT_CHARACTERS_MAX],
            scopes=sorted(scopes),
            idle_seconds=life.idle_seconds,
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(seconds=life.seconds_max),
            ended_at=None,
        )
        tx.session.add(row)
        tx.session.flush()
        _record(tx, actor, "session.open", row.id, now, method=method, address=row.address, client=row.client)
        return Opened(session=row.value(), secret=secret)


def list_sessions(tx: Transaction, *, actor: Actor, principal_id: str, now: datetime) -> list[SignedIn]:
    """The open sessions of a principal, those used last first.

    :raises Denied: if `actor` may not.
    :raises PrincipalNotFound: if there is no such principal in the tenant, or `actor` may not know.
    """
    owner = principal_row(tx, actor=actor, principal_id=principal_id)
    attributes: dict[str, object] = {"owner": owner.id}
    absent = PrincipalNotFound(principal=principal_id)
    listing = Resource(kind="session", tenant_id=owner.tenant_id, attributes=attributes)
    tx.require(actor, "session.list", listing, absent=None if may_know(tx, actor, owner) else absent)
    chosen = select(SessionRow).where(open_sessions_of(owner.id)).order_by(SessionRow.seen_at.desc(), SessionRow.id)
    return [row.value() for row in tx.session.scalars(chosen) if row.is_open(now)]


def end_session(tx: Transaction, *, actor: Actor, session_id: str, now: datetime) -> SignedIn:
    """Sign somebody out of one session; again is allowed and changes nothing.

    :raises Denied: if `actor` may not.
    :raises SessionNotFound: if there is none, or it is somebody else's, and `actor` no administrator.
    """
    row = tx.session.get(SessionRow, session_id, with_for_update=True)
    if row is None or row.tenant_id != actor.tenant_id:
        raise SessionNotFound(session=session_id)
    attributes: dict[str, object] = {"owner": row.principal_id}
    resource = Resource(kind="session", id=row.id, tenant_id=row.tenant_id, attributes=attributes)
    tx.require(actor, "session.end", resource, absent=SessionNotFound(session=session_id))
    if row.ended_at is None:
        row.ended_at = now
        _record(tx, actor, "session.end", row.id, now, owner=row.principal_id)
    return row.value()


def close_session(tx: Transaction, *, actor: Actor, secret: str, now: datetime) -> bool:
    """End the session whose secret is shown; whether it was one that was open.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "session.close", Resource(kind="session", tenant_id=actor.tenant_id))
    row = tx.session.scalar(select(SessionRow).where(SessionRow.secret_digest == digest(secret)).with_for_update())
    if row is None or row.ended_at is not None:
        return False
    row.ended_at = now
    _record(tx, actor, "session.close", row.id, now)
    return True


def record_refusal(
    tx: Transaction, *, known: KnownPassword | None, visit: Visit, reason: str, identity: str = "", now: datetime
) -> None:
    """Tell the audit trail that somebody was not let in: that of the tenant of whom they said to be, or the first.

    What was typed as a name is not told: now and then it is a password. `identity` is whom a provider vouched for.
    """
    principal = tx.session.get(PrincipalRow, known.principal_id) if known is not None else None
    first = select(TenantRow.id).order_by(TenantRow.created_at, TenantRow.id).limit(1)
    tenant_id = principal.tenant_id if principal is not None else tx.session.scalar(first)
    if tenant_id is None:
        return  # nobody has set the server up
    tx.serve(tenant_id)
    actor = steward(tx, tenant_id=tenant_id, source=visit.source, now=now)
    target_id = principal.id if principal is not None else ""
    activity.record(
        tx,
        actor=actor,
        action="session.refuse",
        target_kind="user",
        target_id=target_id,
        now=now,
        reason=reason,
        address=visit.address,
        **({"identity": identity} if identity else {}),
    )


def _make_room(tx: Transaction, principal_id: str, now: datetime) -> None:
    old = now - timedelta(days=KEPT_DAYS)
    over = or_(SessionRow.ended_at < old, SessionRow.expires_at < old)
    tx.session.execute(delete(SessionRow).where(SessionRow.principal_id == principal_id, over))
    chosen = select(SessionRow).where(open_sessions_of(principal_id)).order_by(SessionRow.seen_at.desc())
    for row in tx.session.scalars(chosen.offset(OPEN_SESSIONS_MAX - 1)):
        row.ended_at = now


def _record(  # noqa: PLR0917 - the parts of an entry, in its order
    tx: Transaction, actor: Actor, action: str, session_id: str, now: datetime, **facts: object
) -> None:
    activity.record(tx, actor=actor, action=action, target_kind="session", target_id=session_id, now=now, **facts)
