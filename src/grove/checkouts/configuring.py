"""Setting what is done to the checkouts of a repository."""

from datetime import datetime

from grove import activity
from grove.checkouts.preparation import Preparation
from grove.checkouts.tables import PreparationRow
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.repositories import get_repository, resource_of


def preparation_of(tx: Transaction, *, repository_id: str) -> Preparation:
    """What is done to the checkouts of a repository."""
    row = tx.session.get(PreparationRow, repository_id)
    if row is None:
        return Preparation()
    return Preparation(
        set_up=row.set_up, network=row.network, seconds_max=row.seconds_max, movable=row.movable, files=row.files
    )


def get_preparation(tx: Transaction, *, actor: Actor, repository_id: str) -> Preparation:
    """What is done to the checkouts of a repository, for those who may set it.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    repository = get_repository(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.configure", resource_of(repository))
    return preparation_of(tx, repository_id=repository.id)


def set_preparation(
    tx: Transaction, *, actor: Actor, repository_id: str, wanted: Preparation, now: datetime
) -> Preparation:
    """Set what is done to checkouts of a repository from now on; those that there are stay as they are.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises PreparationInvalid: if a path leads elsewhere, or there is too much.
    """
    repository = get_repository(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.configure", resource_of(repository))
    wanted.check()
    row = tx.session.get(PreparationRow, repository.id)
    if row is None:
        row = PreparationRow(repository_id=repository.id, tenant_id=repository.tenant_id)
        tx.session.add(row)
    row.set_up, row.network, row.movable = wanted.set_up, wanted.network, wanted.movable
    row.seconds_max, row.files = wanted.seconds_max, dict(wanted.files)
    tx.session.flush()
    activity.record(
        tx,
        actor=actor,
        action="repository.configure",
        target_kind="repository",
        target_id=repository.id,
        now=now,
        set_up=wanted.set_up[:200],
        set_up_network=wanted.network,
        files=sorted(wanted.files),
    )
    return wanted
