"""How it is stored when forges are asked next, and whom they let read."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grove.grants.model import ForgeAccount
from grove.kit.tables import TenantTable, UtcDateTime


class AccessCheckRow(TenantTable):
    """When the forge of a repository is asked next whether it lets us read it."""

    __tablename__ = "access_checks"
    written_for_all = "a forge that is busy is left alone, whoever would have asked it"

    repository_id: Mapped[str] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36), index=True)
    host: Mapped[str] = mapped_column(String(260), index=True)
    next_check_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    failures: Mapped[int]


class ForgeAccountRow(TenantTable):
    """An account at a forge, and whose it is; one account is one person's."""

    __tablename__ = "forge_accounts"
    __table_args__ = (UniqueConstraint("tenant_id", "host", "login"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36))
    principal_id: Mapped[str] = mapped_column(ForeignKey("principals.id"), index=True)
    host: Mapped[str] = mapped_column(String(260))
    login: Mapped[str] = mapped_column(String(255))
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def value(self) -> ForgeAccount:
        """The row as the domain knows it."""
        return ForgeAccount(
            id=self.id,
            principal_id=self.principal_id,
            host=self.host,
            login=self.login,
            created_by=self.created_by,
            created_at=self.created_at,
        )


class ForgeReaderRow(TenantTable):
    """A principal whom the forge of a repository lets read it; an empty id stands for everybody."""

    __tablename__ = "forge_readers"

    repository_id: Mapped[str] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)
    principal_id: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)
