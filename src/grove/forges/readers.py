"""Whom a forge lets read a repository, among accounts that are known here."""

from collections.abc import Collection, Iterator
from typing import Any, Final
from urllib.parse import quote

from grove.credentials import normal_host
from grove.forges.adapters import ADAPTERS
from grove.forges.answers import ForgeAccess, Question, Told, put_question
from grove.forges.errors import ForgeRepositoryNotFound, ForgeUnavailable
from grove.forges.model import Forge, ForgeRemote, fits, repository_path

PAGES_MAX: Final = 100
PAGE: Final = 100
_REPORTER: Final = 20
"""From this level on members of a private project of GitLab see its code."""
_READING: Final = frozenset({"read", "write", "admin", "owner"})


def ask_readers(remote: ForgeRemote, logins: Collection[str], *, access: ForgeAccess) -> frozenset[str]:
    """Those of the logins, all in lower case, whom the forge lets read a private repository.

    At Bitbucket a login is an account's id or UUID: names there belong to nobody for good.

    :raises ForgeCredentialRejected: if the credential may not ask that.
    :raises ForgeRepositoryNotFound: if nothing is there.
    :raises ForgeRateLimited: if too much was asked; `retry_after_seconds` when the forge says it.
    :raises ForgeUnavailable: if it gave no usable answer, or it is no forge that tells it.
    """
    adapter = ADAPTERS.get(remote.forge)
    host = normal_host(remote.host)
    root = (access.api_roots.get(host) or adapter.api_root(host)) if adapter else None
    authorization = adapter.authorization(remote.secret) if adapter and remote.secret else None
    if root is None or authorization is None or not fits(remote.forge, remote.path):
        raise ForgeUnavailable(reason="no forge that tells whom it lets read", host=host)

    def told(resource: str) -> Told:
        return put_question(root, Question(resource=resource), authorization=authorization, access=access)

    path = repository_path(remote.path)
    if remote.forge is Forge.GITEA:
        return frozenset(login for login in sorted(logins) if _reads_gitea(told, path, login))
    readers = {login for item in _items(told, _listing(remote.forge, path)) for login in _LOGINS[remote.forge](item)}
    return frozenset(readers & set(logins))


def _listing(forge: Forge, path: str) -> str:
    if forge is Forge.GITHUB:
        return f"repos/{quote(path)}/collaborators?per_page={PAGE}"
    if forge is Forge.GITLAB:
        return f"projects/{quote(path, safe='')}/members/all?per_page={PAGE}"
    workspace, _, name = path.partition("/")
    return f"workspaces/{quote(workspace)}/permissions/repositories/{quote(name)}?pagelen={PAGE}"


def _items(told: Any, resource: str) -> Iterator[dict[str, Any]]:
    """What is listed, page by page; an answer that is no list is none, and so is a list that never ends."""
    for page in range(1, PAGES_MAX + 1):
        answer: Told = told(f"{resource}&page={page}")
        document = answer.document
        items = document.get("values") if isinstance(document, dict) else document
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise ForgeUnavailable(reason="not a list of accounts")
        yield from items
        if not answer.has_more:
            return
    raise ForgeUnavailable(reason="too many accounts", pages_max=PAGES_MAX)


def _reads_gitea(told: Any, path: str, login: str) -> bool:
    try:
        document = told(f"repos/{quote(path)}/collaborators/{quote(login, safe='')}/permission").document
    except ForgeRepositoryNotFound:
        return False  # there is no such account
    if not isinstance(document, dict) or not isinstance(document.get("permission"), str):
        raise ForgeUnavailable(reason="not a permission")
    return document["permission"] in _READING


def _of_github(item: dict[str, Any]) -> Iterator[str]:
    permissions = item.get("permissions")
    if isinstance(permissions, dict) and permissions.get("pull") is True:
        yield from _texts(item.get("login"))


def _of_gitlab(item: dict[str, Any]) -> Iterator[str]:
    level = item.get("access_level")
    if isinstance(level, int) and level >= _REPORTER and item.get("state") == "active":
        yield from _texts(item.get("username"))


def _of_bitbucket(item: dict[str, Any]) -> Iterator[str]:
    user = item.get("user")
    if item.get("permission") in _READING and isinstance(user, dict):
        yield from _texts(user.get("account_id"), user.get("uuid"))


def _texts(*values: object) -> Iterator[str]:
    yield from (value.lower() for value in values if isinstance(value, str))


_LOGINS: Final = {Forge.GITHUB: _of_github, Forge.GITLAB: _of_gitlab, Forge.BITBUCKET: _of_bitbucket}
