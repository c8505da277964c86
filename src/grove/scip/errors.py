"""What can be wrong with an uploaded index of symbols."""

from typing import ClassVar

from grove.kit.errors import GroveError, Kind


class ScipInvalid(GroveError):
    """This is no SCIP index of this commit."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "scip_invalid"


class ScipTooLarge(GroveError):
    """The SCIP index is larger than one may be."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code: ClassVar[str] = "scip_too_large"


class ScipNotFound(GroveError):
    """There is no uploaded SCIP index of this commit."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "scip_not_found"


class ScipMakingFailed(GroveError):
    """No SCIP index could be made of this commit."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "scip_making_failed"
