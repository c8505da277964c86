"""Who acts, on what, and the port through which permission is asked."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

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
    """An authenticated principal, with what it may at most do."""

    id: str
    tenant_id: str
    name: str
    role: str
    scopes: frozenset[str]
    source: Source


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


class Gate(Protocol):
    """Decides whether an actor may do an action. Deny is the default."""

    def require(self, actor: Actor, action: str, resource: Resource) -> None:
        """Return when it is allowed.

        :raises Denied: if it is not.
        """
        ...
