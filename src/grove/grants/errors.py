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
