"""How freshness, hooks and their deliveries are stored."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grove.freshness.hook import Delivery, Hook, Outcome, Provider
from grove.freshness.model import Freshness
from grove.kit.tables import Table, TenantTable, UtcDateTime


class FreshnessRow(TenantTable):
    """How one mirror keeps up, and when its host is asked next."""

    __tablename__ = "freshness"

    repository_id: Mapped[str] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    host: Mapped[str] = mapped_column(String(260))
    on_hook: Mapped[bool]
    poll_seconds: Mapped[int | None]
    watch: Mapped[bool]
    next_poll_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    failures: Mapped[int]

    def value(self) -> Freshness:
        """The row as the domain knows it."""
        return Freshness(on_hook=self.on_hook, poll_seconds=self.poll_seconds, watch=self.watch)


class HostPauseRow(Table):
    """A host that is not asked for a while, because it said that it is busy."""

    __tablename__ = "host_pauses"
    shared = "a host that is busy is left alone by everybody"

    host: Mapped[str] = mapped_column(String(260), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    failures: Mapped[int]


class HookRow(TenantTable):
    """A webhook that a forge calls; its secret is a credential."""

    __tablename__ = "hooks"
    __table_args__ = (UniqueConstraint("tenant_id", "provider", "covers"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36))
    provider: Mapped[str] = mapped_column(String(20))
    covers: Mapped[str] = mapped_column(String(2048))
    host: Mapped[str] = mapped_column(String(260))
    credential_id: Mapped[str] = mapped_column(String(36))
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def value(self) -> Hook:
        """The row as the domain knows it."""
        return Hook(
            id=self.id,
            tenant_id=self.tenant_id,
            provider=Provider(self.provider),
            covers=self.covers,
            host=self.host,
            credential_id=self.credential_id,
            created_by=self.created_by,
            created_at=self.created_at,
        )


class DeliveryRow(TenantTable):
    """A delivery that was signed, and what came of it."""

    __tablename__ = "hook_deliveries"
    written_for_all = "deliveries to all tenants are forgotten together"
    __table_args__ = (UniqueConstraint("hook_id", "delivery"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    hook_id: Mapped[str] = mapped_column(ForeignKey("hooks.id", ondelete="CASCADE"))
    delivery: Mapped[str] = mapped_column(String(100))
    body_digest: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(100))
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(300))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    def value(self) -> Delivery:
        """The row as the domain knows it."""
        return Delivery(
            id=self.id,
            delivery=self.delivery,
            event=self.event,
            outcome=Outcome(self.outcome),
            reason=self.reason,
            received_at=self.received_at,
        )


Index("ix_hook_deliveries_of_body", DeliveryRow.hook_id, DeliveryRow.body_digest)
