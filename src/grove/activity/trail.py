"""Writing and reading the audit trail. An entry commits with the change that it tells of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from grove.activity.tables import AuditRow
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that was done."""

    sequence: int
    actor_id: str
    actor_name: str
    source: str
    action: str
    target_kind: str
    target_id: str
    facts: dict[str, Any]
    at: datetime


def record(
    tx: Transaction, *, actor: Actor, action: str, target_kind: str, target_id: str, now: datetime, **facts: Any
) -> None:
    """Add an entry; `facts` hold identifiers and states, never a secret."""
    tx.session.add(
        AuditRow(
            tenant_id=actor.tenant_id,
            actor_id=actor.id,
            actor_name=actor.name,
            source=actor.source,
            action=action,
            target_kind=target_kind,
            target_id=target_id,
            facts=facts,
            at=now,
        )
    )


def list_entries(
    tx: Transaction, *, actor: Actor, target_id: str | None = None, before: int | None = None, limit: int = 100
) -> list[AuditEntry]:
    """The newest entries, of one target or of the whole tenant; `before` goes on below a sequence number.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "audit.list", Resource(kind="audit", tenant_id=actor.tenant_id))
    chosen = select(AuditRow).where(AuditRow.tenant_id == actor.tenant_id)
    if target_id is not None:
        chosen = chosen.where(AuditRow.target_id == target_id)
    if before is not None:
        chosen = chosen.where(AuditRow.sequence < before)
    rows = tx.session.scalars(chosen.order_by(AuditRow.sequence.desc()).limit(limit))
    return [_entry(row) for row in rows]


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        sequence=row.sequence,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        source=row.source,
        action=row.action,
        target_kind=row.target_kind,
        target_id=row.target_id,
        facts=row.facts,
        at=row.at,
    )
