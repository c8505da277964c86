"""What all operations on repositories begin and end with: the row, locked; the resource; the entry of the trail."""

from datetime import datetime

from grove import activity
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction
from grove.repositories.errors import RepositoryNotFound
from grove.repositories.model import Repository
from grove.repositories.tables import RepositoryRow


def locked_row(tx: Transaction, *, tenant_id: str, repository_id: str) -> RepositoryRow:
    """The row, kept from others until the transaction ends.

    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    row = tx.session.get(RepositoryRow, repository_id, with_for_update=True, populate_existing=True)
    if row is None or row.tenant_id != tenant_id:
        raise RepositoryNotFound(repository=repository_id)
    return row


def resource_of(repository: Repository) -> Resource:
    """The repository as the gate knows it."""
    attributes: dict[str, object] = {
        "project": repository.project_id,
        "name": repository.name,
        "host": repository.host,
        "forge": repository.forge,
        "visibility": repository.visibility,
        "size_bytes": repository.estimated_bytes if repository.size_bytes is None else repository.size_bytes,
        "approval": str(repository.approval),
        "lifecycle": str(repository.lifecycle),
        "archived": repository.archived,
        "fork": repository.fork,
        "requester": repository.requested_by,
        "owners": repository.owners,
    }
    return Resource(kind="repository", id=repository.id, tenant_id=repository.tenant_id, attributes=attributes)


def record_act(
    tx: Transaction, *, actor: Actor, action: str, row: RepositoryRow, now: datetime, **facts: object
) -> None:
    """Tell the audit trail what was done to a repository."""
    activity.record(
        tx, actor=actor, action=action, target_kind="repository", target_id=row.id, now=now, name=row.name, **facts
    )
