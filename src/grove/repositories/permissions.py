"""By whose rules people see a repository."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.repositories.errors import PermissionsOfNoForge
from grove.repositories.model import Permissions, Repository
from grove.repositories.rows import locked_row, record_act, resource_of, seen_row
from grove.repositories.tables import RepositoryRow


def configure_permissions(
    tx: Transaction, *, actor: Actor, repository_id: str, permissions: Permissions, now: datetime
) -> Repository:
    """Set by whose rules people see a repository; whom the forge lets is not known from then on.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises PermissionsOfNoForge: if nothing tells whom its host lets read it.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.configure", resource_of(row.value()))
    if permissions is Permissions.FORGE and (row.forge == "generic" or row.credential_id is None):
        raise PermissionsOfNoForge(repository=row.name, forge=row.forge)
    row.permissions, row.readers_read_at, row.updated_at = permissions, None, now
    record_act(tx, actor=actor, action="repository.configure", row=row, now=now, permissions=permissions)
    return row.value()


def record_readers_read(tx: Transaction, *, tenant_id: str, repository_id: str, at: datetime | None) -> None:
    """Note when the forge told whom it lets read a repository, or that this is too long ago.

    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    locked_row(tx, tenant_id=tenant_id, repository_id=repository_id).readers_read_at = at


def with_permissions_of_forges(session: Session, *, tenant_id: str) -> set[str]:
    """The ids of the tenant's repositories that people see by the forges' rules."""
    chosen = select(RepositoryRow.id).where(RepositoryRow.permissions == Permissions.FORGE)
    return set(session.scalars(chosen.where(RepositoryRow.tenant_id == tenant_id)))


def with_readers_before(tx: Transaction, *, moment: datetime) -> dict[str, str]:
    """Of all tenants the repositories whose forges told before that moment whom they let read, with their tenants."""
    chosen = select(RepositoryRow.id, RepositoryRow.tenant_id).where(RepositoryRow.readers_read_at <= moment)
    return dict(tx.session.execute(chosen).all())
