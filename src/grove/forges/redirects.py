"""Where a forge sends us that has renamed or moved a repository: followed on the same host, and nowhere else.

Whoever answers could name any address. So the secret goes only to the very origin that it was meant for, and what is
learnt is a path on that host.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

import httpx2

from grove.forges.adapters import basic
from grove.forges.answers import ForgeAccess, Question, put_question
from grove.forges.errors import ForgeRedirected, ForgeUnavailable
from grove.forges.model import ForgeRemote, fits, repository_path

REDIRECTS_MAX: Final = 3
_GIT_QUESTION: Final = "/info/refs?service=git-upload-pack"
_GIT_PATH: Final = "/info/refs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What a forge answered, and by which resource it knows what was asked for."""

    resource: str
    document: Any


def ask_following(root: str, resource: str, *, authorization: str | None, access: ForgeAccess) -> Followed:
    """Ask a question below the root of an API, also when the forge knows what is asked for by another address there.

    :raises ForgeUnavailable: if it sends us to another host, out of its API, or round and round; and as `put_question`.
    """
    asked = resource
    for _ in range(REDIRECTS_MAX):
        try:
            told = put_question(root, Question(resource=asked), authorization=authorization, access=access)
        except ForgeRedirected as redirected:
            asked = _below(root, asked, redirected)
        else:
            return Followed(resource=asked, document=told.document)
    told = put_question(root, Question(resource=asked), authorization=authorization, access=access)
    return Followed(resource=asked, document=told.document)


def ask_new_path(remote: ForgeRemote, *, access: ForgeAccess) -> str | None:
    """The path to which the git server of a repository redirects on its own host; None if it does not.

    :raises ForgeCredentialRejected: if it wants another secret.
    :raises ForgeRepositoryNotFound: if nothing is there.
    :raises ForgeRateLimited: if too much was asked; `retry_after_seconds` when the forge says it.
    :raises ForgeUnavailable: if it gave no usable answer.
    """
    root, asked = f"https://{remote.host}", f"{remote.path.lstrip('/')}{_GIT_QUESTION}"
    authorization = basic(remote.secret) if remote.secret else None
    try:
        put_question(root, Question(resource=asked), authorization=authorization, access=access)
    except ForgeRedirected as redirected:
        path = "/" + _below(root, asked, redirected).partition("?")[0].strip("/")
        path = path.removesuffix(_GIT_PATH) if path.endswith(_GIT_PATH) else remote.path
        return path if path != remote.path and fits(remote.forge, path) else None
    return None


def path_after(remote: ForgeRemote, told: str) -> str | None:
    """The path of a git address under the name that a forge tells; None if that is the name which it was asked for."""
    path = repository_path(remote.path)
    if told.casefold() == unquote(path).casefold() or not fits(remote.forge, told):
        return None
    return f"/{quote(told)}.git" if remote.path.rstrip("/").endswith(".git") else f"/{quote(told)}"


def _below(root: str, asked: str, redirected: ForgeRedirected) -> str:
    """What to ask instead, below the same root of the same origin."""
    try:
        target = httpx2.URL(f"{root}/{asked}").join(redirected.location)
    except (httpx2.InvalidURL, ValueError):
        raise ForgeUnavailable(reason="a redirect that leads nowhere") from None
    below = f"{root}/"
    if not redirected.location or target.userinfo or not str(target).startswith(below):
        raise ForgeUnavailable(reason="a redirect to elsewhere", status=redirected.facts.get("status", 0))
    return str(target).removeprefix(below)
