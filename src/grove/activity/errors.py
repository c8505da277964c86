"""What can go wrong with the audit trail."""

from grove.kit.errors import GroveError, Kind


class AuditUnwritable(GroveError):
    """The audit trail cannot be written, so nothing was done."""

    kind = Kind.UNAVAILABLE
    code = "audit_unwritable"
    transient = True
