"""Tenants, projects, principals and their tokens. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a principal may at most do; each role includes those before it."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    MAINTAINER = "maintainer"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a token may at most be used for, whatever its owner may do."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class PrincipalKind(StrEnum):
    """What sort of principal it is."""

    USER = "user"
    AGENT = "agent"
    SERVICE = "service"
    STEWARD = "steward"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A group of repositories within a tenant."""

    id: str
    tenant_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A user, an agent that acts for one, a service that acts for itself, or Grove's own steward."""

    id: str
    tenant_id: str
    kind: PrincipalKind
    name: str
    email: str | None
    role: Role
    active: bool
    acts_for: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """What is known of a token; the secret itself is shown once and kept by nobody."""

    id: str
    tenant_id: str
    principal_id: str
    name: str
    hint: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    replaced_by: str | None
    """The token that took its place; it goes on working until it expires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPassword:
    """What is stored of somebody's password."""

    principal_id: str
    hashed: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new token with its secret, which cannot be shown again."""

    token: ApiToken
    secret: str

    def __repr__(self) -> str:
        return f"Issued(token={self.token!r})"
