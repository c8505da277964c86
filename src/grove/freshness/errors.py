"""What can go wrong with keeping up."""

from grove.kit.errors import GroveError, Kind


class FreshnessInvalid(GroveError):
    """A host is asked at most every 30 seconds, and at least once a week."""

    code = "freshness_invalid"


class WatchRefused(GroveError):
    """Only a repository that lies on the server's own disk can be watched."""

    code = "watch_refused"


class HookNotFound(GroveError):
    """There is no such hook."""

    kind = Kind.NOT_FOUND
    code = "hook_not_found"


class HookInvalid(GroveError):
    """A hook covers an https:// address: of a repository, of an organisation, or of a host."""

    code = "hook_invalid"


class DeliveryUnsigned(GroveError):
    """The delivery is not signed with the secret of a hook that is known here."""

    kind = Kind.UNAUTHENTICATED
    code = "delivery_unsigned"


class DeliveryMalformed(GroveError):
    """The delivery cannot be understood."""

    code = "delivery_malformed"
