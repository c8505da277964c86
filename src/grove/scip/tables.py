"""Which uploaded indexes there are."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import TenantTable, UtcDateTime
from grove.scip.model import Making, MakingState, ScipIndex


class ScipIndexRow(TenantTable):
    """An uploaded index; what has no row does not exist."""

    __tablename__ = "scip_indexes"
    __table_args__ = (UniqueConstraint("repository_id", "commit"),)

    name: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    repository_id: Mapped[str] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"))
    commit: Mapped[str] = mapped_column(String(64))
    tool: Mapped[str] = mapped_column(String(100))
    documents: Mapped[int]
    documents_left_out: Mapped[int]
    symbols: Mapped[int]
    occurrences: Mapped[int] = mapped_column(BigInteger)
    stored_bytes: Mapped[int] = mapped_column(BigInteger)
    uploaded_by: Mapped[str] = mapped_column(String(36))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def value(self) -> ScipIndex:
        """The row as the domain knows it."""
        return ScipIndex(
            name=self.name,
            tenant_id=self.tenant_id,
            repository_id=self.repository_id,
            commit=self.commit,
            tool=self.tool,
            documents=self.documents,
            documents_left_out=self.documents_left_out,
            symbols=self.symbols,
            occurrences=self.occurrences,
            stored_bytes=self.stored_bytes,
            uploaded_at=self.uploaded_at,
        )


class ScipMakingRow(TenantTable):
    """Whether indexes of a repository are made here, and what came of the last attempt."""

    __tablename__ = "scip_makings"

    repository_id: Mapped[str] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    wanted: Mapped[bool]
    state: Mapped[str] = mapped_column(String(20))
    commit: Mapped[str] = mapped_column(String(64))
    tools: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(1000))
    log: Mapped[str] = mapped_column(Text)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def value(self) -> Making:
        """The row as the domain knows it."""
        return Making(
            wanted=self.wanted,
            state=MakingState(self.state),
            commit=self.commit,
            tools=self.tools,
            reason=self.reason,
            log=self.log,
            finished_at=self.finished_at,
        )
