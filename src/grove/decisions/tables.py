"""How decisions are stored."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import BigInteger, Date, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import TenantTable, UtcDateTime

RESOURCE_CHARACTERS_MAX: Final = 200


class DecisionRow(TenantTable):
    """How often somebody was allowed something in a day by the same policies; `digest` stands for those."""

    __tablename__ = "decision_counts"

    tenant_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    principal_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    source: Mapped[str] = mapped_column(String(20), primary_key=True)
    action: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    resource_id: Mapped[str] = mapped_column(String(RESOURCE_CHARACTERS_MAX), primary_key=True)
    digest: Mapped[str] = mapped_column(String(32), primary_key=True)
    policies: Mapped[str] = mapped_column(Text)
    policy_version: Mapped[int] = mapped_column(Integer)
    count: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


Index("ix_decision_counts_of_resource", DecisionRow.tenant_id, DecisionRow.resource_id, DecisionRow.day)
