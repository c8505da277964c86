"""What can go wrong with retention."""

from grove.kit.errors import GroveError, Kind


class RetentionInvalid(GroveError):
    """Days are whole numbers from 1 to 3,650, those of a notice from 0."""

    code = "retention_invalid"


class RetentionOff(GroveError):
    """This tenant has no policy about idle repositories; `grove retention set --idle-days 90` makes one."""

    kind = Kind.CONFLICT
    code = "retention_off"
