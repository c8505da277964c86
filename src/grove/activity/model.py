"""The entries of the audit trail and the chain that they make. Pure."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

NO_DIGEST = "0" * 64
"""What stands before the first entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that was done; `sequence` counts within the tenant, `previous` is the digest of the entry before."""

    tenant_id: str
    sequence: int
    actor_id: str
    actor_name: str
    source: str
    action: str
    target_kind: str
    target_id: str
    facts: dict[str, Any]
    at: datetime
    previous: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuestion:
    """Which entries are wanted; what is None does not matter.

    `actor` is an id or a name; `action` is one, or the beginning of some with a star behind it (`token.*`).
    """

    actor: str | None = None
    action: str | None = None
    target_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailReport:
    """What a look at the whole chain has shown: its length, its last digest, and where it is broken first, if it is."""

    entry_count: int
    digest: str
    broken_at: int | None = None
    reason: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, removed or put in between."""
        return self.broken_at is None


def digest_of(entry: AuditEntry) -> str:
    """The SHA-256 of all that an entry says, and with it of all entries before."""
    said = {
        "tenant_id": entry.tenant_id,
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "source": entry.source,
        "action": entry.action,
        "target_kind": entry.target_kind,
        "target_id": entry.target_id,
        "facts": entry.facts,
        "previous": entry.previous,
    }
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
