"""Approving, rejecting and revoking, and asking again."""

from datetime import datetime

from grove import jobs
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.repositories.errors import NotAllowedNow
from grove.repositories.events import RepositoryApproved
from grove.repositories.model import Approval, Clone, Lifecycle, Repository
from grove.repositories.rows import record_act, resource_of, seen_row
from grove.repositories.tables import RepositoryRow


def approve_repository(
    tx: Transaction, *, actor: Actor, repository_id: str, now: datetime, reason: str = ""
) -> Repository:
    """Allow a requested repository to be mirrored; nobody approves what they asked for themselves.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is approved already, or archived.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.approve", resource_of(row.value()))
    if row.lifecycle != Lifecycle.ACTIVE:
        raise NotAllowedNow(repository=row.id, field="lifecycle", state=row.lifecycle, wanted=Lifecycle.ACTIVE)
    grant_approval(tx, actor=actor, row=row, now=now, reason=reason)
    return row.value()


def reject_repository(tx: Transaction, *, actor: Actor, repository_id: str, reason: str, now: datetime) -> Repository:
    """Refuse a requested repository; whoever asked sees the reason.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is not waiting for approval.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.reject", resource_of(row.value()))
    _decide(tx, actor=actor, row=row, approval=Approval.REJECTED, action="repository.reject", reason=reason, now=now)
    return row.value()


def revoke_approval(tx: Transaction, *, actor: Actor, repository_id: str, reason: str, now: datetime) -> Repository:
    """Take an approval back: from the next question on nothing of the repository is shown; its work is stopped.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is not approved.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.revoke", resource_of(row.value()))
    _decide(tx, actor=actor, row=row, approval=Approval.REVOKED, action="repository.revoke", reason=reason, now=now)
    jobs.cancel_jobs_of(tx, target_id=row.id, now=now)
    return row.value()


def request_again(tx: Transaction, *, actor: Actor, repository_id: str, reason: str, now: datetime) -> Repository:
    """Ask once more for a repository that was rejected or revoked; `actor` is whoever asks from now on.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is neither rejected nor revoked.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.connect", resource_of(row.value()))
    row.requested_by, row.request_reason = actor.id, reason
    _move(tx, actor=actor, row=row, approval=Approval.PENDING, action="repository.request_again", now=now)
    return row.value()


def grant_approval(tx: Transaction, *, actor: Actor, row: RepositoryRow, now: datetime, reason: str = "") -> None:
    """Approve; the caller has checked that it may. A mirror that is there is brought up to date."""
    _decide(tx, actor=actor, row=row, approval=Approval.APPROVED, action="repository.approve", reason=reason, now=now)
    if row.clone in {Clone.ABSENT, Clone.FAILED}:
        row.save_states(row.value().moved(clone=Clone.QUEUED), now=now)
    tx.publish(RepositoryApproved(tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, at=now))


def _decide(
    tx: Transaction,
    *,
    actor: Actor,
    row: RepositoryRow,
    approval: Approval,
    action: str,
    reason: str,
    now: datetime,
) -> None:
    _move(tx, actor=actor, row=row, approval=approval, action=action, now=now, reason=reason)
    row.decision = {"state": approval.value, "reason": reason, "by": actor.name, "at": now.isoformat()}


def _move(
    tx: Transaction,
    *,
    actor: Actor,
    row: RepositoryRow,
    approval: Approval,
    action: str,
    now: datetime,
    reason: str = "",
) -> None:
    before = row.value()
    row.save_states(before.moved_strictly(approval=approval), now=now)
    record_act(tx, actor=actor, action=action, row=row, now=now, reason=reason, before=before.approval, after=approval)
