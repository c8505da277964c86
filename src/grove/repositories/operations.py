"""What can be done with repositories."""

import unicodedata
from datetime import datetime

from sqlalchemy import select

from grove import activity, jobs
from grove.kit.gate import Actor, Denied, Resource
from grove.kit.ids import new_id
from grove.kit.transactions import Transaction
from grove.repositories.errors import NameInvalid, NotAllowedNow, RepositoryExists, RepositoryNotFound
from grove.repositories.events import (
    HistoryPolicyChanged,
    RepositoryApproved,
    RepositoryRemoved,
    RepositorySyncRequested,
)
from grove.repositories.model import Approval, Clone, HistoryPolicy, Index, Lifecycle, NewRepository, Repository
from grove.repositories.tables import RepositoryRow

NAME_CHARACTERS_MAX = 400


def connect_repository(tx: Transaction, *, actor: Actor, wanted: NewRepository, now: datetime) -> Repository:
    """Register a repository; who may approve it has it mirrored at once, others wait for somebody who may.

    :raises Denied: if `actor` may not.
    :raises RepositoryExists: if one of that name is kept already.
    """
    action = "repository.connect_local" if wanted.local else "repository.connect"
    resource = Resource(kind="repository", tenant_id=actor.tenant_id)
    tx.require(actor, action, resource)
    key = checked_key(wanted.name)
    taken = select(RepositoryRow.id).where(RepositoryRow.tenant_id == actor.tenant_id, RepositoryRow.name_key == key)
    if existing := tx.session.scalar(taken):
        raise RepositoryExists(name=wanted.name, repository=existing)
    row = _new_row(actor=actor, wanted=wanted, now=now)
    tx.session.add(row)
    tx.session.flush()
    _record(tx, actor=actor, action="repository.connect", row=row, now=now)
    if wanted.local or _may_approve(tx, actor, resource):
        _approve(tx, actor=actor, row=row, now=now)
    return row.value()


def approve_repository(tx: Transaction, *, actor: Actor, repository_id: str, now: datetime) -> Repository:
    """Allow a requested repository to be mirrored; nobody approves what they asked for themselves.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is not waiting for approval.
    """
    row = locked_row(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    tx.require(actor, "repository.approve", _resource(row))
    if row.requested_by == actor.id:
        raise Denied(action="repository.approve", reason="it is your own request")
    _approve(tx, actor=actor, row=row, now=now)
    return row.value()


def reject_repository(tx: Transaction, *, actor: Actor, repository_id: str, reason: str, now: datetime) -> Repository:
    """Refuse a requested repository.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is not waiting for approval.
    """
    row = locked_row(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    tx.require(actor, "repository.approve", _resource(row))
    row.save_states(row.value().moved(approval=Approval.REJECTED), now=now)
    _record(tx, actor=actor, action="repository.reject", row=row, now=now, reason=reason)
    return row.value()


def request_sync(
    tx: Transaction, *, actor: Actor, repository_id: str, now: datetime, accept_ref_loss: bool = False
) -> Repository:
    """Have the mirror brought up to date, and the index after it.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is not approved, or is being removed.
    """
    row = locked_row(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    tx.require(actor, "repository.sync", _resource(row))
    repository = row.value()
    if repository.approval is not Approval.APPROVED:
        raise NotAllowedNow(repository=row.id, field="approval", state=repository.approval, wanted=Approval.APPROVED)
    if repository.clone is Clone.FAILED:
        repository = repository.moved(clone=Clone.QUEUED)
    elif repository.clone is Clone.REMOVING:
        raise NotAllowedNow(repository=row.id, field="clone", state=repository.clone, wanted=Clone.CLONING)
    row.save_states(repository, now=now)
    _record(tx, actor=actor, action="repository.sync", row=row, now=now, accept_ref_loss=accept_ref_loss)
    tx.publish(
        RepositorySyncRequested(
            tenant_id=row.tenant_id,
            repository_id=row.id,
            actor_id=actor.id,
            accept_ref_loss=accept_ref_loss,
            at=now,
        )
    )
    return row.value()


def set_history_policy(
    tx: Transaction, *, actor: Actor, repository_id: str, policy: HistoryPolicy, now: datetime
) -> Repository:
    """Have more or less of a repository's history indexed ahead.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    row = locked_row(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    tx.require(actor, "repository.configure", _resource(row))
    row.history = str(policy)
    row.updated_at = now
    _record(tx, actor=actor, action="repository.configure", row=row, now=now, history=str(policy))
    if row.indexed_at is not None:
        tx.publish(HistoryPolicyChanged(tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, at=now))
    return row.value()


def remove_repository(tx: Transaction, *, actor: Actor, repository_id: str, now: datetime) -> Repository:
    """Have a repository removed with its mirror, snapshots, index and credential; the audit trail stays.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    row = locked_row(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    tx.require(actor, "repository.remove", _resource(row))
    row.save_states(row.value().moved(lifecycle=Lifecycle.DELETED, clone=Clone.REMOVING), now=now)
    jobs.cancel_jobs_of(tx, target_id=row.id, now=now)
    _record(tx, actor=actor, action="repository.remove", row=row, now=now)
    tx.publish(RepositoryRemoved(tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, at=now))
    return row.value()


def checked_key(name: str) -> str:
    """The key of a new name.

    :raises NameInvalid: if it is not one printable line of plain segments, or too long.
    """
    key = name_key(name)
    segments = key.split("/")
    plain = all(segment.strip() and segment not in {".", ".."} and segment[0] != "-" for segment in segments)
    if not plain or not name.isprintable() or max(len(name), len(key)) > NAME_CHARACTERS_MAX:
        raise NameInvalid(characters_max=NAME_CHARACTERS_MAX)
    return key


def name_key(name: str) -> str:
    """What two names must differ in: case and compatible forms of letters do not count."""
    return unicodedata.normalize("NFKC", name).casefold()


def locked_row(tx: Transaction, *, tenant_id: str, repository_id: str) -> RepositoryRow:
    """The row, kept from others until the transaction ends.

    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    row = tx.session.get(RepositoryRow, repository_id, with_for_update=True, populate_existing=True)
    if row is None or row.tenant_id != tenant_id:
        raise RepositoryNotFound(repository=repository_id)
    return row


def _approve(tx: Transaction, *, actor: Actor, row: RepositoryRow, now: datetime) -> None:
    row.save_states(row.value().moved(approval=Approval.APPROVED, clone=Clone.QUEUED), now=now)
    _record(tx, actor=actor, action="repository.approve", row=row, now=now)
    tx.publish(RepositoryApproved(tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, at=now))


def _may_approve(tx: Transaction, actor: Actor, resource: Resource) -> bool:
    try:
        tx.require(actor, "repository.approve", resource)
    except Denied:
        return False
    return True


def _new_row(*, actor: Actor, wanted: NewRepository, now: datetime) -> RepositoryRow:
    return RepositoryRow(
        id=new_id(),
        tenant_id=actor.tenant_id,
        project_id=wanted.project_id,
        name=wanted.name,
        name_key=name_key(wanted.name),
        url=wanted.url,
        host=wanted.host,
        forge=wanted.forge,
        local=wanted.local,
        credential_id=wanted.credential_id,
        tracked=list(wanted.tracked),
        archived=wanted.archived,
        fork=wanted.fork,
        approval=Approval.PENDING,
        clone=Clone.ABSENT,
        index=Index.NONE,
        lifecycle=Lifecycle.ACTIVE,
        default_branch=wanted.default_branch,
        head_commit=None,
        size_bytes=None,
        estimated_bytes=wanted.estimated_bytes,
        problem=None,
        requested_by=actor.id,
        created_at=now,
        updated_at=now,
        synced_at=None,
        indexed_at=None,
        history=str(HistoryPolicy()),
    )


def _resource(row: RepositoryRow) -> Resource:
    return Resource(kind="repository", id=row.id, tenant_id=row.tenant_id, attributes={"project": row.project_id})


def _record(tx: Transaction, *, actor: Actor, action: str, row: RepositoryRow, now: datetime, **facts: object) -> None:
    activity.record(
        tx, actor=actor, action=action, target_kind="repository", target_id=row.id, now=now, name=row.name, **facts
    )
