"""How much of each sort a holder has now."""

from datetime import datetime

from grove import jobs, repositories, scip, usage, workspaces
from grove.kit.transactions import Transaction
from grove.quotas.model import Holder, HolderKind, Sort


def used_by(tx: Transaction, holder: Holder, sort: Sort, *, tenant_id: str, now: datetime) -> int:
    """How much of a sort a holder has."""
    user = holder.id if holder.kind is HolderKind.USER else None
    if sort is Sort.WORKSPACES:
        return workspaces.count_open(tx, tenant_id=tenant_id, owner_id=user)
    if sort is Sort.WORKSPACE_BYTES:
        return workspaces.held_bytes(tx, tenant_id=tenant_id, owner_id=user)
    if sort is Sort.JOBS:
        return jobs.count_unfinished(tx, tenant_id=tenant_id, requested_by=user)
    if sort is Sort.QUERIES:
        return usage.searches_on(tx, tenant_id=tenant_id, day=now.date(), principal_id=user)
    project = holder.id if holder.kind is HolderKind.PROJECT else None
    count, size_bytes = repositories.kept_by(tx, tenant_id=tenant_id, project_id=project, requested_by=user)
    if sort is Sort.REPOSITORIES:
        return count
    return size_bytes + scip.stored_bytes(tx, tenant_id=tenant_id, project_id=project, uploaded_by=user)
