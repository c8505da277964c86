"""Whether indexes are made here, and what came of it."""

from datetime import datetime

from grove import activity
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.repositories import Repository, get_repository, resource_of
from grove.scip.events import ScipWanted
from grove.scip.model import Making
from grove.scip.tables import ScipMakingRow


def set_making(tx: Transaction, *, actor: Actor, repository_id: str, wanted: bool, now: datetime) -> Making:
    """Have SCIP indexes of a repository's default branch made here from now on, or no longer.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    repository = get_repository(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.configure", resource_of(repository))
    row = making_row(tx, repository)
    row.wanted = wanted
    activity.record(
        tx,
        actor=actor,
        action="repository.configure",
        target_kind="repository",
        target_id=repository.id,
        now=now,
        scip=wanted,
    )
    if wanted and repository.indexed_at is not None:
        tx.publish(ScipWanted(tenant_id=actor.tenant_id, repository_id=repository.id, actor_id=actor.id, at=now))
    return row.value()


def making_of(tx: Transaction, *, actor: Actor, repository_id: str) -> Making:
    """Whether indexes of a repository are made here, and what came of the last.

    :raises Denied: if `actor` may not see the repository.
    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    get_repository(tx, actor=actor, repository_id=repository_id)
    row = tx.session.get(ScipMakingRow, repository_id)
    return row.value() if row is not None else Making()


def is_made_here(tx: Transaction, *, repository_id: str) -> bool:
    """Whether indexes of a repository are to be made here."""
    row = tx.session.get(ScipMakingRow, repository_id)
    return row is not None and row.wanted


def making_row(tx: Transaction, repository: Repository) -> ScipMakingRow:
    """The row of a repository, made if there is none."""
    row = tx.session.get(ScipMakingRow, repository.id)
    if row is None:
        row = ScipMakingRow(repository_id=repository.id, tenant_id=repository.tenant_id, wanted=False)
        row.state, row.commit, row.tools, row.reason, row.log = "", "", "", "", ""
        tx.session.add(row)
    return row
