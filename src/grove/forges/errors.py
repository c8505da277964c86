"""What can go wrong when a forge is asked."""

from datetime import datetime

from grove.kit.errors import GroveError, Kind


class ForgeCredentialRejected(GroveError):
    """The forge does not accept the credential, or wants one."""

    kind = Kind.DENIED
    code = "forge_credential_rejected"
    status: int = 0
    answered_at: datetime | None = None
    """When that was, by the forge's clock."""


class ForgeRepositoryNotFound(GroveError):
    """The forge knows no such repository, or does not show it with this credential."""

    kind = Kind.NOT_FOUND
    code = "forge_repository_not_found"


class ForgeRateLimited(GroveError):
    """The forge answers no more questions for a while."""

    kind = Kind.UNAVAILABLE
    code = "forge_rate_limited"
    transient = True


class ForgeUnavailable(GroveError):
    """The forge gave no usable answer."""

    kind = Kind.UNAVAILABLE
    code = "forge_unavailable"
    transient = True


class ForgeRedirected(ForgeUnavailable):
    """The forge sends us to another address; it is followed only where that is safe."""

    code = "forge_redirected"
    location: str = ""
    """Where to; it is not shown, for forges may put anything there."""


class ForgeRefused(GroveError):
    """The forge does not do what it was asked to do."""

    kind = Kind.CONFLICT
    code = "forge_refused"


class PullsUnsupported(GroveError):
    """Pull requests are opened at GitHub, GitLab, bitbucket.org, Gitea and Forgejo; this is no repository of those."""

    code = "pulls_unsupported"


class AppKeyUnusable(GroveError):
    """The private key of the GitHub App cannot be used."""

    kind = Kind.UNAVAILABLE
    code = "app_key_unusable"
