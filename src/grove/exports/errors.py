"""What can go wrong with an export."""

from typing import ClassVar

from grove.kit.errors import GroveError, Kind


class ExportNotFound(GroveError):
    """There is no such export, or it has expired."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "export_not_found"


class ExportUnfinished(GroveError):
    """The export is not written yet; watch its job."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "export_unfinished"


class ExportGone(GroveError):
    """The export holds lines of a repository that you may not read any more; make it again."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "export_gone"


class ExportTooLarge(GroveError):
    """The export has more bytes than an export may have; narrow the query."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code: ClassVar[str] = "export_too_large"


class ExportsTooMany(GroveError):
    """You keep as many exports as you may; remove one."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "exports_too_many"
