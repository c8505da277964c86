"""How it is stored when forges are asked next."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import Table, UtcDateTime


class AccessCheckRow(Table):
    """When the forge of a repository is asked next whether it lets us read it."""

    __tablename__ = "access_checks"

    repository_id: Mapped[str] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    host: Mapped[str] = mapped_column(String(260), index=True)
    next_check_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    failures: Mapped[int]
