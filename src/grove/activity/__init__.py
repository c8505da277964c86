"""The audit trail: who did what to which thing, through which door; a chain in which nothing can be changed unseen."""

from grove.activity.errors import AuditUnwritable
from grove.activity.model import AuditEntry, AuditQuestion, TrailReport
from grove.activity.queries import count_acts, list_entries, verify_trail
from grove.activity.trail import record, record_refusal, require_writable

__all__ = [
    "AuditEntry",
    "AuditQuestion",
    "AuditUnwritable",
    "TrailReport",
    "count_acts",
    "list_entries",
    "record",
    "record_refusal",
    "require_writable",
    "verify_trail",
]
