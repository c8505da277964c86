"""How checkouts are stored."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from grove.checkouts.model import Checkout, CheckoutMethod
from grove.kit.tables import TenantTable, UtcDateTime


class CheckoutRow(TenantTable):
    """The checkout of a workspace, which has one at most."""

    __tablename__ = "checkouts"

    workspace_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    repository_id: Mapped[str] = mapped_column(String(36))
    owner_id: Mapped[str] = mapped_column(String(36))
    method: Mapped[str] = mapped_column(String(16))
    tree: Mapped[str] = mapped_column(String(64))
    head: Mapped[str] = mapped_column(String(64))
    files: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    left_out: Mapped[int]
    milliseconds: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def value(self) -> Checkout:
        """The checkout as the rest of Grove sees it."""
        return Checkout(
            workspace_id=self.workspace_id,
            tenant_id=self.tenant_id,
            repository_id=self.repository_id,
            owner_id=self.owner_id,
            method=CheckoutMethod(self.method),
            tree=self.tree,
            head=self.head,
            files=self.files,
            size_bytes=self.size_bytes,
            left_out=self.left_out,
            seconds=self.milliseconds / 1000,
            made_at=self.made_at,
        )


class PreparationRow(TenantTable):
    """What is done to the checkouts of a repository before they are used."""

    __tablename__ = "checkout_preparations"

    repository_id: Mapped[str] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    set_up: Mapped[str] = mapped_column(Text)
    network: Mapped[bool]
    movable: Mapped[bool]
    seconds_max: Mapped[float] = mapped_column(Float)
    files: Mapped[dict[str, str]] = mapped_column(JSON)
