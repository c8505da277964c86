"""What can be asked about repositories."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from grove.kit.gate import Actor, Resource, Selection
from grove.kit.names import name_key
from grove.kit.transactions import Transaction
from grove.repositories.errors import RepositoryAmbiguous, RepositoryNotFound
from grove.repositories.model import Access, Lifecycle, Repository, screen_status_of
from grove.repositories.moving import address_key
from grove.repositories.rows import resource_of, values_of
from grove.repositories.tables import RepositoryAliasRow, RepositoryRow

LIST_MAX = 200
ADDRESSES_AT_ONCE = 500
"""So many are looked for in one query, each in several spellings."""
SSH_PREFIX = "ssh://git@"
CANDIDATES_MAX = 5
"""So many repositories of one name are told at most."""


def get_repository(tx: Transaction, *, actor: Actor, repository_id: str) -> Repository:
    """The repository of that id.

    :raises Denied: if `actor` may see none.
    :raises RepositoryNotFound: if the tenant has no such repository, or `actor` may not see it.
    """
    tx.require(actor, "repository.list", Resource(kind="repository", tenant_id=actor.tenant_id))
    row = tx.session.get(RepositoryRow, repository_id)
    if row is None or row.tenant_id != actor.tenant_id or not _visible(tx, actor, [row.value()]):
        raise RepositoryNotFound(repository=repository_id)
    return row.value()


def find_repository(tx: Transaction, *, actor: Actor, name: str) -> Repository:
    """The repository of that id, name or URL, or unmistakable end of a name (`payments-api`); of now, else of before.

    :raises Denied: if `actor` may see none.
    :raises RepositoryNotFound: if there is none that `actor` may see.
    :raises RepositoryAmbiguous: if more than one ends so.
    """
    key = name_key(name)
    suffix = "%/" + key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    tx.require(actor, "repository.list", Resource(kind="repository", tenant_id=actor.tenant_id))
    before = select(RepositoryAliasRow.repository_id).where(RepositoryAliasRow.tenant_id == actor.tenant_id)
    called = or_(RepositoryAliasRow.name_key == key, RepositoryAliasRow.address == address_key(name))
    ways = (
        or_(RepositoryRow.id == name, RepositoryRow.name_key == key, RepositoryRow.url == name),
        RepositoryRow.id.in_(before.where(called)),
        RepositoryRow.name_key.like(suffix, escape="\\"),
        RepositoryRow.id.in_(before.where(RepositoryAliasRow.name_key.like(suffix, escape="\\"))),
    )
    mine = select(RepositoryRow).where(RepositoryRow.tenant_id == actor.tenant_id).order_by(RepositoryRow.name_key)
    found: list[Repository] = []
    for way in ways:
        found = found or first_visible(tx, actor, mine.where(way), limit=CANDIDATES_MAX)
    if not found:
        raise RepositoryNotFound(repository=name)
    if len(found) > 1:
        raise RepositoryAmbiguous(repository=name, candidates=", ".join(repository.name for repository in found))
    return found[0]


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
    return first_visible(tx, actor, chosen.order_by(RepositoryRow.name_key), limit=limit)


def list_kept(tx: Transaction, *, tenant_id: str) -> list[Repository]:
    """Every repository of a tenant that is not being removed, by name: for work that Grove does by itself."""
    chosen = select(RepositoryRow).where(
        RepositoryRow.tenant_id == tenant_id, RepositoryRow.lifecycle != Lifecycle.DELETED
    )
    return [row.value() for row in tx.session.scalars(chosen.order_by(RepositoryRow.name_key))]


def kept_by(
    tx: Transaction, *, tenant_id: str, project_id: str | None = None, requested_by: str | None = None
) -> tuple[int, int]:
    """How many repositories are kept for a tenant, a project or a user, and how many bytes they have."""
    size = func.coalesce(RepositoryRow.size_bytes, RepositoryRow.estimated_bytes, 0)
    chosen = select(func.count(), func.coalesce(func.sum(size), 0)).where(
        RepositoryRow.tenant_id == tenant_id, RepositoryRow.lifecycle != Lifecycle.DELETED
    )
    if project_id is not None:
        chosen = chosen.where(RepositoryRow.project_id == project_id)
    if requested_by is not None:
        chosen = chosen.where(RepositoryRow.requested_by == requested_by)
    [(count, size_bytes)] = tx.session.execute(chosen)
    return count, int(size_bytes)


def ids_within(*, tenant_id: str, project_id: str) -> Select[str]:
    """Which repositories a project has, as a part of a larger query."""
    return select(RepositoryRow.id).where(RepositoryRow.tenant_id == tenant_id, RepositoryRow.project_id == project_id)


def cold_among(tx: Transaction, *, tenant_id: str, repository_ids: Collection[str]) -> list[str]:
    """Those of some repositories that are cold."""
    chosen = select(RepositoryRow.id).where(
        RepositoryRow.tenant_id == tenant_id,
        RepositoryRow.id.in_(repository_ids),
        RepositoryRow.lifecycle == Lifecycle.COLD,
    )
    return list(tx.session.scalars(chosen.order_by(RepositoryRow.id)))


def names_of(tx: Transaction, *, actor: Actor, repository_ids: Collection[str]) -> dict[str, str]:
    """What some repositories are called, by id, as far as `actor` may see them."""
    chosen = select(RepositoryRow).where(
        RepositoryRow.tenant_id == actor.tenant_id, RepositoryRow.id.in_(repository_ids)
    )
    every = [row.value() for row in tx.session.scalars(chosen)]
    return {repository.id: repository.name for repository in _visible(tx, actor, every)}


def resources_among(session: Session, *, tenant_id: str, ids: Collection[str]) -> list[Resource]:
    """The repositories that have some ids, as policies know them."""
    chosen = select(RepositoryRow).where(RepositoryRow.tenant_id == tenant_id, RepositoryRow.id.in_(ids))
    return [resource_of(row.value()) for row in session.scalars(chosen)]


def list_visible(tx: Transaction, *, actor: Actor) -> Sequence[Repository]:
    """Every repository in which `actor` may search, and those that are archived or not approved, to say so.

    :raises Denied: if `actor` may not search at all.
    """
    return select_visible(tx, actor=actor)[0]


def select_visible(tx: Transaction, *, actor: Actor) -> tuple[Sequence[Repository], Selection]:
    """The same, with the decisions, by which it is told afterwards which of them an answer showed.

    :raises Denied: if `actor` may not search at all.
    """
    tx.require(actor, "search.run", Resource(kind="repository", tenant_id=actor.tenant_id))
    chosen = select(RepositoryRow).where(
        RepositoryRow.tenant_id == actor.tenant_id, RepositoryRow.lifecycle != Lifecycle.DELETED
    )
    every = values_of(tx, chosen.order_by(RepositoryRow.name_key))
    known, viewing = _selected(tx, actor, "repository.view", every)
    found, searching = _selected(tx, actor, "search.run", known)
    tx.consents.add((*viewing.summary(), *searching.summary()))
    return found, searching


def repository_of_job(tx: Transaction, *, tenant_id: str, repository_id: str) -> Repository:
    """The repository that a job works on; whether it may has been checked when the job began.

    :raises RepositoryNotFound: if it is gone.
    """
    row = tx.session.get(RepositoryRow, repository_id)
    if row is None or row.tenant_id != tenant_id:
        raise RepositoryNotFound(repository=repository_id)
    return row.value()


def at_addresses(tx: Transaction, *, tenant_id: str, addresses: Collection[str]) -> dict[str, list[Repository]]:
    """The tenant's repositories that come from these addresses, or did, by address, as `address_key` spells it."""
    found: dict[str, list[Repository]] = {}
    wanted = sorted(addresses)
    for start in range(0, len(wanted), ADDRESSES_AT_ONCE):
        some = set(wanted[start : start + ADDRESSES_AT_ONCE])
        for address, repository in _at_addresses(tx, tenant_id, some):
            found.setdefault(address, []).append(repository)
    return found


def _at_addresses(tx: Transaction, tenant_id: str, addresses: set[str]) -> Iterator[tuple[str, Repository]]:
    before: dict[str, list[str]] = {}
    aliases = select(RepositoryAliasRow.repository_id, RepositoryAliasRow.address).where(
        RepositoryAliasRow.tenant_id == tenant_id, RepositoryAliasRow.address.in_(addresses)
    )
    for repository_id, address in tx.session.execute(aliases):
        before.setdefault(repository_id, []).append(address)
    # A repository that is fetched over SSH is told of by its address for HTTPS.
    by_ssh = {address.replace("https://", SSH_PREFIX, 1) for address in addresses}
    spelt = [f"{address}{end}" for address in addresses | by_ssh for end in ("", ".git", "/", ".git/")]
    chosen = select(RepositoryRow).where(
        RepositoryRow.tenant_id == tenant_id,
        RepositoryRow.lifecycle == Lifecycle.ACTIVE,
        or_(func.lower(RepositoryRow.url).in_(spelt), RepositoryRow.id.in_(before)),
    )
    for row in tx.session.scalars(chosen.order_by(RepositoryRow.name_key)):
        key = address_key(row.url)
        at = {key, key.replace(SSH_PREFIX, "https://", 1), *before.get(row.id, ())} & addresses
        repository = row.value()
        yield from ((address, repository) for address in sorted(at))


def known_places(tx: Transaction) -> set[tuple[str, str]]:
    """The (tenant, repository) ids of all repositories: for start-up, which removes the files of all others."""
    return set(tx.session.execute(select(RepositoryRow.tenant_id, RepositoryRow.id)).all())


def of_unsure_access(tx: Transaction) -> list[Repository]:
    """Of all tenants the repositories whose forges have not answered of late, for what looks after them."""
    chosen = select(RepositoryRow).where(RepositoryRow.access == Access.UNSURE)
    return [row.value() for row in tx.session.scalars(chosen.order_by(RepositoryRow.id))]


def count_by_status(tx: Transaction) -> dict[str, int]:
    """How many repositories there are by the word that people see, over all tenants: for metrics."""
    counts: dict[str, int] = {}
    for row in tx.session.scalars(select(RepositoryRow)):
        status = screen_status_of(row.value())
        counts[status] = counts.get(status, 0) + 1
    return counts


def _visible(tx: Transaction, actor: Actor, repositories: Sequence[Repository]) -> list[Repository]:
    """Those among some repositories that `actor` may view; one is told of by its id, several together."""
    seen, selection = _selected(tx, actor, "repository.view", repositories)
    tx.consents.add(selection.consents([repositories[0].id]) if len(repositories) == 1 else selection.summary())
    return seen


def _selected(
    tx: Transaction, actor: Actor, action: str, repositories: Sequence[Repository]
) -> tuple[list[Repository], Selection]:
    selection = tx.select(actor, action, [resource_of(repository) for repository in repositories])
    decided = zip(repositories, selection.decisions, strict=True)
    return [repository for repository, decision in decided if decision.allowed], selection


def first_visible(tx: Transaction, actor: Actor, chosen: Select[RepositoryRow], *, limit: int) -> list[Repository]:
    """The first so many that `actor` may see: what policy hides is filled up from behind, so that pages are full."""
    seen: list[Repository] = []
    offset = 0
    while True:
        rows = tx.session.scalars(chosen.offset(offset).limit(limit)).all()
        seen += _visible(tx, actor, [row.value() for row in rows])
        if len(seen) >= limit or len(rows) < limit:
            return seen[:limit]
        offset += len(rows)
