"""What can go wrong with quotas."""

from grove.kit.errors import GroveError, Kind


class QuotaExceeded(GroveError):
    """There would be more of it than the quota allows; remove some, or ask an administrator for more."""

    kind = Kind.CONFLICT
    code = "quota_exceeded"


class QueriesUsedUp(GroveError):
    """So many searches are allowed a day, and they are used up; the day ends at midnight UTC."""

    kind = Kind.LIMITED
    code = "queries_used_up"


class QuotaInvalid(GroveError):
    """A quota is a whole number from 0 on, of something that this holder is counted for."""

    code = "quota_invalid"
