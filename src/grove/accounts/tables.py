"""How accounts are stored."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grove.accounts.model import (
    ApiToken,
    Principal,
    PrincipalKind,
    Project,
    Role,
    Scope,
    SignedIn,
    SignIn,
    WaitingDevice,
)
from grove.kit.tables import Table, TenantTable, UtcDateTime


class TenantRow(Table):
    """A tenant: nothing crosses its border."""

    __tablename__ = "tenants"
    shared = "it says which tenants there are; a tenant's transactions see its own row alone"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProjectRow(TenantTable):
    """A project."""

    __tablename__ = "projects"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    name: Mapped[str] = mapped_column(String(200))
    is_default: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def value(self) -> Project:
        """The row as the domain knows it."""
        return Project(id=self.id, tenant_id=self.tenant_id, name=self.name)


class PrincipalRow(TenantTable):
    """A user, an agent or a service."""

    __tablename__ = "principals"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(320))
    role: Mapped[str] = mapped_column(String(20))
    active: Mapped[bool]
    acts_for: Mapped[str | None] = mapped_column(ForeignKey("principals.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    vouched_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when a provider's word on this user counts; None for whoever needs none."""

    def value(self) -> Principal:
        """The row as the domain knows it."""
        return Principal(
            id=self.id,
            tenant_id=self.tenant_id,
            kind=PrincipalKind(self.kind),
            name=self.name,
            email=self.email,
            role=Role(self.role),
            active=self.active,
            acts_for=self.acts_for,
            created_at=self.created_at,
        )


class ApiTokenRow(TenantTable):
    """A token, known by the digest of its secret."""

    __tablename__ = "api_tokens"
    written_for_all = "a token says whose it is, and its use is noted, before anybody knows the tenant"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    principal_id: Mapped[str] = mapped_column(ForeignKey("principals.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    hint: Mapped[str] = mapped_column(String(20))
    secret_digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaced_by: Mapped[str | None] = mapped_column(String(36))

    def value(self) -> ApiToken:
        """The row as the domain knows it."""
        return ApiToken(
            id=self.id,
            tenant_id=self.tenant_id,
            principal_id=self.principal_id,
            name=self.name,
            hint=self.hint,
            scopes=frozenset(Scope(scope) for scope in self.scopes),
            created_at=self.created_at,
            expires_at=self.expires_at,
            last_used_at=self.last_used_at,
            revoked_at=self.revoked_at,
            replaced_by=self.replaced_by,
        )


class PasswordRow(TenantTable):
    """What a user signs in with, as its Argon2id hash."""

    __tablename__ = "passwords"

    principal_id: Mapped[str] = mapped_column(ForeignKey("principals.id"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    hashed: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IdentityRow(TenantTable):
    """As whom an OpenID provider knows a user."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject", "tenant_id"),)

    principal_id: Mapped[str] = mapped_column(ForeignKey("principals.id"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str] = mapped_column(String(255))
    is_shut_out: Mapped[bool]
    """Whether the provider's groups shut the user out, and not an administrator."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SessionRow(TenantTable):
    """What somebody has by signing in, known by the digest of its secret."""

    __tablename__ = "sessions"
    written_for_all = "a session says whose it is, and its use is noted, before anybody knows the tenant"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    principal_id: Mapped[str] = mapped_column(ForeignKey("principals.id"), index=True)
    secret_digest: Mapped[str] = mapped_column(String(64), unique=True)
    method: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(64))
    client: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[Any]] = mapped_column(JSON)
    idle_seconds: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def is_open(self, now: datetime) -> bool:
        """Whether it has neither been ended nor come to its end by itself."""
        idle_until = self.seen_at + timedelta(seconds=self.idle_seconds)
        return self.ended_at is None and now < min(self.expires_at, idle_until)

    def value(self) -> SignedIn:
        """The row as the domain knows it."""
        return SignedIn(
            id=self.id,
            tenant_id=self.tenant_id,
            principal_id=self.principal_id,
            method=SignIn(self.method),
            address=self.address,
            client=self.client,
            scopes=frozenset(Scope(scope) for scope in self.scopes),
            created_at=self.created_at,
            seen_at=self.seen_at,
            expires_at=min(self.expires_at, self.seen_at + timedelta(seconds=self.idle_seconds)),
            latest_at=self.expires_at,
            ended_at=self.ended_at,
        )


class DeviceRow(Table):
    """A program that waits to be let in; of no tenant until somebody has approved it."""

    __tablename__ = "waiting_devices"
    shared = "whoever asks is nobody yet"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    secret_digest: Mapped[str] = mapped_column(String(64), unique=True)
    code_digest: Mapped[str] = mapped_column(String(64), unique=True)
    address: Mapped[str] = mapped_column(String(64))
    client: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    interval_seconds: Mapped[int]
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    principal_id: Mapped[str | None] = mapped_column(ForeignKey("principals.id"))
    is_refused: Mapped[bool]

    def value(self) -> WaitingDevice:
        """The row as the domain knows it."""
        return WaitingDevice(
            id=self.id,
            address=self.address,
            client=self.client,
            scopes=frozenset(Scope(scope) for scope in self.scopes),
            created_at=self.created_at,
        )


class SetupLinkRow(Table):
    """A single-use link that makes the first administrator."""

    __tablename__ = "setup_links"
    shared = "it is used before there is a tenant"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    secret_digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
