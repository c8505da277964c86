"""Setting the policy, holding repositories back from it, and having it applied."""

from dataclasses import asdict
from datetime import datetime

from grove import activity, repositories
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction
from grove.retention.errors import RetentionOff
from grove.retention.events import RetentionWanted
from grove.retention.model import RetentionPolicy
from grove.retention.tables import RetentionHoldRow, RetentionPolicyRow


def set_retention(tx: Transaction, *, actor: Actor, policy: RetentionPolicy, now: datetime) -> RetentionPolicy:
    """Set the tenant's policy; it is applied once a day in the name of `actor`, from now on.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "retention.set", Resource(kind="retention", tenant_id=actor.tenant_id))
    facts = asdict(policy)
    row = RetentionPolicyRow(tenant_id=actor.tenant_id, set_by=actor.id, set_at=now, **facts)
    tx.session.merge(row)
    _record(tx, "retention.set", actor=actor, target=("tenant", actor.tenant_id), now=now, **facts)
    tx.publish(RetentionWanted(tenant_id=actor.tenant_id, actor_id=actor.id, due_at=now, at=now))
    return policy


def request_retention(tx: Transaction, *, actor: Actor, now: datetime) -> None:
    """Have the policy applied now.

    :raises Denied: if `actor` may not.
    :raises RetentionOff: if there is none.
    """
    tx.require(actor, "retention.apply", Resource(kind="retention", tenant_id=actor.tenant_id))
    if tx.session.get(RetentionPolicyRow, actor.tenant_id) is None:
        raise RetentionOff
    tx.publish(RetentionWanted(tenant_id=actor.tenant_id, actor_id=actor.id, due_at=now, at=now))


def hold_repository(tx: Transaction, *, actor: Actor, repository_id: str, reason: str, now: datetime) -> None:
    """Have a repository kept though nobody uses it.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository that `actor` may see.
    """
    repository = repositories.get_repository(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "retention.hold", repositories.resource_of(repository))
    tx.session.merge(
        RetentionHoldRow(
            repository_id=repository.id, tenant_id=actor.tenant_id, reason=reason, held_by=actor.id, held_at=now
        )
    )
    about = ("repository", repository.id)
    _record(tx, "retention.hold", actor=actor, target=about, now=now, name=repository.name, reason=reason)


def release_repository(tx: Transaction, *, actor: Actor, repository_id: str, now: datetime) -> None:
    """Let the policy count for a repository again that was held.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository that `actor` may see.
    """
    repository = repositories.get_repository(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "retention.hold", repositories.resource_of(repository))
    row = tx.session.get(RetentionHoldRow, repository.id)
    if row is not None:
        tx.session.delete(row)
        about = ("repository", repository.id)
        _record(tx, "retention.release", actor=actor, target=about, now=now, name=repository.name)


def _record(
    tx: Transaction, action: str, *, actor: Actor, target: tuple[str, str], now: datetime, **facts: object
) -> None:
    kind, identifier = target
    activity.record(tx, actor=actor, action=action, target_kind=kind, target_id=identifier, now=now, **facts)
