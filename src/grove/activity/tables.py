"""How the audit trail is stored. The database itself refuses to change or remove entries."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from grove.activity.model import AuditEntry
from grove.kit.tables import TenantTable, UtcDateTime

TARGET_CHARACTERS_MAX = 36


class AuditRow(TenantTable):
    """One thing that was done; never changed, never removed."""

    __tablename__ = "audit_entries"

    tenant_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    actor_id: Mapped[str] = mapped_column(String(36))
    actor_name: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(80))
    target_kind: Mapped[str] = mapped_column(String(40))
    target_id: Mapped[str] = mapped_column(String(TARGET_CHARACTERS_MAX), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))

    def value(self) -> AuditEntry:
        """The row as the domain knows it."""
        return AuditEntry(
            tenant_id=self.tenant_id,
            sequence=self.sequence,
            actor_id=self.actor_id,
            actor_name=self.actor_name,
            source=self.source,
            action=self.action,
            target_kind=self.target_kind,
            target_id=self.target_id,
            facts=self.facts,
            at=self.at,
            previous=self.previous,
            digest=self.digest,
        )


class AuditChainRow(TenantTable):
    """The end of a tenant's chain; whoever adds to the chain holds its lock."""

    __tablename__ = "audit_chains"

    tenant_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    length: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
