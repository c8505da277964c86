"""What a tenant's policy comes to for each repository, without doing any of it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from grove import repositories
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction
from grove.repositories import Repository
from grove.retention.model import Facts, Notice, RetentionPolicy, Step, step_of
from grove.retention.tables import RetentionHoldRow, RetentionNoticeRow, RetentionPolicyRow
from grove.snapshots import pins_of
from grove.usage import last_uses
from grove.workspaces import holds_work


def retention_of(tx: Transaction, *, actor: Actor) -> RetentionPolicy:
    """The tenant's policy; one that keeps everything when none was set.

    :raises Denied: if `actor` may not see it.
    """
    tx.require(actor, "retention.view", Resource(kind="retention", tenant_id=actor.tenant_id))
    return policy_of(tx, tenant_id=actor.tenant_id)


def preview_retention(tx: Transaction, *, actor: Actor, now: datetime) -> list[Step]:
    """What applying the policy would do now to each repository that `actor` may see, by name. Nothing is done.

    :raises Denied: if `actor` may not see it.
    """
    tx.require(actor, "retention.view", Resource(kind="retention", tenant_id=actor.tenant_id))
    kept = repositories.list_kept(tx, tenant_id=actor.tenant_id)
    shown = repositories.names_of(tx, actor=actor, repository_ids=[repository.id for repository in kept])
    visible = [repository for repository in kept if repository.id in shown]
    return steps_of(tx, visible, tenant_id=actor.tenant_id, now=now)


def notice_of(tx: Transaction, *, repository_id: str) -> Notice | None:
    """The notice that was given about a repository; the caller has checked that it may be seen."""
    row = tx.session.get(RetentionNoticeRow, repository_id)
    return row.value() if row is not None else None


def policy_of(tx: Transaction, *, tenant_id: str) -> RetentionPolicy:
    """The tenant's policy, for work that Grove does by itself."""
    row = tx.session.get(RetentionPolicyRow, tenant_id)
    return row.value() if row is not None else RetentionPolicy()


def steps_of(
    tx: Transaction, among: Sequence[Repository], *, tenant_id: str, now: datetime, lost: Collection[str] = ()
) -> list[Step]:
    """What the policy comes to for some repositories of a tenant; the upstreams of those in `lost` are not there."""
    policy, used = policy_of(tx, tenant_id=tenant_id), last_uses(tx, tenant_id=tenant_id)
    notices = select(RetentionNoticeRow).where(RetentionNoticeRow.tenant_id == tenant_id)
    given = {row.repository_id: row.value() for row in tx.session.scalars(notices)}
    holds = select(RetentionHoldRow).where(RetentionHoldRow.tenant_id == tenant_id)
    held = {row.repository_id: row.reason for row in tx.session.scalars(holds)}
    pinned = {pin.repository_id for pin in pins_of(tx, repositories=[repository.id for repository in among])}
    return [
        step_of(
            policy,
            Facts(
                repository=repository,
                used_at=max(used.get(repository.id, repository.created_at), repository.created_at),
                notice=given.get(repository.id),
                hold=held.get(repository.id, ""),
                is_pinned=repository.id in pinned,
                has_work=holds_work(tx, repository_id=repository.id),
                is_upstream_lost=repository.id in lost,
            ),
            now=now,
        )
        for repository in among
    ]
