"""How promotions are stored."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from grove.forges import Check, CheckState, Unasked
from grove.kit.tables import TenantTable, UtcDateTime
from grove.promotions.model import Promotion, PromotionState


class PromotionRow(TenantTable):
    """The promotion of a branch of a workspace; there is one at most."""

    __tablename__ = "promotions"

    workspace_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36))
    repository_id: Mapped[str] = mapped_column(String(36), index=True)
    branch: Mapped[str] = mapped_column(String(255), primary_key=True)
    target: Mapped[str] = mapped_column(String(1024))
    title: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text, server_default="")
    draft: Mapped[bool]
    waiting: Mapped[str] = mapped_column(String(64), server_default="")
    why: Mapped[str] = mapped_column(String(2000), server_default="")
    refusal: Mapped[str] = mapped_column(String(2000), server_default="")
    pushed: Mapped[str] = mapped_column(String(64))
    number: Mapped[int | None]
    url: Mapped[str] = mapped_column(String(2048))
    state: Mapped[str] = mapped_column(String(16))
    reviewers: Mapped[list[str]] = mapped_column(JSON)
    unasked: Mapped[list[dict[str, str]]] = mapped_column(JSON, server_default="[]")
    checks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def value(self) -> Promotion:
        """The promotion as the rest of Grove sees it."""
        checks = (Check(name=c["name"], state=CheckState(c["state"]), url=c["url"]) for c in self.checks)
        return Promotion(
            workspace_id=self.workspace_id,
            tenant_id=self.tenant_id,
            repository_id=self.repository_id,
            branch=self.branch,
            target=self.target,
            title=self.title,
            body=self.body,
            draft=self.draft,
            waiting=self.waiting,
            why=self.why if self.waiting else "",
            refusal=self.refusal,
            pushed=self.pushed,
            number=self.number,
            url=self.url,
            state=PromotionState(self.state),
            reviewers=tuple(self.reviewers),
            unasked=tuple(Unasked(**each) for each in self.unasked),
            checks=tuple(checks),
            updated_at=self.updated_at,
        )
