"""The moves that only a job makes, in the transaction in which its lease is checked."""

from collections.abc import Sequence
from datetime import datetime

from grove import jobs
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.repositories.model import Access, Clone, Index, Problem, Repository
from grove.repositories.rows import locked_row, record_act


def record_clone(
    tx: Transaction, *, tenant_id: str, repository_id: str, clone: Clone, now: datetime, problem: Problem | None = None
) -> Repository:
    """Move the state of the mirror.

    :raises NotAllowedNow: if it does not follow the present one.
    """
    row = locked_row(tx, tenant_id=tenant_id, repository_id=repository_id)
    row.save_states(row.value().moved(clone=clone), now=now)
    row.problem = problem.as_json() if problem else None
    return row.value()


def record_mirror(
    tx: Transaction,
    *,
    tenant_id: str,
    repository_id: str,
    default_branch: str | None,
    head_commit: str | None,
    size_bytes: int,
    now: datetime,
    owners: Sequence[str] | None = None,
) -> Repository:
    """Take over what a fetch has brought; owners stay what they were when None are given.

    :raises NotAllowedNow: if the repository is being removed.
    """
    row = locked_row(tx, tenant_id=tenant_id, repository_id=repository_id)
    row.save_states(row.value().moved(clone=Clone.PRESENT), now=now)
    row.default_branch = default_branch
    row.head_commit = head_commit
    row.size_bytes = size_bytes
    row.owners = list(owners) if owners is not None else row.owners
    row.synced_at = now
    row.problem = None
    return row.value()


def record_index(
    tx: Transaction, *, tenant_id: str, repository_id: str, index: Index, now: datetime, problem: Problem | None = None
) -> Repository:
    """Move the state of the index.

    :raises NotAllowedNow: if it does not follow the present one.
    """
    row = locked_row(tx, tenant_id=tenant_id, repository_id=repository_id)
    row.save_states(row.value().moved(index=index), now=now)
    row.problem = problem.as_json() if problem else None
    if index in {Index.READY, Index.NONE}:
        row.indexed_at = now if index is Index.READY else None
    return row.value()


def record_access(
    tx: Transaction, *, actor: Actor, repository_id: str, access: Access, now: datetime, problem: Problem | None = None
) -> Repository:
    """Take over what the forge said when it was asked whether it lets us read the repository.

    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    row = locked_row(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    before = Access(row.access)
    row.access = access
    row.access_problem = problem.as_json() if problem else None
    if access is Access.GRANTED:
        row.access_confirmed_at = now
    if access is not before and Access.REFUSED in {access, before}:
        code = problem.code if problem else ""
        action = "repository.access"
        record_act(tx, actor=actor, action=action, row=row, now=now, before=before, after=access, code=code)
    return row.value()


def erase_repository(tx: Transaction, *, tenant_id: str, repository_id: str) -> None:
    """Remove the row, once nothing else of the repository is left."""
    tx.session.delete(locked_row(tx, tenant_id=tenant_id, repository_id=repository_id))
    jobs.withdraw_jobs_of(tx, target_id=repository_id)
