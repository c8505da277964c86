"""What can go wrong with accounts."""

from grove.kit.errors import GroveError, Kind


class TokenInvalid(GroveError):
    """The token is unknown, expired or revoked."""

    kind = Kind.UNAUTHENTICATED
    code = "token_invalid"


class TokenNotFound(GroveError):
    """There is no such token."""

    kind = Kind.NOT_FOUND
    code = "token_not_found"


class TokenSpent(GroveError):
    """The token is expired, revoked or replaced already; issue a new one."""

    kind = Kind.CONFLICT
    code = "token_spent"


class SessionNotFound(GroveError):
    """There is no such session."""

    kind = Kind.NOT_FOUND
    code = "session_not_found"


class SignInRefused(GroveError):
    """The name or the password is wrong."""

    kind = Kind.UNAUTHENTICATED
    code = "sign_in_refused"


class IdentityRefused(GroveError):
    """The provider knows you, but nobody has let you in here; ask an administrator."""

    kind = Kind.DENIED
    code = "identity_refused"


class DeviceCodeUnknown(GroveError):
    """No program waits under this code: it is mistyped, too old, or decided about already."""

    kind = Kind.NOT_FOUND
    code = "device_code_unknown"


class TooManyDevices(GroveError):
    """Too many programs wait to be let in; try again in a few minutes."""

    kind = Kind.UNAVAILABLE
    code = "too_many_devices"
    transient = True


class PasswordUnfit(GroveError):
    """That cannot be a password here."""

    code = "password_unfit"


class PrincipalNotFound(GroveError):
    """There is no such user, agent or service."""

    kind = Kind.NOT_FOUND
    code = "principal_not_found"


class LastAdministrator(GroveError):
    """They are the only administrator; make another one first."""

    kind = Kind.CONFLICT
    code = "last_administrator"


class ProjectNotFound(GroveError):
    """There is no such project."""

    kind = Kind.NOT_FOUND
    code = "project_not_found"


class NameTaken(GroveError):
    """That name is in use already."""

    kind = Kind.CONFLICT
    code = "name_taken"


class RateExceeded(GroveError):
    """Too many requests in too short a time; wait for as long as `Retry-After` says."""

    kind = Kind.LIMITED
    code = "rate_exceeded"
    transient = True


class SetupLinkInvalid(GroveError):
    """The set-up link is unknown, used or too old; `grove admin setup-link` makes a new one."""

    kind = Kind.UNAUTHENTICATED
    code = "setup_link_invalid"
