"""What can be asked about repositories."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, or_, select

from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction
from grove.repositories.errors import RepositoryAmbiguous, RepositoryNotFound
from grove.repositories.model import Lifecycle, Repository, screen_status_of
from grove.repositories.operations import name_key
from grove.repositories.tables import RepositoryRow

LIST_MAX = 200


def get_repository(tx: Transaction, *, actor: Actor, repository_id: str) -> Repository:
    """The repository of that id.

    :raises Denied: if `actor` may not see it.
    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    row = tx.session.get(RepositoryRow, repository_id)
    if row is None or row.tenant_id != actor.tenant_id:
        raise RepositoryNotFound(repository=repository_id)
    tx.require(actor, "repository.view", Resource(kind="repository", id=row.id, tenant_id=row.tenant_id))
    return row.value()


def find_repository(tx: Transaction, *, actor: Actor, name: str) -> Repository:
    """The repository of that id, name, URL, or unmistakable end of a name (`payments-api`).

    :raises Denied: if `actor` may not see it.
    :raises RepositoryNotFound: if the tenant has no such repository; the closest names are in the facts.
    :raises RepositoryAmbiguous: if more than one ends so.
    """
    key = name_key(name)
    suffix = "%/" + key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    mine = select(RepositoryRow).where(RepositoryRow.tenant_id == actor.tenant_id)
    exact = or_(RepositoryRow.id == name, RepositoryRow.name_key == key, RepositoryRow.url == name)
    found = tx.session.scalars(mine.where(exact)).all()
    if not found:
        found = tx.session.scalars(mine.where(RepositoryRow.name_key.like(suffix, escape="\\")).limit(5)).all()
    if not found:
        raise RepositoryNotFound(repository=name)
    if len(found) > 1:
        raise RepositoryAmbiguous(repository=name, candidates=", ".join(row.name for row in found))
    return get_repository(tx, actor=actor, repository_id=found[0].id)


def list_repositories(
    tx: Transaction,
    *,
    actor: Actor,
    project_id: str | None = None,
    containing: str = "",
    after: str = "",
    limit: int = LIST_MAX,
) -> list[Repository]:
    """Repositories that `actor` may see, by name; `after` goes on where a page ended.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "repository.list", Resource(kind="repository", tenant_id=actor.tenant_id))
    chosen = select(RepositoryRow).where(RepositoryRow.tenant_id == actor.tenant_id)
    if project_id is not None:
        chosen = chosen.where(RepositoryRow.project_id == project_id)
    if containing:
        chosen = chosen.where(RepositoryRow.name_key.contains(name_key(containing), autoescape=True))
    if after:
        chosen = chosen.where(RepositoryRow.name_key > name_key(after))
    return [row.value() for row in tx.session.scalars(chosen.order_by(RepositoryRow.name_key).limit(limit))]


def list_visible(tx: Transaction, *, actor: Actor) -> Sequence[Repository]:
    """Every repository in which `actor` may search, and those that are archived or not approved, to say so.

    :raises Denied: if `actor` may not search at all.
    """
    tx.require(actor, "search.run", Resource(kind="repository", tenant_id=actor.tenant_id))
    chosen = select(RepositoryRow).where(
        RepositoryRow.tenant_id == actor.tenant_id, RepositoryRow.lifecycle != Lifecycle.DELETED
    )
    return [row.value() for row in tx.session.scalars(chosen.order_by(RepositoryRow.name_key))]


def repository_of_job(tx: Transaction, *, tenant_id: str, repository_id: str) -> Repository:
    """The repository that a job works on; whether it may has been checked when the job began.

    :raises RepositoryNotFound: if it is gone.
    """
    row = tx.session.get(RepositoryRow, repository_id)
    if row is None or row.tenant_id != tenant_id:
        raise RepositoryNotFound(repository=repository_id)
    return row.value()


def at_addresses(tx: Transaction, *, tenant_id: str, addresses: Collection[str]) -> list[Repository]:
    """The tenant's repositories that come from one of these addresses, which are in lower case without `.git`."""
    spelt = [f"{address}{end}" for address in addresses for end in ("", ".git", "/", ".git/")]
    chosen = select(RepositoryRow).where(
        RepositoryRow.tenant_id == tenant_id,
        RepositoryRow.lifecycle == Lifecycle.ACTIVE,
        func.lower(RepositoryRow.url).in_(spelt),
    )
    return [row.value() for row in tx.session.scalars(chosen.order_by(RepositoryRow.name_key))]


def known_places(tx: Transaction) -> set[tuple[str, str]]:
    """The (tenant, repository) ids of all repositories: for start-up, which removes the files of all others."""
    return set(tx.session.execute(select(RepositoryRow.tenant_id, RepositoryRow.id)).all())


def count_by_status(tx: Transaction) -> dict[str, int]:
    """How many repositories there are by the word that people see, over all tenants: for metrics."""
    counts: dict[str, int] = {}
    for row in tx.session.scalars(select(RepositoryRow)):
        status = screen_status_of(row.value())
        counts[status] = counts.get(status, 0) + 1
    return counts
