"""Tenants, projects, principals and their tokens. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from grove.kit.gate import Source


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


class SignIn(StrEnum):
    """How somebody has signed in."""

    PASSWORD = "password"  # noqa: S105 - not a password
    OIDC = "oidc"
    DEVICE = "device"
    SETUP = "set-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where somebody comes from: the entry point, the address, and what their program calls itself."""

    source: Source
    address: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLife:
    """When a session ends by itself: so long after its last use, and in any case so long after its beginning."""

    idle_seconds: int
    seconds_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What is known of a session; the secret itself is kept by nobody but its holder."""

    id: str
    tenant_id: str
    principal_id: str
    method: SignIn
    address: str
    client: str
    scopes: frozenset[Scope]
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    """When it ends if nobody uses it any more."""
    latest_at: datetime
    """When it ends however much it is used."""
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A new session with its secret, which cannot be shown again."""

    session: SignedIn
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a program gets that asks to be let in: a code to show to its user, and a secret to ask with."""

    secret: str = field(repr=False)
    code: str
    seconds: int
    interval_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDevice:
    """A program that waits to be let in: where it is, what it calls itself, and what it wants to do."""

    id: str
    address: str
    client: str
    scopes: frozenset[Scope]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What an OpenID provider vouches for: `subject` is the only part that never changes and is nobody else's."""

    issuer: str
    subject: str
    name: str
    email: str | None
    """Only one that the provider has verified."""
    groups: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRole:
    """What a group of the provider's makes of its members, in the tenant of that name; in the first one without."""

    group: str
    role: Role
    tenant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Who is let in whom a provider vouches for. Without group roles and a default, administrators give the roles."""

    roles: tuple[GroupRole, ...] = ()
    default_role: Role | None = None
    """The least that everybody has in the first tenant; nobody is let in without a role."""
    may_sign_up: bool = True
    """Whether a user is made for somebody who comes for the first time, or an administrator has to make it before."""
    trust_days: int = 30
    """After so long without a sign-in at the provider nothing of theirs is believed any more; 0 means never."""

    @property
    def gives_roles(self) -> bool:
        """Whether roles follow from what the provider says."""
        return bool(self.roles) or self.default_role is not None


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
