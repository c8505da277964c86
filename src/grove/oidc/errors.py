"""What can go wrong with an OpenID provider."""

from grove.kit.errors import GroveError, Kind


class ProviderMisconfigured(GroveError):
    """The settings of the OpenID provider make no sense together."""

    code = "oidc_misconfigured"


class ProviderUnavailable(GroveError):
    """The OpenID provider does not answer as it should; try again in a moment."""

    kind = Kind.UNAVAILABLE
    code = "oidc_unavailable"
    transient = True


class ProviderRefused(GroveError):
    """The OpenID provider did not let you in."""

    kind = Kind.DENIED
    code = "oidc_refused"


class CodeRefused(GroveError):
    """The OpenID provider does not take this code: it was used before, or is too old; sign in again."""

    kind = Kind.UNAUTHENTICATED
    code = "oidc_code_refused"


class IdTokenInvalid(GroveError):
    """What the OpenID provider says of you cannot be believed; sign in again."""

    kind = Kind.UNAUTHENTICATED
    code = "oidc_token_invalid"


class SignInInterrupted(GroveError):
    """This is not the end of a sign-in that this browser has begun; sign in again."""

    kind = Kind.UNAUTHENTICATED
    code = "oidc_sign_in_interrupted"
