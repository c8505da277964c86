"""Who is to be asked about a change: the owners of its files, as the repository is before the change."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from grove.forges import Forge, Invitation, PullDesk, Unasked
from grove.git import FileDiff, ObjectReader
from grove.owners import read_owners
from grove.repositories import Repository

REVIEWERS_MAX: Final = 10
TOO_MANY: Final = f"more than {REVIEWERS_MAX} people, or as many teams, own what is changed"
AN_ADDRESS: Final = "it is an address, not the name of an account"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOwners:
    """Those who own what is changed, as their forge names them, without the `@`; and whom it cannot be asked for."""

    people: tuple[str, ...]
    teams: tuple[str, ...]
    unasked: tuple[Unasked, ...]


def owners_of(reader: ObjectReader, commit: str, paths: Iterable[str], *, repository: Repository) -> ChangeOwners:
    """Who owns the paths; nobody where nobody is named."""
    owners = read_owners(reader, commit, forge=Forge(repository.forge), host=repository.host)
    named = dict.fromkeys(name for path in paths for name in owners.of(path).owners) if owners is not None else {}
    teams = [name.lstrip("@") for name in named if name.startswith("@") and _is_team(name)]
    people = [name.lstrip("@") for name in named if name.startswith("@") and not _is_team(name)]
    left_out = dict.fromkeys((name for name in named if not name.startswith("@")), AN_ADDRESS)
    left_out |= dict.fromkeys([*people[REVIEWERS_MAX:], *teams[REVIEWERS_MAX:]], TOO_MANY)
    return ChangeOwners(
        people=tuple(people[:REVIEWERS_MAX]),
        teams=tuple(teams[:REVIEWERS_MAX]),
        unasked=tuple(Unasked(name=name, reason=reason) for name, reason in left_out.items()),
    )


def ask_owners(
    pulls: PullDesk, number: int, *, reader: ObjectReader, commit: str, paths: Iterable[str], repository: Repository
) -> Invitation:
    """Ask the owners of the paths to review a pull request; who was asked, and who could not be."""
    owners = owners_of(reader, commit, paths, repository=repository)
    invitation = pulls.invite(number, people=owners.people, teams=owners.teams)
    return replace(invitation, unasked=(*invitation.unasked, *owners.unasked))


def paths_of(files: Iterable[FileDiff]) -> list[str]:
    """Where files are and were."""
    return [path.decode(errors="backslashreplace") for file in files for path in {file.path, file.old_path} if path]


def _is_team(name: str) -> bool:
    """Bitbucket marks teams by more than one sign, the others by a slash."""
    return "/" in name or name.startswith("@@")
