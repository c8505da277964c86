"""`/api/v1/quotas`: how much each may have, and has."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field

from grove import accounts, quotas
from grove.api.caller import Caller, CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Line, Received, Shown
from grove.kit.transactions import Transaction
from grove.quotas import Holder, HolderKind, Quota, Sort

router = router_at("/api/v1/quotas", tag="governance")

NAME_CHARACTERS_MAX = 200


class QuotaIn(Received):
    """How much of a sort the tenant, a project or a user may have; null is any number."""

    sort: Sort
    limit: Annotated[int | None, Field(ge=0, le=2**53)] = None
    project: Line | None = Field(default=None, description="An id or a name.")
    user: Line | None = Field(default=None, description="An id or a name.")


class QuotaOut(Shown):
    """How much of a sort a holder has, and may have."""

    holder: HolderKind
    holder_id: UUID
    sort: Sort
    limit: int | None
    used: int

    @classmethod
    def of(cls, quota: Quota) -> Self:
        """As people see it."""
        return cls(
            holder=quota.holder.kind,
            holder_id=UUID(quota.holder.id),
            sort=quota.sort,
            limit=quota.limit,
            used=quota.used,
        )


class QuotaList(Shown):
    """Everything that is counted for a holder."""

    items: list[QuotaOut]


Named = Annotated[str, Query(max_length=NAME_CHARACTERS_MAX)]


@router.get("", openapi_extra=needs("quota.view"))
def list_quotas(caller: CallerOf, *, tenant: bool = False, project: Named = "", user: Named = "") -> QuotaList:
    """Your own quotas and their use; or those of the tenant, a project or a user."""
    with caller.reading() as tx:
        holder = Holder(kind=HolderKind.USER, id=caller.actor.id)
        if tenant or project or user:
            holder = _holder(tx, caller, project=project or None, user=user or None)
        found = quotas.list_quotas(tx, actor=caller.actor, holder=holder, now=caller.now)
    return QuotaList(items=[QuotaOut.of(quota) for quota in found])


@router.put("", openapi_extra=needs("quota.set"))
def set_quota(wanted: QuotaIn, caller: CallerOf) -> QuotaOut:
    """Set how much of a sort the tenant, a project or a user may have; what is there already stays."""
    with caller.writing() as tx:
        holder = _holder(tx, caller, project=wanted.project, user=wanted.user)
        return QuotaOut.of(
            quotas.set_quota(
                tx, actor=caller.actor, holder=holder, sort=wanted.sort, limit=wanted.limit, now=caller.now
            )
        )


def _holder(tx: Transaction, caller: Caller, *, project: str | None, user: str | None) -> Holder:
    if user is not None:
        return Holder(kind=HolderKind.USER, id=accounts.subject_of(tx, actor=caller.actor, principal=user).id)
    if project is not None:
        return Holder(kind=HolderKind.PROJECT, id=accounts.find_project(tx, actor=caller.actor, project=project).id)
    return Holder(kind=HolderKind.TENANT, id=caller.actor.tenant_id)
