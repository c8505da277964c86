"""What can be done with accounts."""

from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from grove import activity
from grove.accounts.errors import LastAdministrator, NameTaken, PrincipalNotFound
from grove.accounts.model import Principal, PrincipalKind, Project, Role
from grove.accounts.tables import IdentityRow, PrincipalRow, ProjectRow, SessionRow
from grove.kit.gate import Actor, Resource
from grove.kit.ids import new_id
from grove.kit.names import name_key, require_plain
from grove.kit.transactions import Transaction, go_alone


def create_project(tx: Transaction, *, actor: Actor, name: str, now: datetime) -> Project:
    """Make a project.

    :raises Denied: if `actor` may not.
    :raises NameInvalid: if that is no name.
    :raises NameTaken: if the tenant has a project of that name.
    """
    tx.require(actor, "project.create", Resource(kind="project", tenant_id=actor.tenant_id))
    checked_name(tx, tenant_id=actor.tenant_id, name=name, among=ProjectRow)
    row = ProjectRow(id=new_id(), tenant_id=actor.tenant_id, name=name, is_default=False, created_at=now)
    tx.session.add(row)
    _record(tx, actor, "project.create", "project", row.id, now, name=name)
    return row.value()


def create_principal(
    tx: Transaction, *, actor: Actor, kind: PrincipalKind, name: str, role: Role, email: str | None, now: datetime
) -> Principal:
    """Make a user, a service, or an agent that acts for `actor` with no more than the actor's own rights.

    :raises Denied: if `actor` may not.
    :raises NameInvalid: if that is no name.
    :raises NameTaken: if the tenant has a principal of that name.
    """
    tx.require(actor, f"{kind}.create", Resource(kind=kind, tenant_id=actor.tenant_id, attributes={"role": role}))
    checked_name(tx, tenant_id=actor.tenant_id, name=name, among=PrincipalRow)
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
    :raises LastAdministrator: if nobody else could let them in again.
    """
    tx.require(actor, "user.suspend", Resource(kind="user", id=principal_id, tenant_id=actor.tenant_id))
    row = principal_row(tx, actor=actor, principal_id=principal_id)
    if not active:
        _require_another_administrator(tx, row)
    row.active = active
    tx.session.execute(update(IdentityRow).where(IdentityRow.principal_id == row.id).values(is_shut_out=False))
    if not active:
        tx.session.execute(update(SessionRow).where(open_sessions_of(row.id)).values(ended_at=now))
    _record(tx, actor, "user.resume" if active else "user.suspend", row.kind, row.id, now, name=row.name)
    return row.value()


def set_role(tx: Transaction, *, actor: Actor, principal_id: str, role: Role, now: datetime) -> Principal:
    """Give a principal another role, which counts from the next request on.

    :raises Denied: if `actor` may not.
    :raises PrincipalNotFound: if there is no such principal in the tenant.
    :raises LastAdministrator: if nobody would be administrator any more.
    """
    resource = Resource(kind="user", id=principal_id, tenant_id=actor.tenant_id, attributes={"role": role})
    tx.require(actor, "user.set_role", resource)
    row = principal_row(tx, actor=actor, principal_id=principal_id)
    if role is not Role.ADMIN:
        _require_another_administrator(tx, row)
    was, row.role = row.role, role
    _record(tx, actor, "user.set_role", row.kind, row.id, now, name=row.name, was=was, role=role)
    return row.value()


def open_sessions_of(principal_id: str) -> ColumnElement[bool]:
    """The condition for the sessions of a principal that nobody has ended."""
    return (SessionRow.principal_id == principal_id) & SessionRow.ended_at.is_(None)


def principal_row(tx: Transaction, *, actor: Actor, principal_id: str) -> PrincipalRow:
    """The row of a principal of the actor's tenant; Grove's own steward is nobody's business.

    :raises PrincipalNotFound: if there is no such principal in the tenant.
    """
    row = tx.session.get(PrincipalRow, principal_id)
    if row is None or row.tenant_id != actor.tenant_id or row.kind == PrincipalKind.STEWARD:
        raise PrincipalNotFound(principal=principal_id)
    return row


def may_know(tx: Transaction, actor: Actor, row: PrincipalRow) -> bool:
    """Whether an actor may learn that there is such a principal: they, whom it acts for, and who may list all."""
    everybody = Resource(kind="user", tenant_id=row.tenant_id)
    return actor.id in {row.id, row.acts_for} or tx.decision(actor, "user.list", everybody).allowed


def is_last_administrator(tx: Transaction, row: PrincipalRow) -> bool:
    """Whether somebody is the only person who could give rights back."""
    others = select(PrincipalRow.id).where(
        PrincipalRow.tenant_id == row.tenant_id,
        PrincipalRow.id != row.id,
        PrincipalRow.kind == PrincipalKind.USER,
        PrincipalRow.role == Role.ADMIN,
        PrincipalRow.active,
    )
    is_one = row.kind == PrincipalKind.USER and row.role == Role.ADMIN and row.active
    return is_one and tx.session.scalar(others.with_for_update().limit(1)) is None


def checked_name(tx: Transaction, *, tenant_id: str, name: str, among: type[PrincipalRow | ProjectRow]) -> str:
    """The name, if a new principal or project can have it: no other's, whatever the case and the form of its letters.

    :raises NameInvalid: if it is none.
    :raises NameTaken: if the tenant has one of that name.
    """
    require_plain(name)
    go_alone(tx, f"names in {tenant_id}")  # of two at once, each could find the name free
    others = tx.session.scalars(select(among.name).where(among.tenant_id == tenant_id))
    if name_key(name) in map(name_key, others):
        raise NameTaken(name=name)
    return name


def _require_another_administrator(tx: Transaction, row: PrincipalRow) -> None:
    if is_last_administrator(tx, row):
        raise LastAdministrator(name=row.name)


def _record(  # noqa: PLR0917 - the parts of an entry, in its order
    tx: Transaction, actor: Actor, action: str, target_kind: str, target_id: str, now: datetime, **facts: object
) -> None:
    activity.record(tx, actor=actor, action=action, target_kind=target_kind, target_id=target_id, now=now, **facts)
