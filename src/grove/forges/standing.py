"""Whether a forge lets a credential read a repository, and whom else it lets."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx2

from grove.credentials import normal_host
from grove.forges.adapters import ADAPTERS
from grove.forges.answers import ForgeAccess
from grove.forges.errors import (
    ForgeCredentialRejected,
    ForgeRateLimited,
    ForgeRefused,
    ForgeRepositoryNotFound,
    ForgeUnavailable,
)
from grove.forges.model import Forge, ForgeRemote, fits, repository_path
from grove.forges.redirects import ask_following, path_after
from grove.kit.logging import logger

_NO_WORD = (ForgeCredentialRejected, ForgeRateLimited, ForgeRefused, ForgeRepositoryNotFound, ForgeUnavailable)
_log = logger(__name__)
_NAMES = {Forge.GITLAB: "path_with_namespace"}


class Openness(StrEnum):
    """Who may read a repository at its forge: everybody, or those whom it names."""

    PUBLIC = "public"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a forge said of a repository that it let us see.

    `is_archived` only if it tells that at all; `moved_to` is the path on its host where the repository is now, if it
    was renamed or moved since we learnt its address.
    """

    openness: Openness
    is_archived: bool | None = None
    moved_to: str | None = None


def ask_standing(remote: ForgeRemote, *, access: ForgeAccess) -> Standing | None:
    """Ask the forge's API for a repository; None when there is no API that this credential is for: then git tells.

    :raises ForgeCredentialRejected: if the forge wants another credential.
    :raises ForgeRepositoryNotFound: if it shows no such repository.
    :raises ForgeRateLimited: if too much was asked; `retry_after_seconds` when the forge says it.
    :raises ForgeUnavailable: if it gave no usable answer.
    """
    adapter = ADAPTERS.get(remote.forge)
    # Nobody's questions are few: whether everybody can read it is asked of git.
    if adapter is None or remote.secret is None or not fits(remote.forge, remote.path):
        return None
    host = normal_host(remote.host)
    root = access.api_roots.get(host) or adapter.api_root(host)
    authorization = adapter.authorization(remote.secret)
    if root is None or authorization is None:
        return None
    resource = adapter.repository_resource(repository_path(remote.path))
    try:
        told = ask_following(root, resource, authorization=authorization, access=access).document
    except ForgeCredentialRejected as rejected:
        if rejected.facts.get("lacks_scope"):
            return None  # a token that opens git alone
        raise
    name = told.get(_NAMES.get(remote.forge, "full_name")) if isinstance(told, Mapping) else None
    if not isinstance(name, str):
        raise ForgeUnavailable(reason="not a repository")
    archived = told.get("archived")
    return Standing(
        openness=_openness(told),
        is_archived=archived if isinstance(archived, bool) else None,
        moved_to=path_after(remote, name),
    )


def ask_archived(remote: ForgeRemote, *, access: ForgeAccess) -> bool | None:
    """Whether a repository that everybody may read is archived; None where its forge does not say so now.

    Nobody's questions are few, and others need them more: it is asked only while enough of them are left.
    """
    adapter, host = ADAPTERS.get(remote.forge), normal_host(remote.host)
    root = (access.api_roots.get(host) or adapter.api_root(host)) if adapter else None
    if adapter is None or root is None or remote.secret is not None or not fits(remote.forge, remote.path):
        return None
    if not access.budgets.has_spare(httpx2.URL(root).host, None):
        return None
    resource = adapter.repository_resource(repository_path(remote.path))
    try:
        told = ask_following(root, resource, authorization=None, access=access).document
    except _NO_WORD as error:
        _log.info("forge_archived_unknown", host=host, code=error.code)
        return None
    archived = told.get("archived") if isinstance(told, Mapping) else None
    return archived if isinstance(archived, bool) else None


def _openness(told: Mapping[str, Any]) -> Openness:
    """As narrow as it can be read. What is internal is not open to all who have an account: some are guests."""
    if told.get("internal") is True or told.get("repository_access_level", "enabled") not in {"enabled", "public"}:
        return Openness.PRIVATE
    if "visibility" in told:
        is_public = told["visibility"] == Openness.PUBLIC
    else:
        is_public = told.get("private") is False or told.get("is_private") is False
    return Openness.PUBLIC if is_public else Openness.PRIVATE
