"""What can go wrong with what forges grant."""

from grove.kit.errors import GroveError, Kind


class AccessRefused(GroveError):
    """The forge does not let us read this repository; `grove repo access --check` asks it again."""

    kind = Kind.DENIED
    code = "access_refused"


class AccessUnconfirmed(GroveError):
    """For longer than is allowed its forge has not said that we may read it."""

    kind = Kind.UNAVAILABLE
    code = "access_unconfirmed"


class ForgeAccountInvalid(GroveError):
    """This cannot be an account at a forge."""

    code = "forge_account_invalid"


class ForgeAccountNotFound(GroveError):
    """There is no such account at a forge."""

    kind = Kind.NOT_FOUND
    code = "forge_account_not_found"


class ForgeAccountTaken(GroveError):
    """This account at the forge is somebody's already; unlink it first."""

    kind = Kind.CONFLICT
    code = "forge_account_taken"
