"""What can be asked about accounts."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from grove.accounts.errors import PrincipalNotFound, ProjectNotFound, TokenInvalid
from grove.accounts.model import Principal, PrincipalKind, Project, Role, Scope
from grove.accounts.tables import ApiTokenRow, PrincipalRow, ProjectRow, SessionRow, TenantRow
from grove.kit.gate import Actor, Resource, Source
from grove.kit.ids import digest
from grove.kit.transactions import Transaction

LAST_USED_SECONDS = 60
"""How exactly a token's last use is known: a write for every request would be waste."""

AGENTS_IN_CHAIN_MAX = 3
"""Through how many agents somebody may act."""

SESSION_PREFIX = "grove_session_"
"""What secrets of sessions begin with, and no token's."""

_ROLES = list(Role)


def authenticate(tx: Transaction, *, secret: str, source: Source, now: datetime) -> Actor:
    """Who shows this token, or this secret of a session.

    :raises TokenInvalid: if it is unknown, expired, revoked or ended, or its owner is shut out.
    """
    shown = _session(tx, secret, now) if secret.startswith(SESSION_PREFIX) else _token(tx, secret, now)
    if shown is None or not _is_vouched_for(tx, shown.principal_id, now):
        raise TokenInvalid
    try:
        return actor_of(tx, principal_id=shown.principal_id, source=source, scopes=frozenset(shown.scopes))
    except PrincipalNotFound as unknown:
        raise TokenInvalid from unknown


def _is_vouched_for(tx: Transaction, principal_id: str | None, now: datetime) -> bool:
    """Whether the provider has vouched lately for a principal, and for those that it acts for, where it has to."""
    for _ in range(AGENTS_IN_CHAIN_MAX + 1):
        row = tx.session.get(PrincipalRow, principal_id) if principal_id is not None else None
        if row is None:
            break
        if row.vouched_until is not None and row.vouched_until <= now:
            return False
        principal_id = row.acts_for
    return True


def _token(tx: Transaction, secret: str, now: datetime) -> ApiTokenRow | None:
    row = tx.session.scalar(select(ApiTokenRow).where(ApiTokenRow.secret_digest == digest(secret)))
    is_good = row is not None and not row.revoked_at and not (row.expires_at and row.expires_at <= now)
    return row if is_good else None


def _session(tx: Transaction, secret: str, now: datetime) -> SessionRow | None:
    row = tx.session.scalar(select(SessionRow).where(SessionRow.secret_digest == digest(secret)))
    return row if row is not None and row.is_open(now) else None


def mark_token_used(tx: Transaction, *, secret: str, now: datetime) -> None:
    """Remember that a token or a session was used, once a minute at most."""
    if secret.startswith(SESSION_PREFIX):
        unseen = SessionRow.seen_at < now - timedelta(seconds=LAST_USED_SECONDS)
        chosen = (SessionRow.secret_digest == digest(secret)) & SessionRow.ended_at.is_(None) & unseen
        tx.session.execute(update(SessionRow).where(chosen).values(seen_at=now))
        return
    due = or_(ApiTokenRow.last_used_at.is_(None), ApiTokenRow.last_used_at < now - timedelta(seconds=LAST_USED_SECONDS))
    tx.session.execute(
        update(ApiTokenRow).where(ApiTokenRow.secret_digest == digest(secret), due).values(last_used_at=now)
    )


def actor_of(
    tx: Transaction, *, principal_id: str, source: Source, scopes: frozenset[str], left: int = AGENTS_IN_CHAIN_MAX
) -> Actor:
    """The principal as an actor; an agent has at most the rights of the one it acts for, through `left` agents at most.

    :raises PrincipalNotFound: if it, or one that it acts for, is unknown or shut out, or the chain is longer.
    """
    row = tx.session.get(PrincipalRow, principal_id)
    if row is None or not row.active:
        raise PrincipalNotFound(principal=principal_id)
    role, patron = Role(row.role), None
    if row.acts_for is not None:
        if left == 0:
            raise PrincipalNotFound(principal=principal_id)
        patron = actor_of(tx, principal_id=row.acts_for, source=source, scopes=scopes, left=left - 1)
        role = min(role, Role(patron.role), key=_ROLES.index)
    return Actor(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        role=role,
        scopes=scopes,
        source=source,
        # To policies, Grove itself is a service.
        kind=PrincipalKind.SERVICE if row.kind == PrincipalKind.STEWARD else row.kind,
        acts_for=patron,
    )


def subject_of(tx: Transaction, *, actor: Actor, principal: str) -> Actor:
    """Somebody of the tenant, by id or name, as they would act through `actor`'s door with every scope.

    :raises PrincipalNotFound: if the tenant has no such principal, or it is shut out.
    """
    found = id_called(tx, tenant_id=actor.tenant_id, principal=principal)
    return actor_of(tx, principal_id=found, source=actor.source, scopes=frozenset(Scope))


def id_called(tx: Transaction, *, tenant_id: str, principal: str) -> str:
    """The id of somebody of a tenant, by id or name, also of one who is shut out; for those who may see what they did.

    :raises PrincipalNotFound: if the tenant has no such principal.
    """
    wanted = or_(PrincipalRow.id == principal, PrincipalRow.name == principal)
    found = tx.session.scalar(select(PrincipalRow.id).where(PrincipalRow.tenant_id == tenant_id, wanted))
    if found is None:
        raise PrincipalNotFound(principal=principal)
    return found


def names_of(tx: Transaction, *, principal_ids: Collection[str]) -> dict[str, str]:
    """What some principals are called, by id; for those who may see what they have done."""
    chosen = select(PrincipalRow.id, PrincipalRow.name).where(PrincipalRow.id.in_(principal_ids))
    return {row.id: row.name for row in tx.session.execute(chosen)}


def ownership(tx: Transaction, *, actor: Actor, owner_id: str) -> dict[str, object]:
    """Whose a thing is, as policies know it: somebody's, and an agent's also of the one whom it acts for."""
    if owner_id == actor.id:
        return {"owner": owner_id}
    patron = tx.session.scalar(select(PrincipalRow.acts_for).where(PrincipalRow.id == owner_id))
    return {"owner": owner_id, "owner_acts_for": patron}


def agents_of(tx: Transaction, *, actor: Actor) -> list[str]:
    """The ids of the agents that act for `actor`."""
    chosen = select(PrincipalRow.id).where(PrincipalRow.tenant_id == actor.tenant_id, PrincipalRow.acts_for == actor.id)
    return list(tx.session.scalars(chosen.order_by(PrincipalRow.id)))


def list_tenants(tx: Transaction) -> list[str]:
    """The ids of the tenants on this server: for what it does for each of them in turn."""
    return list(tx.session.scalars(select(TenantRow.id).order_by(TenantRow.id)))


def is_only_tenant(tx: Transaction) -> bool:
    """Whether there are no two tenants on this server."""
    with tx.beyond():
        return len(tx.session.scalars(select(TenantRow.id).limit(2)).all()) <= 1


def find_project(tx: Transaction, *, actor: Actor, project: str) -> Project:
    """The project of that id or name.

    :raises ProjectNotFound: if the tenant has none.
    """
    wanted = or_(ProjectRow.id == project, ProjectRow.name == project)
    row = tx.session.scalar(select(ProjectRow).where(ProjectRow.tenant_id == actor.tenant_id, wanted))
    if row is None:
        raise ProjectNotFound(project=project)
    return row.value()


def default_project(tx: Transaction, *, tenant_id: str) -> Project:
    """The project that things belong to when none is named."""
    row = tx.session.scalars(select(ProjectRow).where(ProjectRow.tenant_id == tenant_id, ProjectRow.is_default)).one()
    return row.value()


def list_projects(tx: Transaction, *, actor: Actor) -> list[Project]:
    """Every project of the tenant, by name.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "project.list", Resource(kind="project", tenant_id=actor.tenant_id))
    rows = tx.session.scalars(
        select(ProjectRow).where(ProjectRow.tenant_id == actor.tenant_id).order_by(ProjectRow.name)
    )
    return [row.value() for row in rows]


def list_principals(tx: Transaction, *, actor: Actor) -> list[Principal]:
    """Every user, agent and service of the tenant, by name; themselves and their agents for those who may not list all.

    :raises Denied: if `actor` may not even that.
    """
    chosen = select(PrincipalRow).where(PrincipalRow.tenant_id == actor.tenant_id).order_by(PrincipalRow.name)
    if not tx.decision(actor, "user.list", Resource(kind="user", tenant_id=actor.tenant_id)).allowed:
        own = Resource(kind="user", tenant_id=actor.tenant_id, attributes={"owner": actor.id})
        tx.require(actor, "user.list", own)
        chosen = chosen.where((PrincipalRow.id == actor.id) | (PrincipalRow.acts_for == actor.id))
    return [row.value() for row in tx.session.scalars(chosen)]
