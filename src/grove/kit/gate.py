"""Who acts, on what, and what is decided about it."""

from dataclasses import dataclass, field
from enum import StrEnum

from grove.kit.errors import GroveError, Kind


class Source(StrEnum):
    """The entry point that an action came through."""

    WEB = "web"
    API = "api"
    MCP = "mcp"
    CLI = "cli"
    WORKER = "worker"
    WEBHOOK = "webhook"
    SETUP = "setup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An authenticated principal, with what it may at most do; an agent with the one that it acts for."""

    id: str
    tenant_id: str
    name: str
    role: str
    scopes: frozenset[str]
    source: Source
    kind: str = "user"
    acts_for: "Actor | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What an action is done to."""

    kind: str
    id: str | None = None
    tenant_id: str
    attributes: dict[str, object] = field(default_factory=dict)


class Denied(GroveError):
    """You are not allowed to do this."""

    kind = Kind.DENIED
    code = "denied"


class TokenMissing(GroveError):
    """Show a token: as `Authorization: Bearer grove_…`, or to a program as GROVE_TOKEN."""

    kind = Kind.UNAUTHENTICATED
    code = "token_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether an action is allowed, the policies that made it so, and the version of the tenant's set they are from."""

    allowed: bool
    policies: tuple[str, ...] = ()
    version: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """That an actor may not do what they wanted to do."""

    actor: Actor
    action: str
    resource: Resource
    decision: Decision
