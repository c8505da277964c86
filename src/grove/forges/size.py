"""How large a repository is, before it is fetched."""

from collections.abc import Mapping

from grove.credentials import normal_host
from grove.forges.adapters import ADAPTERS
from grove.forges.answers import ForgeAccess, ask
from grove.forges.errors import ForgeUnavailable
from grove.forges.model import ForgeRemote, SizeEstimate, fits, repository_path
from grove.kit.logging import logger

_FORKED_FROM = ("forked_from_project", "parent")
"""Under which names forges tell what a repository is a fork of; GitHub and Gitea also say that it is one."""
_log = logger(__name__)


def ask_size(remote: ForgeRemote, *, access: ForgeAccess) -> SizeEstimate | None:
    """Ask the forge for a repository's size; None when it has no API for that, or does not tell.

    :raises ForgeCredentialRejected: if the forge wants another credential.
    :raises ForgeRepositoryNotFound: if it shows no such repository.
    :raises ForgeRateLimited: if too much was asked; `retry_after_seconds` when the forge says it.
    :raises ForgeUnavailable: if it gave no usable answer.
    """
    adapter = ADAPTERS.get(remote.forge)
    if adapter is None or not fits(remote.forge, remote.path):
        return None
    host = normal_host(remote.host)
    root = access.api_roots.get(host) or adapter.api_root(host)
    authorization = adapter.authorization(remote.secret) if remote.secret else None
    if root is None or (remote.secret and authorization is None):
        return None
    resource = adapter.repository_resource(repository_path(remote.path))
    told = ask(f"{root}/{resource}", authorization=authorization, access=access)
    estimate = SizeEstimate(
        size_bytes=adapter.size_bytes(told),
        forge=remote.forge,
        is_archived=told.get("archived") is True,
        is_fork=told.get("fork") is True or any(isinstance(told.get(name), Mapping) for name in _FORKED_FROM),
    )
    return None if estimate == SizeEstimate(size_bytes=None, forge=remote.forge) else estimate


def estimate_size(remote: ForgeRemote, *, access: ForgeAccess) -> SizeEstimate | None:
    """Ask for a size that one can do without: as `ask_size`, and None as well when the API is out of service.

    The limit on a mirror is kept while it is fetched in any case.

    :raises ForgeCredentialRejected: if the forge wants another credential.
    :raises ForgeRepositoryNotFound: if it shows no such repository.
    :raises ForgeRateLimited: if too much was asked; `retry_after_seconds` when the forge says it.
    """
    try:
        return ask_size(remote, access=access)
    except ForgeUnavailable as unavailable:
        _log.warning("forge_size_unknown", host=remote.host, **unavailable.facts)
        return None
