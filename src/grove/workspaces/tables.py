"""How workspaces are stored."""

from datetime import datetime

from sqlalchemy import BigInteger, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import TenantTable, UtcDateTime
from grove.workspaces.model import Branch, Workspace


class WorkspaceRow(TenantTable):
    """A workspace; `slot` is its name while it is open, then its id, so that the name is free again."""

    __tablename__ = "workspaces"
    __table_args__ = (UniqueConstraint("owner_id", "slot"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36))
    repository_id: Mapped[str] = mapped_column(String(36), index=True)
    owner_id: Mapped[str] = mapped_column(String(36))
    name: Mapped[str] = mapped_column(String(60))
    slot: Mapped[str] = mapped_column(String(60))
    branch: Mapped[str] = mapped_column(String(63))
    target: Mapped[str] = mapped_column(String(1024))
    base: Mapped[str] = mapped_column(String(64))
    head: Mapped[str] = mapped_column(String(64))
    tree: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    written_bytes: Mapped[int] = mapped_column(BigInteger)
    own_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    folder_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    follows: Mapped[bool] = mapped_column(server_default=false(), default=False)
    rescue: Mapped[str | None] = mapped_column(String(64))

    def value(self) -> Workspace:
        """The workspace as the rest of Grove sees it."""
        return Workspace(
            id=self.id,
            tenant_id=self.tenant_id,
            repository_id=self.repository_id,
            owner_id=self.owner_id,
            name=self.name,
            branch=self.branch,
            target=self.target,
            base=self.base,
            head=self.head,
            tree=self.tree,
            version=self.version,
            held_bytes=self.own_bytes + self.folder_bytes,
            created_at=self.created_at,
            used_at=self.used_at,
            ended_at=self.ended_at,
            follows=self.follows,
            rescue=self.rescue,
        )


class BranchRow(TenantTable):
    """A branch of a workspace that is not its current one, which is in the row of the workspace itself."""

    __tablename__ = "workspace_branches"

    workspace_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36))
    target: Mapped[str] = mapped_column(String(1024))
    base: Mapped[str] = mapped_column(String(64))
    head: Mapped[str] = mapped_column(String(64))

    def value(self) -> Branch:
        """The branch as the rest of Grove sees it."""
        return Branch(name=self.name, target=self.target, base=self.base, head=self.head)
