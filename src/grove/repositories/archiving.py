"""Putting a repository aside, and taking it back into use."""

from datetime import datetime

from grove import jobs
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.repositories.events import RepositorySyncRequested
from grove.repositories.model import Approval, Clone, Lifecycle, Repository
from grove.repositories.rows import locked_row, record_act, resource_of
from grove.repositories.tables import RepositoryRow


def archive_repository(tx: Transaction, *, actor: Actor, repository_id: str, reason: str, now: datetime) -> Repository:
    """Put a repository aside: it is neither synced nor searched any more; its mirror and its index stay.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is archived already, or being removed.
    """
    row = locked_row(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    tx.require(actor, "repository.archive", resource_of(row.value()))
    _move(tx, actor=actor, row=row, lifecycle=Lifecycle.ARCHIVED, action="repository.archive", reason=reason, now=now)
    jobs.cancel_jobs_of(tx, target_id=row.id, now=now)
    return row.value()


def restore_repository(tx: Transaction, *, actor: Actor, repository_id: str, now: datetime) -> Repository:
    """Take an archived repository back into use; if it is approved, its mirror is brought up to date.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is not archived.
    """
    row = locked_row(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    tx.require(actor, "repository.archive", resource_of(row.value()))
    _move(tx, actor=actor, row=row, lifecycle=Lifecycle.ACTIVE, action="repository.restore", reason="", now=now)
    if row.approval == Approval.APPROVED:
        if row.clone == Clone.FAILED:
            row.save_states(row.value().moved(clone=Clone.QUEUED), now=now)
        sync = RepositorySyncRequested(tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, at=now)
        tx.publish(sync)
    return row.value()


def _move(
    tx: Transaction,
    *,
    actor: Actor,
    row: RepositoryRow,
    lifecycle: Lifecycle,
    action: str,
    reason: str,
    now: datetime,
) -> None:
    row.save_states(row.value().moved_strictly(lifecycle=lifecycle), now=now)
    row.decision = {"state": lifecycle.value, "reason": reason, "by": actor.name, "at": now.isoformat()}
    record_act(tx, actor=actor, action=action, row=row, now=now, reason=reason)
