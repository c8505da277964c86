"""Which forge a host is, and what its repositories are called. Pure: no network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from grove.credentials import Secret, normal_host


class Forge(StrEnum):
    """What software answers at a host; Gitea stands for Forgejo too."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"
    GITEA = "gitea"
    GENERIC = "generic"


WELL_KNOWN_HOSTS: Mapping[str, Forge] = MappingProxyType(
    {
        "github.com": Forge.GITHUB,
        "gitlab.com": Forge.GITLAB,
        "bitbucket.org": Forge.BITBUCKET,
        "codeberg.org": Forge.GITEA,
        "gitea.com": Forge.GITEA,
    }
)
_NO_HOSTS: Mapping[str, Forge] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeRemote:
    """A repository at a forge: `host` may have a port, `path` is that of the git URL."""

    forge: Forge
    host: str
    path: str
    secret: Secret | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeEstimate:
    """How much a forge says that a repository weighs, if it does; a mirror may well differ. And what else it says."""

    size_bytes: int | None
    forge: Forge
    is_archived: bool = False
    is_fork: bool = False


def recognise(host: str, path: str, *, hosts: Mapping[str, Forge] = _NO_HOSTS) -> Forge:
    """Tell the forge by the host; `hosts` maps further ones and goes first.

    A path that cannot be a repository of that forge makes it a generic host.
    """
    known = {**WELL_KNOWN_HOSTS, **{normal_host(name): forge for name, forge in hosts.items()}}
    forge = known.get(normal_host(host), Forge.GENERIC)
    return forge if fits(forge, path) else Forge.GENERIC


def fits(forge: Forge, path: str) -> bool:
    """Whether the path can be that of a repository there: owner and name, or more where there are groups in groups."""
    segments = repository_path(path).split("/")
    if any(segment in {"", ".", ".."} for segment in segments):
        return False
    return forge is Forge.GENERIC or len(segments) == 2 or (forge is Forge.GITLAB and len(segments) > 2)  # noqa: PLR2004


def repository_path(path: str) -> str:
    """The path without the slashes around it and without one ``.git`` at its end."""
    return path.strip("/").removesuffix(".git").rstrip("/")


def repository_name(host: str, path: str) -> str:
    """What a repository is called here, such as ``github.com/acme/payments-api``."""
    return f"{normal_host(host)}/{repository_path(path)}"
