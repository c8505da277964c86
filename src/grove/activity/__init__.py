"""The audit trail: who did what to which thing, through which door."""

from grove.activity.trail import AuditEntry, list_entries, record

__all__ = ["AuditEntry", "list_entries", "record"]
