"""What can go wrong with snapshots."""

from grove.kit.errors import GroveError, Kind


class SegmentsGone(GroveError):
    """A part of the index went out of service meanwhile; the work is done again with what is left."""

    kind = Kind.CONFLICT
    code = "segments_gone"
    transient = True
