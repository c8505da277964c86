"""What can be wrong with a question about names and places in code."""

from typing import ClassVar

from grove.kit.errors import GroveError, Kind


class NameInvalid(GroveError):
    """A name is one line of at most 256 characters, without spaces around it."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "name_invalid"


class NotText(GroveError):
    """The file is not text."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "not_text"


class RangeInvalid(GroveError):
    """The file has no such lines."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "range_invalid"


class TargetGone(GroveError):
    """The branch that the pull request is to go into is not in the mirror, or has no commit in common with it."""

    kind = Kind.CONFLICT
    code = "pull_target_gone"
