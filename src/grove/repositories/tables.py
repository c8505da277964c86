"""How repositories are stored."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grove.kit.tables import TenantTable, UtcDateTime
from grove.repositories.model import (
    Access,
    Approval,
    Clone,
    HistoryPolicy,
    Index,
    Lifecycle,
    Permissions,
    Repository,
)


class RepositoryRow(TenantTable):
    """A repository."""

    __tablename__ = "repositories"
    __table_args__ = (UniqueConstraint("tenant_id", "name_key"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36))
    project_id: Mapped[str] = mapped_column(String(36), index=True)
    name: Mapped[str] = mapped_column(String(400))
    name_key: Mapped[str] = mapped_column(String(400))
    url: Mapped[str] = mapped_column(String(2048))
    host: Mapped[str] = mapped_column(String(260))
    forge: Mapped[str] = mapped_column(String(20))
    local: Mapped[bool]
    credential_id: Mapped[str | None] = mapped_column(String(36))
    tracked: Mapped[list[str]] = mapped_column(JSON)
    archived: Mapped[bool]
    fork: Mapped[bool]
    approval: Mapped[str] = mapped_column(String(20))
    clone: Mapped[str] = mapped_column(String(20))
    index: Mapped[str] = mapped_column(String(20))
    lifecycle: Mapped[str] = mapped_column(String(20))
    default_branch: Mapped[str | None] = mapped_column(String(1024))
    head_commit: Mapped[str | None] = mapped_column(String(64))
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    estimated_bytes: Mapped[int | None] = mapped_column(BigInteger)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    requested_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    synced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    indexed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    history: Mapped[str] = mapped_column(String(40), server_default="all")
    request_reason: Mapped[str] = mapped_column(String(2000), server_default="")
    decision: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    owners: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    access: Mapped[str] = mapped_column(String(20), server_default="granted")
    access_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    access_problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    permissions: Mapped[str] = mapped_column(String(20), server_default="grove", index=True)
    readers_read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moved_to: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    everybody_reads: Mapped[bool | None]

    def value(self) -> Repository:
        """The row as the domain knows it."""
        return Repository(
            id=self.id,
            tenant_id=self.tenant_id,
            project_id=self.project_id,
            name=self.name,
            url=self.url,
            host=self.host,
            forge=self.forge,
            local=self.local,
            credential_id=self.credential_id,
            tracked=tuple(self.tracked),
            archived=self.archived,
            fork=self.fork,
            approval=Approval(self.approval),
            clone=Clone(self.clone),
            index=Index(self.index),
            lifecycle=Lifecycle(self.lifecycle),
            default_branch=self.default_branch,
            head_commit=self.head_commit,
            size_bytes=self.size_bytes,
            estimated_bytes=self.estimated_bytes,
            problem=self.problem,
            requested_by=self.requested_by,
            created_at=self.created_at,
            updated_at=self.updated_at,
            synced_at=self.synced_at,
            indexed_at=self.indexed_at,
            history=HistoryPolicy.parse(self.history),
            request_reason=self.request_reason,
            decision=self.decision,
            owners=tuple(self.owners),
            access=Access(self.access),
            access_confirmed_at=self.access_confirmed_at,
            access_problem=self.access_problem,
            permissions=Permissions(self.permissions),
            readers_read_at=self.readers_read_at,
            moved_to=self.moved_to,
            everybody_reads=self.everybody_reads,
        )

    def save_states(self, repository: Repository, *, now: datetime) -> None:
        """Take over the four states."""
        self.approval = repository.approval
        self.clone = repository.clone
        self.index = repository.index
        self.lifecycle = repository.lifecycle
        self.updated_at = now


class RepositoryAliasRow(TenantTable):
    """An address and a name that a repository had before; `address` in its one spelling for comparing."""

    __tablename__ = "repository_aliases"

    repository_id: Mapped[str] = mapped_column(ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(String(2048), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(36))
    name_key: Mapped[str] = mapped_column(String(400))
    until: Mapped[datetime] = mapped_column(UtcDateTime)
