"""Who is to be asked about a change: the owners of its files, as the repository is before the change."""

from collections.abc import Iterable
from typing import Final

from grove.forges import Forge
from grove.git import ObjectReader
from grove.owners import read_owners
from grove.repositories import Repository

REVIEWERS_MAX: Final = 10


def owners_of(
    reader: ObjectReader, commit: str, paths: Iterable[str], *, repository: Repository
) -> tuple[list[str], list[str]]:
    """The people and the teams that own the paths, as forges name them, without the `@`; none where nobody is named."""
    owners = read_owners(reader, commit, forge=Forge(repository.forge), host=repository.host)
    named = dict.fromkeys(name for path in paths for name in owners.of(path).owners) if owners is not None else {}
    accounts = [name.lstrip("@") for name in named if name.startswith("@")]
    people = [name for name in accounts if "/" not in name]
    teams = [name for name in accounts if "/" in name]
    return people[:REVIEWERS_MAX], teams[:REVIEWERS_MAX]
