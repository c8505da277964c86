"""Setting and showing quotas."""

from datetime import datetime

from sqlalchemy import select

from grove import activity
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction
from grove.quotas.counting import used_by
from grove.quotas.errors import QuotaInvalid
from grove.quotas.model import COUNTED, Holder, HolderKind, Quota, Sort
from grove.quotas.tables import QuotaRow

LIMIT_MAX = 2**53
"""What JSON can tell exactly."""


def set_quota(tx: Transaction, *, actor: Actor, holder: Holder, sort: Sort, limit: int | None, now: datetime) -> Quota:
    """Set how much of something a holder may have, or take the limit away; what is there already stays.

    :raises Denied: if `actor` may not.
    :raises QuotaInvalid: if that is not counted for that holder, or is no number that can be.
    """
    tx.require(actor, "quota.set", Resource(kind="quota", tenant_id=actor.tenant_id))
    if sort not in COUNTED[holder.kind] or (limit is not None and not 0 <= limit <= LIMIT_MAX):
        raise QuotaInvalid(holder=holder.kind, sort=sort, limit=limit)
    row = tx.session.get(QuotaRow, (actor.tenant_id, holder.kind, holder.id, sort))
    if row is not None:
        tx.session.delete(row)
        tx.session.flush()
    if limit is not None:
        named = {"holder_kind": holder.kind, "holder_id": holder.id, "sort": sort, "limit": limit}
        tx.session.add(QuotaRow(tenant_id=actor.tenant_id, set_by=actor.id, set_at=now, **named))
    activity.record(
        tx,
        actor=actor,
        action="quota.set",
        target_kind=holder.kind,
        target_id=holder.id,
        now=now,
        sort=sort,
        limit=limit,
    )
    used = used_by(tx, holder, sort, tenant_id=actor.tenant_id, now=now)
    return Quota(holder=holder, sort=sort, limit=limit, used=used)


def list_quotas(tx: Transaction, *, actor: Actor, holder: Holder, now: datetime) -> list[Quota]:
    """What a holder has of each sort that is counted for it, and may have.

    :raises Denied: if `actor` may not: their own are everybody's to see, those of others the maintainers'.
    """
    owner = holder.id if holder.kind is HolderKind.USER else None
    tx.require(actor, "quota.view", Resource(kind="quota", tenant_id=actor.tenant_id, attributes={"owner": owner}))
    mine = select(QuotaRow).where(
        QuotaRow.tenant_id == actor.tenant_id, QuotaRow.holder_kind == holder.kind, QuotaRow.holder_id == holder.id
    )
    limits = {row.sort: row.limit for row in tx.session.scalars(mine)}
    return [
        Quota(
            holder=holder,
            sort=sort,
            limit=limits.get(sort),
            used=used_by(tx, holder, sort, tenant_id=actor.tenant_id, now=now),
        )
        for sort in COUNTED[holder.kind]
    ]
