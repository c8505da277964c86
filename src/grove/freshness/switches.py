"""Setting and showing how a mirror keeps up."""

from datetime import datetime

from grove import activity, repositories
from grove.freshness.errors import WatchRefused
from grove.freshness.model import LOCAL_DEFAULT, REMOTE_DEFAULT, Freshness, first_poll
from grove.freshness.tables import FreshnessRow
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.repositories import Repository


def set_freshness(tx: Transaction, *, actor: Actor, repository_id: str, wanted: Freshness, now: datetime) -> Freshness:
    """Set how a mirror keeps up, from now on.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises WatchRefused: if a repository on another machine is to be watched.
    """
    repository = repositories.get_repository(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.keep_up", repositories.resource_of(repository))
    if wanted.watch and not repository.local:
        raise WatchRefused(repository=repository.name)
    _save(tx, repository, wanted, now=now)
    activity.record(
        tx,
        actor=actor,
        action="repository.keep_up",
        target_kind="repository",
        target_id=repository.id,
        now=now,
        on_hook=wanted.on_hook,
        poll_seconds=wanted.poll_seconds,
        watch=wanted.watch,
    )
    return wanted


def begin_freshness(tx: Transaction, *, tenant_id: str, repository_id: str, now: datetime) -> None:
    """Have a new mirror keep up in the usual way: a local one by watching, others by hooks and polls."""
    if tx.session.get(FreshnessRow, repository_id) is None:
        repository = repositories.repository_of_job(tx, tenant_id=tenant_id, repository_id=repository_id)
        _save(tx, repository, LOCAL_DEFAULT if repository.local else REMOTE_DEFAULT, now=now)


def follow_host(tx: Transaction, *, repository_id: str, host: str) -> None:
    """Poll another host for a repository from now on: it has moved there."""
    row = tx.session.get(FreshnessRow, repository_id, with_for_update=True)
    if row is not None:
        row.host = host


def freshness_of(tx: Transaction, *, actor: Actor, repository_id: str) -> Freshness:
    """How a mirror keeps up.

    :raises Denied: if `actor` may not see the repository.
    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    repositories.get_repository(tx, actor=actor, repository_id=repository_id)
    row = tx.session.get(FreshnessRow, repository_id)
    return row.value() if row is not None else Freshness()


def _save(tx: Transaction, repository: Repository, wanted: Freshness, *, now: datetime) -> None:
    row = tx.session.get(FreshnessRow, repository.id)
    if row is None:
        row = FreshnessRow(
            repository_id=repository.id, tenant_id=repository.tenant_id, host=repository.host, failures=0
        )
        tx.session.add(row)
    row.on_hook, row.poll_seconds, row.watch = wanted.on_hook, wanted.poll_seconds, wanted.watch
    row.next_poll_at = first_poll(wanted.poll_seconds, now=now) if wanted.poll_seconds else None
