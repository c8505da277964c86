"""What can be wrong with a question. Positions are 0-based characters of the query's text."""

from typing import ClassVar

from grove.kit.errors import GroveError, Kind


class QueryInvalid(GroveError):
    """The query cannot be understood; put text that is not meant as syntax into quotes."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "query_invalid"


class QueryTooLong(GroveError):
    """The query is longer than a query may be."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code: ClassVar[str] = "query_too_long"


class FilterUnknown(GroveError):
    """There is no such filter; to search for this text, put it into quotes."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "filter_unknown"


class FilterValueInvalid(GroveError):
    """The filter does not take this value."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "filter_value_invalid"


class PatternInvalid(GroveError):
    """The pattern is not a regular expression in RE2's syntax; put text that is not meant as one into quotes."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "pattern_invalid"


class PatternTooComplex(GroveError):
    """The pattern is too long or would need too much work."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code: ClassVar[str] = "pattern_too_complex"


class ModeConflict(GroveError):
    """The query holds something that the chosen mode cannot answer."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "mode_conflict"


class NotOnTheWeb(GroveError):
    """No forge is known to show the files of this repository; `GROVE_FORGES` names those of your own."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "not_on_the_web"


class ContextNotFound(GroveError):
    """There is no context of that name."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "context_not_found"


class ContextInvalid(GroveError):
    """This cannot be a context."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "context_invalid"
