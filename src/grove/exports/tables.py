"""How exports are stored."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from grove.exports.model import Export, ExportForm
from grove.kit.tables import TenantTable, UtcDateTime


class ExportRow(TenantTable):
    """An export; its file is in a folder of its id."""

    __tablename__ = "exports"
    written_for_all = "exports of all tenants expire together"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    requested_by: Mapped[str] = mapped_column(String(36))
    question: Mapped[dict[str, Any]] = mapped_column(JSON)
    form: Mapped[str] = mapped_column(String(10))
    rows: Mapped[int | None] = mapped_column(BigInteger)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    repositories: Mapped[list[str]] = mapped_column(JSON)
    truth_line: Mapped[str | None] = mapped_column(String(4000))
    limits_hit: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    def value(self) -> Export:
        """The row as the domain knows it."""
        return Export(
            id=self.id,
            tenant_id=self.tenant_id,
            requested_by=self.requested_by,
            question=self.question,
            form=ExportForm(self.form),
            rows=self.rows,
            size_bytes=self.size_bytes,
            repositories=tuple(self.repositories),
            truth_line=self.truth_line,
            limits_hit=tuple(self.limits_hit),
            created_at=self.created_at,
            finished_at=self.finished_at,
            expires_at=self.expires_at,
        )
