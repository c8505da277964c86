"""What can go wrong with requests that are made again."""

from grove.kit.errors import GroveError, Kind


class KeyReused(GroveError):
    """This Idempotency-Key was used for another request; take a new one."""

    code = "idempotency_key_reused"


class RequestUnderWay(GroveError):
    """The first request with this Idempotency-Key is not answered yet; ask again in a moment."""

    kind = Kind.CONFLICT
    code = "request_under_way"
    transient = True


class OutcomeUnknown(GroveError):
    """The server stopped while it did this: look whether it is done, and take a new Idempotency-Key if it is not."""

    kind = Kind.CONFLICT
    code = "outcome_unknown"
