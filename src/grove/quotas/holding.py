"""Holding quotas, in the transaction in which there is more of something; it is undone when that is too much."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import select, tuple_

from grove.kit.gate import Actor
from grove.kit.transactions import Transaction, go_alone
from grove.quotas.counting import used_by
from grove.quotas.errors import QueriesUsedUp, QuotaExceeded
from grove.quotas.model import Holder, HolderKind, Sort
from grove.quotas.tables import QuotaRow
from grove.workspaces import held_bytes


def hold_repository(tx: Transaction, *, tenant_id: str, project_id: str, requested_by: str, now: datetime) -> None:
    """Return when the repositories and their bytes are not too much, with the one that was just asked for.

    :raises QuotaExceeded: if it is, for the tenant, the project or the user.
    """
    holders = [*_holders(tenant_id, requested_by), Holder(kind=HolderKind.PROJECT, id=project_id)]
    _hold(tx, holders, Sort.REPOSITORIES, tenant_id=tenant_id, now=now)
    _hold(tx, holders, Sort.BYTES, tenant_id=tenant_id, now=now)


def hold_project(tx: Transaction, *, tenant_id: str, project_id: str, now: datetime) -> None:
    """Return when the repositories of a project and their bytes are not too much, with the one that has just come.

    :raises QuotaExceeded: if it is.
    """
    holders = [Holder(kind=HolderKind.PROJECT, id=project_id)]
    _hold(tx, holders, Sort.REPOSITORIES, tenant_id=tenant_id, now=now)
    _hold(tx, holders, Sort.BYTES, tenant_id=tenant_id, now=now)


def hold_growth(
    tx: Transaction, *, tenant_id: str, project_id: str, requested_by: str, grown_bytes: int, now: datetime
) -> None:
    """Return when the bytes of repositories are not too much, with so many more.

    :raises QuotaExceeded: if they are, for the tenant, the project or the user.
    """
    holders = [*_holders(tenant_id, requested_by), Holder(kind=HolderKind.PROJECT, id=project_id)]
    if grown_bytes:
        _hold(tx, holders, Sort.BYTES, tenant_id=tenant_id, now=now, more=grown_bytes)


def hold_workspaces(tx: Transaction, *, tenant_id: str, owner_id: str, now: datetime) -> None:
    """Return when the open workspaces are not too many, with the one that was just opened.

    :raises QuotaExceeded: if they are, for the tenant or the user.
    """
    _hold(tx, _holders(tenant_id, owner_id), Sort.WORKSPACES, tenant_id=tenant_id, now=now)


def hold_workspace_bytes(tx: Transaction, *, tenant_id: str, owner_id: str) -> None:
    """Return when the open workspaces may take more room than they do.

    :raises QuotaExceeded: if they take as much as they may, of the tenant or the user.
    """
    for row in _rows(tx, _holders(tenant_id, owner_id), Sort.WORKSPACE_BYTES, tenant_id=tenant_id):
        is_users = row.holder_kind == HolderKind.USER
        used = held_bytes(tx, tenant_id=tenant_id, owner_id=owner_id if is_users else None)
        if used >= row.limit:
            raise QuotaExceeded(sort=Sort.WORKSPACE_BYTES, holder=row.holder_kind, limit=row.limit, used=used)


def hold_jobs(tx: Transaction, *, tenant_id: str, requested_by: str, now: datetime, more: int = 0) -> None:
    """Return when the unfinished jobs are not too many, with those that were just caused, and so many more.

    :raises QuotaExceeded: if they are, for the tenant or the user.
    """
    _hold(tx, _holders(tenant_id, requested_by), Sort.JOBS, tenant_id=tenant_id, now=now, more=more)


def hold_queries(tx: Transaction, *, actor: Actor, now: datetime) -> None:
    """Return when `actor` may search once more today, as far as uses were written down.

    :raises QueriesUsedUp: if not.
    """
    holders = _holders(actor.tenant_id, actor.id)
    for row in _rows(tx, holders, Sort.QUERIES, tenant_id=actor.tenant_id):
        holder = Holder(kind=HolderKind(row.holder_kind), id=row.holder_id)
        used = used_by(tx, holder, Sort.QUERIES, tenant_id=actor.tenant_id, now=now)
        if used >= row.limit:
            midnight = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=now.tzinfo)
            seconds = int((midnight - now).total_seconds()) + 1
            raise QueriesUsedUp(holder=holder.kind, limit=row.limit, used=used, retry_seconds=seconds)


def _holders(tenant_id: str, principal_id: str) -> list[Holder]:
    return [Holder(kind=HolderKind.TENANT, id=tenant_id), Holder(kind=HolderKind.USER, id=principal_id)]


def _hold(
    tx: Transaction, holders: Sequence[Holder], sort: Sort, *, tenant_id: str, now: datetime, more: int = 0
) -> None:
    for row in _rows(tx, holders, sort, tenant_id=tenant_id):
        holder = Holder(kind=HolderKind(row.holder_kind), id=row.holder_id)
        go_alone(tx, f"quota of {sort} of {holder.id}")
        wanted = used_by(tx, holder, sort, tenant_id=tenant_id, now=now) + more
        if wanted > row.limit:
            raise QuotaExceeded(sort=sort, holder=holder.kind, limit=row.limit, wanted=wanted)


def _rows(tx: Transaction, holders: Sequence[Holder], sort: Sort, *, tenant_id: str) -> list[QuotaRow]:
    mine = tuple_(QuotaRow.holder_kind, QuotaRow.holder_id).in_([(holder.kind, holder.id) for holder in holders])
    chosen = select(QuotaRow).where(QuotaRow.tenant_id == tenant_id, QuotaRow.sort == sort, mine)
    return list(tx.session.scalars(chosen.order_by(QuotaRow.holder_kind)))
