"""GitHub, GitLab, Bitbucket, Gitea and Forgejo, or a plain git host: what differs between them."""

from grove.forges.adapters import permalink, username_for
from grove.forges.answers import ForgeAccess
from grove.forges.errors import (
    ForgeCredentialRejected,
    ForgeRateLimited,
    ForgeRepositoryNotFound,
    ForgeUnavailable,
)
from grove.forges.model import Forge, ForgeRemote, SizeEstimate, recognise, repository_name
from grove.forges.size import ask_size, estimate_size

__all__ = [
    "Forge",
    "ForgeAccess",
    "ForgeCredentialRejected",
    "ForgeRateLimited",
    "ForgeRemote",
    "ForgeRepositoryNotFound",
    "ForgeUnavailable",
    "SizeEstimate",
    "ask_size",
    "estimate_size",
    "permalink",
    "recognise",
    "repository_name",
    "username_for",
]
