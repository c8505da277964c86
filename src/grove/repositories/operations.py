"""What can be done with repositories."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from grove import jobs
from grove.kit.gate import Actor
from grove.kit.ids import new_id
from grove.kit.names import is_portable, name_key
from grove.kit.transactions import Transaction
from grove.repositories.approvals import grant_approval
from grove.repositories.errors import NameInvalid, RepositoryExists, RepositoryLeaving, RepositoryNotFound
from grove.repositories.events import (
    HistoryPolicyChanged,
    RepositoryConnected,
    RepositoryRemoved,
    RepositorySyncRequested,
    TrackingChanged,
)
from grove.repositories.model import (
    Access,
    Approval,
    Clone,
    HistoryPolicy,
    Index,
    Lifecycle,
    NewRepository,
    Permissions,
    Repository,
)
from grove.repositories.reasons import why_not_ready
from grove.repositories.rows import record_act, resource_of, seen_row
from grove.repositories.tables import RepositoryRow

NAME_CHARACTERS_MAX = 400


def connect_repository(tx: Transaction, *, actor: Actor, wanted: NewRepository, now: datetime) -> Repository:
    """Register a repository; it is mirrored at once when policy admits it, and waits for a decision otherwise.

    :raises Denied: if `actor` may not.
    :raises RepositoryExists: if one of that name is kept already, or was asked for.
    :raises RepositoryLeaving: if one of that name is being removed.
    """
    row = _new_row(actor=actor, wanted=wanted, now=now)
    resource = resource_of(row.value())
    tx.require(actor, "repository.connect", resource)
    if wanted.local:
        tx.require(actor, "repository.connect_local", resource)
    _require_free(tx, actor=actor, name=wanted.name)
    tx.session.add(row)
    tx.session.flush()
    record_act(tx, actor=actor, action="repository.connect", row=row, now=now, reason=wanted.reason)
    tx.publish(
        RepositoryConnected(
            tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, project_id=row.project_id, at=now
        )
    )
    admission = tx.decision(actor, "repository.admit", resource)
    if admission.allowed:
        grant_approval(tx, actor=actor, row=row, now=now)
    else:
        row.decision = {"state": row.approval, "reason": admission.reason, "by": "policy", "at": now.isoformat()}
    return row.value()


def _require_free(tx: Transaction, *, actor: Actor, name: str) -> None:
    """Return if no repository has that name; of one that `actor` may not see the name alone is told."""
    of_name = RepositoryRow.name_key == checked_key(name)
    taken = tx.session.scalar(select(RepositoryRow).where(RepositoryRow.tenant_id == actor.tenant_id, of_name))
    if taken is None:
        return
    if taken.value().lifecycle is Lifecycle.DELETED:
        raise RepositoryLeaving(name=name)
    try:
        seen = seen_row(tx, actor=actor, repository_id=taken.id).value()
    except RepositoryNotFound:
        raise RepositoryExists(name=name) from None
    why = why_not_ready(seen)
    raise RepositoryExists(name=name, repository=seen.id, **({"state": why} if why else {}))


def request_sync(
    tx: Transaction, *, actor: Actor, repository_id: str, now: datetime, accept_ref_loss: bool = False
) -> Repository:
    """Have the mirror brought up to date, and the index after it.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is not approved, or archived, or being removed.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.sync", resource_of(row.value()))
    repository = row.value()
    repository.require_kept_up()
    if repository.clone is Clone.FAILED:
        repository = repository.moved(clone=Clone.QUEUED)
    row.save_states(repository, now=now)
    record_act(tx, actor=actor, action="repository.sync", row=row, now=now, accept_ref_loss=accept_ref_loss)
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
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.configure", resource_of(row.value()))
    row.history = str(policy)
    row.updated_at = now
    record_act(tx, actor=actor, action="repository.configure", row=row, now=now, history=str(policy))
    if row.indexed_at is not None:
        tx.publish(HistoryPolicyChanged(tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, at=now))
    return row.value()


def track_branches(
    tx: Transaction, *, actor: Actor, repository_id: str, patterns: Sequence[str], now: datetime
) -> Repository:
    """Have the heads of other branches indexed from now on; that of the default branch always is.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.configure", resource_of(row.value()))
    row.tracked, row.updated_at = list(patterns), now
    record_act(tx, actor=actor, action="repository.configure", row=row, now=now, tracked=list(patterns))
    if row.indexed_at is not None:
        tx.publish(TrackingChanged(tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, at=now))
    return row.value()


def remove_repository(tx: Transaction, *, actor: Actor, repository_id: str, now: datetime) -> Repository:
    """Have a repository removed with its mirror, snapshots, index and credential; the audit trail stays.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.remove", resource_of(row.value()))
    row.save_states(row.value().moved(lifecycle=Lifecycle.DELETED, clone=Clone.REMOVING), now=now)
    jobs.cancel_jobs_of(tx, target_id=row.id, now=now)
    record_act(tx, actor=actor, action="repository.remove", row=row, now=now)
    tx.publish(RepositoryRemoved(tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, at=now))
    return row.value()


def checked_key(name: str) -> str:
    """The key of a new name.

    :raises NameInvalid: if it is not one printable line of plain segments, or too long.
    """
    key = name_key(name)
    segments = key.split("/")
    plain = all(segment.strip() and segment[0] != "-" and is_portable(segment) for segment in segments)
    if not plain or not name.isprintable() or max(len(name), len(key)) > NAME_CHARACTERS_MAX:
        raise NameInvalid(characters_max=NAME_CHARACTERS_MAX)
    return key


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
        everybody_reads=wanted.everybody_reads,
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
        request_reason=wanted.reason,
        decision=None,
        owners=[],
        access=Access.GRANTED,
        access_confirmed_at=now,
        permissions=Permissions.GROVE,
    )
