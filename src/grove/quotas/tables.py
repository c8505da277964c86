"""How quotas are stored."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import TenantTable, UtcDateTime


class QuotaRow(TenantTable):
    """How much of something a holder may have; without a row as much as they like."""

    __tablename__ = "quotas"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    holder_kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    holder_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sort: Mapped[str] = mapped_column(String(20), primary_key=True)
    limit: Mapped[int] = mapped_column(BigInteger)
    set_by: Mapped[str] = mapped_column(String(36))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
