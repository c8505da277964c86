"""How sets of vectors are stored."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import TenantTable, UtcDateTime
from grove.vectors.model import VectorSet


class VectorSetRow(TenantTable):
    """A published set of vectors; what has no row does not exist."""

    __tablename__ = "vector_sets"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    model: Mapped[str] = mapped_column(String(300))
    dimensions: Mapped[int]
    chunk_count: Mapped[int]
    texts_cut: Mapped[int]
    stored_bytes: Mapped[int] = mapped_column(BigInteger)
    checksum: Mapped[str] = mapped_column(String(64))
    copied_to: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    is_leaving: Mapped[bool] = mapped_column(default=False)
    """No reader uses it any more, but the vector store may have vectors of its chunks until it has been told."""

    def value(self) -> VectorSet:
        """The row as the domain knows it."""
        return VectorSet(
            name=self.name,
            model=self.model,
            dimensions=self.dimensions,
            chunk_count=self.chunk_count,
            texts_cut=self.texts_cut,
            stored_bytes=self.stored_bytes,
            checksum=self.checksum,
            copied_to=self.copied_to,
            created_at=self.created_at,
        )
