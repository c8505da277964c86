"""Who owns a path of a repository at a commit."""

from dataclasses import dataclass

from grove.forges import Forge
from grove.kit.gate import Actor
from grove.kit.transactions import Database
from grove.mirrors.reading import MirrorReader
from grove.owners import Owners, Ownership, read_owners
from grove.repositories import find_repository, resource_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PathOwners:
    """Who owns a path, by which rules of which file; no place if the commit has no CODEOWNERS file."""

    repository: str
    repository_id: str
    commit: str
    path: str
    place: str | None
    ownership: Ownership
    unusable: tuple[int, ...]


def path_owners(
    database: Database, mirrors: MirrorReader, *, actor: Actor, repository: str, path: str = "", revision: str = ""
) -> PathOwners:
    """Who owns a path at a revision, as the CODEOWNERS of that commit says; without a path, everything.

    :raises Denied: if `actor` may not read files.
    :raises RepositoryNotFound: if there is no such repository.
    :raises MirrorAbsent: if nothing has been mirrored yet.
    :raises RevisionUnknown: if it has no such revision.
    """
    with database.reading() as tx:
        found = find_repository(tx, actor=actor, name=repository)
        tx.require(actor, "file.read", resource_of(found))
    commit = mirrors.resolve(found, revision)
    with mirrors.objects(found) as reader:
        owners = read_owners(reader, commit, forge=Forge(found.forge), host=found.host)
    owners = owners or Owners(place="", rules=())
    return PathOwners(
        repository=found.name,
        repository_id=found.id,
        commit=commit,
        path=path,
        place=owners.place or None,
        ownership=owners.of(path.strip("/")) if path.strip("/") else owners.of_all(),
        unusable=owners.unusable,
    )
