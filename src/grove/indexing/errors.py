"""What can go wrong with an index."""

from typing import ClassVar

from grove.kit.errors import GroveError, Kind


class IndexCorrupt(GroveError):
    """A file of the index is damaged; it must be built again."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "index_corrupt"


class IndexFormatUnknown(GroveError):
    """A file of the index was written in a format that this version does not read."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "index_format_unknown"


class IndexMissing(GroveError):
    """A file of the index is not where it should be."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "index_missing"


class IndexTooLarge(GroveError):
    """The index of this commit exceeds what one segment can hold."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code = "index_too_large"


class BlobUnavailable(GroveError):
    """The contents of a file of the commit could not be read."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "blob_unavailable"


class IndexChanged(GroveError):
    """A part of the index was damaged and went out of service; the work is done again with what is left."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "index_changed"
    transient = True


class IndexDamagedOften(GroveError):
    """Its index was damaged again and again; look at the disk, then `grove index rebuild`."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "index_damaged_often"


class IndexBusy(GroveError):
    """Others write to the index; the work is done later."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "index_busy"
    transient = True


class PinNotFound(GroveError):
    """That commit is not pinned."""

    kind = Kind.NOT_FOUND
    code = "pin_not_found"
