"""What can be asked about mirrors. Who may see which is decided by the capabilities that ask."""

from collections.abc import Collection
from datetime import datetime
from fnmatch import fnmatchcase

from sqlalchemy import select

from grove import activity
from grove.kit.gate import Actor, Denied, Resource
from grove.kit.transactions import Transaction
from grove.mirrors.errors import MirrorWithheld
from grove.mirrors.pulls import pull_heads
from grove.mirrors.tables import MirrorRefRow
from grove.repositories import Repository, RepositoryNotFound, find_repository

BRANCH_PREFIX = "refs/heads/"


def refs_of(tx: Transaction, *, repository_id: str) -> dict[str, str]:
    """Every ref of the published mirror, with its commit."""
    chosen = select(MirrorRefRow.name, MirrorRefRow.commit).where(MirrorRefRow.repository_id == repository_id)
    return dict(tx.session.execute(chosen.order_by(MirrorRefRow.name)).all())


def require_served(repository: Repository) -> None:
    """Return when something of the repository may be shown.

    :raises MirrorWithheld: if it is not approved, or its forge does not let us read it.
    """
    if not repository.is_served:
        raise MirrorWithheld(repository=repository.name, approval=repository.approval, access=repository.access)


def refs_to_show(tx: Transaction, *, repository: Repository) -> dict[str, str]:
    """The same for somebody who may see the repository.

    :raises MirrorWithheld: if it is not approved, or not any more.
    """
    if not repository.is_served:
        raise MirrorWithheld(repository=repository.name, approval=repository.approval, access=repository.access)
    return refs_of(tx, repository_id=repository.id)


def refs_named(
    tx: Transaction, *, repositories: Collection[str], names: Collection[str] | None = None
) -> dict[str, dict[str, str]]:
    """Per repository the refs with these full names, or all, each with its object's id."""
    chosen = select(MirrorRefRow).where(MirrorRefRow.repository_id.in_(repositories)).order_by(MirrorRefRow.name)
    if names is not None:
        chosen = chosen.where(MirrorRefRow.name.in_(names))
    found: dict[str, dict[str, str]] = {}
    for row in tx.session.scalars(chosen):
        found.setdefault(row.repository_id, {})[row.name] = row.commit
    return found


def branches_of(tx: Transaction, *, repository: Repository) -> dict[str, str]:
    """The tracked branches with their commits, the default branch first."""
    refs = refs_of(tx, repository_id=repository.id)
    branches = {
        ref.removeprefix(BRANCH_PREFIX): commit for ref, commit in refs.items() if ref.startswith(BRANCH_PREFIX)
    }
    tracked = {
        name: commit
        for name, commit in branches.items()
        if name == repository.default_branch or any(fnmatchcase(name, pattern) for pattern in repository.tracked)
    }
    return dict(sorted(tracked.items(), key=lambda item: (item[0] != repository.default_branch, item[0])))


def heads_to_index(tx: Transaction, *, repository: Repository) -> dict[str, str]:
    """The tracked branches with their commits, the default branch first, and then the open pull requests."""
    branches = branches_of(tx, repository=repository)
    pulls = pull_heads(tx, repository_id=repository.id)
    return branches | {name: commit for name, commit in pulls.items() if name not in branches}


def repository_to_clone(tx: Transaction, *, actor: Actor, name: str) -> Repository:
    """The repository whose mirror a git client asks for. What one may not have is not there.

    :raises RepositoryNotFound: if the tenant has none of that name, or `actor` may not clone it.
    :raises RepositoryAmbiguous: if the name is the end of more than one.
    """
    try:
        found = find_repository(tx, actor=actor, name=name)
        tx.require(actor, "repository.clone", Resource(kind="repository", id=found.id, tenant_id=found.tenant_id))
    except Denied as denied:
        raise RepositoryNotFound(repository=name) from denied
    return found


def record_fetch(tx: Transaction, *, actor: Actor, repository: Repository, now: datetime) -> None:
    """Write down that somebody's git took objects of a mirror."""
    activity.record(
        tx, actor=actor, action="repository.clone", target_kind="repository", target_id=repository.id, now=now
    )
