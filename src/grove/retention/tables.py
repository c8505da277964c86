"""How policies, notices and holds are stored."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import TenantTable, UtcDateTime
from grove.retention.model import Fate, Notice, RetentionPolicy


class RetentionPolicyRow(TenantTable):
    """A tenant's policy, and who set it: it is applied in their name."""

    __tablename__ = "retention_policies"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    idle_days: Mapped[int | None]
    notice_days: Mapped[int]
    fate: Mapped[str] = mapped_column(String(20))
    job_days: Mapped[int]
    usage_days: Mapped[int]
    decision_days: Mapped[int]
    set_by: Mapped[str] = mapped_column(String(36))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def value(self) -> RetentionPolicy:
        """The row as the domain knows it."""
        return RetentionPolicy(
            idle_days=self.idle_days,
            notice_days=self.notice_days,
            fate=Fate(self.fate),
            job_days=self.job_days,
            usage_days=self.usage_days,
            decision_days=self.decision_days,
        )


class RetentionNoticeRow(TenantTable):
    """A notice that was given about a repository."""

    __tablename__ = "retention_notices"

    repository_id: Mapped[str] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fate: Mapped[str] = mapped_column(String(20))
    told: Mapped[list[str]] = mapped_column(JSON)

    def value(self) -> Notice:
        """The row as the domain knows it."""
        return Notice(
            repository_id=self.repository_id,
            given_at=self.given_at,
            due_at=self.due_at,
            fate=Fate(self.fate),
            told=tuple(self.told),
        )


class RetentionHoldRow(TenantTable):
    """Somebody's wish that a repository is kept though nobody uses it."""

    __tablename__ = "retention_holds"

    repository_id: Mapped[str] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    reason: Mapped[str] = mapped_column(String(2000))
    held_by: Mapped[str] = mapped_column(String(36))
    held_at: Mapped[datetime] = mapped_column(UtcDateTime)
