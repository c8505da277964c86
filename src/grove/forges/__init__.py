"""GitHub, GitLab, Bitbucket, Gitea and Forgejo, or a plain git host: what differs between them."""

from grove.forges.adapters import permalink, username_for
from grove.forges.answers import ForgeAccess
from grove.forges.errors import (
    AppKeyUnusable,
    ForgeCredentialRejected,
    ForgeRateLimited,
    ForgeRefused,
    ForgeRepositoryNotFound,
    ForgeUnavailable,
    PullsUnsupported,
)
from grove.forges.github_app import GitHubApps
from grove.forges.model import Forge, ForgeRemote, SizeEstimate, recognise, repository_name
from grove.forges.oauth import OAuthTokens
from grove.forges.pull import Check, CheckState, Invitation, Pull, PullDraft, PullState, Unasked
from grove.forges.pulls import PullDesk
from grove.forges.readers import ask_readers
from grove.forges.redirects import ask_new_path
from grove.forges.size import ask_size, estimate_size
from grove.forges.standing import Openness, Standing, ask_archived, ask_standing

__all__ = [
    "AppKeyUnusable",
    "Check",
    "CheckState",
    "Forge",
    "ForgeAccess",
    "ForgeCredentialRejected",
    "ForgeRateLimited",
    "ForgeRefused",
    "ForgeRemote",
    "ForgeRepositoryNotFound",
    "ForgeUnavailable",
    "GitHubApps",
    "Invitation",
    "OAuthTokens",
    "Openness",
    "Pull",
    "PullDesk",
    "PullDraft",
    "PullState",
    "PullsUnsupported",
    "SizeEstimate",
    "Standing",
    "Unasked",
    "ask_archived",
    "ask_new_path",
    "ask_readers",
    "ask_size",
    "ask_standing",
    "estimate_size",
    "permalink",
    "recognise",
    "repository_name",
    "username_for",
]
