"""How uses are stored."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import TenantTable, UtcDateTime


class UsageRow(TenantTable):
    """How often somebody used a repository in a day; without a repository: how often in all."""

    __tablename__ = "usage_counts"

    tenant_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    principal_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    source: Mapped[str] = mapped_column(String(20), primary_key=True)
    act: Mapped[str] = mapped_column(String(20), primary_key=True)
    repository_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    branch: Mapped[str] = mapped_column(String(200), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LastUseRow(TenantTable):
    """When a repository was used last, and by whom."""

    __tablename__ = "repository_uses"

    repository_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    principal_id: Mapped[str] = mapped_column(String(36))
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


Index("ix_usage_counts_of_repository", UsageRow.tenant_id, UsageRow.repository_id)
