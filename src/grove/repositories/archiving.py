"""Putting a repository aside, letting it become cold, and taking it back into use."""

from datetime import datetime

from grove import jobs
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.repositories.events import RepositoryCooled, RepositorySyncRequested, RepositoryWarmed
from grove.repositories.model import Approval, Clone, Index, Lifecycle, Repository
from grove.repositories.rows import record_act, resource_of, seen_row
from grove.repositories.tables import RepositoryRow


def archive_repository(tx: Transaction, *, actor: Actor, repository_id: str, reason: str, now: datetime) -> Repository:
    """Put a repository aside: it is neither synced nor searched any more; its mirror and its index stay.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is archived already, or being removed.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.archive", resource_of(row.value()))
    _move(tx, actor=actor, row=row, lifecycle=Lifecycle.ARCHIVED, action="repository.archive", reason=reason, now=now)
    jobs.cancel_jobs_of(tx, target_id=row.id, now=now)
    return row.value()


def cool_repository(tx: Transaction, *, actor: Actor, repository_id: str, reason: str, now: datetime) -> Repository:
    """Let a repository that nobody uses become cold: its index is dropped, its mirror stays and can be read.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is cold already, is not approved, or being removed.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.archive", resource_of(row.value()))
    _move(tx, actor=actor, row=row, lifecycle=Lifecycle.COLD, action="repository.cool", reason=reason, now=now)
    jobs.cancel_jobs_of(tx, target_id=row.id, now=now)
    tx.publish(RepositoryCooled(tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, at=now))
    return row.value()


def restore_repository(tx: Transaction, *, actor: Actor, repository_id: str, now: datetime) -> Repository:
    """Take a repository back into use that is archived, or cold; if it is approved, its mirror is brought up to date.

    Whoever may have a repository synced may have a cold one warmed up.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is neither.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    is_cold = row.lifecycle == Lifecycle.COLD
    tx.require(actor, "repository.sync" if is_cold else "repository.archive", resource_of(row.value()))
    _move(tx, actor=actor, row=row, lifecycle=Lifecycle.ACTIVE, action="repository.restore", reason="", now=now)
    if row.approval == Approval.APPROVED:
        if row.clone == Clone.FAILED:
            row.save_states(row.value().moved(clone=Clone.QUEUED), now=now)
        if is_cold and row.index == Index.NONE and row.clone == Clone.PRESENT:
            warmed = RepositoryWarmed(tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, at=now)
            tx.publish(warmed)
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
