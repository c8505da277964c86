"""Asking for reviews of a pull request: some forges know people by names, others by numbers that are looked up first.

Whoever cannot be asked is told of, with the reason: the pull request stands all the same.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from grove.forges.answers import Question, Told
from grove.forges.errors import (
    ForgeCredentialRejected,
    ForgeRateLimited,
    ForgeRefused,
    ForgeRepositoryNotFound,
    ForgeUnavailable,
)
from grove.forges.model import Forge
from grove.forges.pull import Invitation, Unasked
from grove.kit.errors import GroveError

MEMBERS_PAGES_MAX: Final = 20
MEMBERS_LISTED_MAX: Final = 100
NO_GROUPS: Final = "the forge asks people for reviews, not groups"
NO_ACCOUNT: Final = "the forge knows no such account"
SEVERAL_ACCOUNTS: Final = "several accounts have that name"
NOT_TAKEN: Final = "the forge did not take them; some of its plans have one reviewer only"

Put = Callable[[Question], Told]
_ANSWERS: Final = (
    ForgeCredentialRejected,
    ForgeRateLimited,
    ForgeRefused,
    ForgeRepositoryNotFound,
    ForgeUnavailable,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """By what each of those is asked who can be asked, and why the others cannot."""

    by: Mapping[str, Any] = field(default_factory=dict)
    unasked: Mapping[str, str] = field(default_factory=dict)


class ReviewDialect(Protocol):
    """How one kind of forge is asked; `path` is that of the repository."""

    def look_up(self, path: str, *, people: Sequence[str], teams: Sequence[str], put: Put) -> Named:
        """By what the people and teams are asked."""
        ...

    def request(self, path: str, number: int, asked: Collection[Any], *, put: Put) -> Collection[Any]:
        """Ask them, beside those who are asked already; which of them the forge took."""
        ...


class ByNames:
    """GitHub, Gitea and Forgejo: people and teams of the repository's owner, by their names."""

    def look_up(self, path: str, *, people: Sequence[str], teams: Sequence[str], put: Put) -> Named:  # noqa: ARG002 - one shape for all
        """Teams without the name of their organisation, which has to be that of the repository."""
        owner = path.partition("/")[0].casefold()
        near = [team for team in teams if team.partition("/")[0].casefold() == owner]
        return Named(
            by={name: ("reviewers", name) for name in people}
            | {team: ("team_reviewers", team.rpartition("/")[2]) for team in near},
            unasked={team: "it is a team of another organisation" for team in teams if team not in near},
        )

    def request(self, path: str, number: int, asked: Collection[Any], *, put: Put) -> Collection[Any]:
        """All of them, or the forge refuses."""
        kinds = ("reviewers", "team_reviewers")
        body = {kind: [name for each, name in asked if each == kind] for kind in kinds}
        resource = f"repos/{quote(path)}/pulls/{number}/requested_reviewers"
        put(Question(resource=resource, method="POST", body=body))
        return asked


class GitLabReviews:
    """gitlab.com and any GitLab: people, by numbers."""

    def look_up(self, path: str, *, people: Sequence[str], teams: Sequence[str], put: Put) -> Named:  # noqa: ARG002 - one shape for all
        """Each name is asked for."""
        found = {name: _number_of(name, put=put) for name in people}
        return Named(
            by={name: number for name, number in found.items() if number is not None},
            unasked=dict.fromkeys(teams, NO_GROUPS)
            | {name: NO_ACCOUNT for name, number in found.items() if number is None},
        )

    def request(self, path: str, number: int, asked: Collection[Any], *, put: Put) -> Collection[Any]:
        """The whole list is set anew, so it is read first."""
        resource = f"projects/{quote(path, safe='')}/merge_requests/{number}"
        before = _keys(put(Question(resource=resource)).document, "id")
        body = {"reviewer_ids": list(dict.fromkeys([*before, *asked]))}
        return _keys(put(Question(resource=resource, method="PUT", body=body)).document, "id")


class BitbucketReviews:
    """bitbucket.org: members of the workspace, by UUID."""

    def look_up(self, path: str, *, people: Sequence[str], teams: Sequence[str], put: Put) -> Named:
        """Names belong to nobody for good here, so all members are gone through; ids say the same for ever."""
        wanted: dict[str, set[str]] = {name.casefold(): set() for name in people}
        for member in _members(path.partition("/")[0], put=put) if people else ():
            for key in ("nickname", "account_id", "uuid"):
                told = str(member.get(key, "")).casefold()
                if told in wanted:
                    wanted[told].add(str(member.get("uuid", "")))
        found = {name: wanted[name.casefold()] for name in people}
        return Named(
            by={name: min(ids) for name, ids in found.items() if len(ids) == 1},
            unasked=dict.fromkeys(teams, NO_GROUPS)
            | {name: SEVERAL_ACCOUNTS if ids else NO_ACCOUNT for name, ids in found.items() if len(ids) != 1},
        )

    def request(self, path: str, number: int, asked: Collection[Any], *, put: Put) -> Collection[Any]:
        """The whole list is set anew, so it is read first; who opened the pull request cannot review it."""
        resource = f"repositories/{quote(path)}/pullrequests/{number}"
        told = put(Question(resource=resource)).document
        author = told.get("author", {}).get("uuid")
        uuids = dict.fromkeys([*_keys(told, "uuid"), *(each for each in asked if each != author)])
        body = {
            "type": "pullrequest",
            "title": told["title"],
            "reviewers": [{"uuid": each} for each in uuids],
        }
        return _keys(put(Question(resource=resource, method="PUT", body=body)).document, "uuid")


DIALECTS: Mapping[Forge, ReviewDialect] = MappingProxyType(
    {
        Forge.GITHUB: ByNames(),
        Forge.GITLAB: GitLabReviews(),
        Forge.BITBUCKET: BitbucketReviews(),
        Forge.GITEA: ByNames(),
    }
)


def ask_reviews(
    dialect: ReviewDialect, path: str, number: int, *, people: Sequence[str], teams: Sequence[str], put: Put
) -> Invitation:
    """Ask for reviews of a pull request: all at once, and one by one where the forge does not take all."""
    if not people and not teams:
        return Invitation()
    try:
        named = dialect.look_up(path, people=people, teams=teams, put=put)
    except _ANSWERS as error:
        return _invited((), dict.fromkeys([*people, *teams], _why(error)))

    def request(names: Sequence[str]) -> dict[str, str]:
        """Ask these; why some of them were not."""
        try:
            taken = dialect.request(path, number, [named.by[name] for name in names], put=put)
        except _ANSWERS as error:
            if isinstance(error, (ForgeRefused, ForgeRepositoryNotFound)) and len(names) > 1:
                return {name: why for each in names for name, why in request([each]).items()}
            return dict.fromkeys(names, _why(error))
        except (KeyError, TypeError, AttributeError):
            return dict.fromkeys(names, "the forge gave no usable answer")
        return {name: NOT_TAKEN for name in names if named.by[name] not in taken}

    refused = request(list(named.by)) if named.by else {}
    return _invited([name for name in named.by if name not in refused], {**named.unasked, **refused})


def _invited(asked: Sequence[str], unasked: Mapping[str, str]) -> Invitation:
    return Invitation(
        asked=tuple(asked), unasked=tuple(Unasked(name=name, reason=reason) for name, reason in unasked.items())
    )


def _why(error: GroveError) -> str:
    return str(error.facts.get("reason") or error.message)


def _number_of(name: str, *, put: Put) -> int | None:
    told = put(Question(resource=f"users?{urlencode({'username': name})}")).document
    for user in told if isinstance(told, list) else ():
        if str(user.get("username", "")).casefold() == name.casefold() and isinstance(user.get("id"), int):
            number: int = user["id"]
            return number
    return None


def _members(workspace: str, *, put: Put) -> list[Mapping[str, Any]]:
    """The accounts of a workspace's members; of more than so many pages those that come first."""
    found: list[Mapping[str, Any]] = []
    for page in range(1, MEMBERS_PAGES_MAX + 1):
        asked = urlencode({"pagelen": MEMBERS_LISTED_MAX, **({"page": page} if page > 1 else {})})
        told = put(Question(resource=f"workspaces/{quote(workspace)}/members?{asked}"))
        values = told.document.get("values") if isinstance(told.document, Mapping) else None
        found += [each["user"] for each in values or [] if isinstance(each.get("user"), Mapping)]
        if not told.has_more:
            break
    return found


def _keys(told: Any, key: str) -> list[Any]:
    """The reviewers that a pull request tells."""
    return [each[key] for each in told.get("reviewers") or []]
