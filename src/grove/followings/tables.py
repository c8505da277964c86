"""How it is stored what a tenant's policies follow."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from grove.followings.model import Following, FollowingKind
from grove.kit.tables import TenantTable, UtcDateTime


class FollowingRow(TenantTable):
    """What a tenant's own policies follow; a tenant without a row follows nothing."""

    __tablename__ = "policy_followings"

    tenant_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    repository_id: Mapped[str | None] = mapped_column(String(36), index=True)
    repository: Mapped[str] = mapped_column(String(400))
    branch: Mapped[str] = mapped_column(String(400))
    folder: Mapped[str] = mapped_column(String(1000))
    followed_by: Mapped[str] = mapped_column(String(36))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_by: Mapped[str] = mapped_column(String(200))
    pushed: Mapped[dict[str, str]] = mapped_column(JSON)
    """The documents that an OPAL client has pushed, by name; good or bad, they are what it believes to be here."""
    pushed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def value(self) -> Following:
        """The row as the domain knows it."""
        return Following(
            kind=FollowingKind(self.kind),
            repository_id=self.repository_id,
            repository=self.repository,
            branch=self.branch,
            folder=self.folder,
            followed_by=self.followed_by,
            since=self.since,
            revision=self.revision,
            version=self.version,
            problem=self.problem,
            paused_at=self.paused_at,
            paused_by=self.paused_by,
        )
