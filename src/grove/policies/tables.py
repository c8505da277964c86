"""How a tenant's own policies are stored: every version, and which one is in force."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import TenantTable, UtcDateTime
from grove.policies.model import PolicyVersion


class PolicyVersionRow(TenantTable):
    """A tenant's set of policies as it was applied; never changed."""

    __tablename__ = "policy_versions"

    tenant_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    documents: Mapped[dict[str, str]] = mapped_column(JSON)
    cases: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    origin: Mapped[str] = mapped_column(String(400))
    reason: Mapped[str] = mapped_column(String(2000))
    applied_by: Mapped[str] = mapped_column(String(200))
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def value(self) -> PolicyVersion:
        """The row as the domain knows it."""
        return PolicyVersion(
            version=self.version,
            documents=self.documents,
            cases=tuple(self.cases),
            digest=self.digest,
            origin=self.origin,
            reason=self.reason,
            applied_by=self.applied_by,
            applied_at=self.applied_at,
        )


class PolicyHeadRow(TenantTable):
    """Which version is in force in a tenant; version 0 is what is shipped, alone."""

    __tablename__ = "policy_heads"

    tenant_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
