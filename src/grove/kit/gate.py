"""Who acts, on what, and what is decided about it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from grove.kit.errors import GroveError, Kind

if TYPE_CHECKING:
    from sqlalchemy.orm import Session  # the database's libraries are heavy


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """That an actor may do what they wanted to do; without an id to several things at once, or to none there is."""

    actor: Actor
    action: str
    kind: str
    resource_id: str
    policies: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was decided about some things together, kept until it is known which of them are shown."""

    actor: Actor
    action: str
    resources: Sequence[Resource]
    decisions: Sequence[Decision]

    def consents(self, ids: Collection[str]) -> Iterator[Consent]:
        """What allows those of the things that have these ids, one by one."""
        for resource, decision in zip(self.resources, self.decisions, strict=True):
            if resource.id in ids and decision.allowed:
                yield consent_to(self.actor, self.action, resource, decision)

    def summary(self) -> Iterator[Consent]:
        """What allows them together, in one consent without ids; nothing if none is allowed."""
        allowing = {id(each): each for each in self.decisions if each.allowed}  # many things share few decisions
        if allowing:
            yield Consent(
                actor=self.actor,
                action=self.action,
                kind=self.resources[0].kind,
                resource_id="",
                policies=tuple(dict.fromkeys(policy for each in allowing.values() for policy in each.policies)),
                version=self.decisions[0].version,
            )


def consent_to(actor: Actor, action: str, resource: Resource, decision: Decision) -> Consent:
    """That `actor` may, by a decision that says so."""
    return Consent(
        actor=actor,
        action=action,
        kind=resource.kind,
        resource_id=resource.id or "",
        policies=decision.policies,
        version=decision.version,
    )


class Gate(Protocol):
    """Decides whether an actor may do an action. Deny is the default."""

    def decide(self, session: "Session", actor: Actor, action: str, resources: Sequence[Resource]) -> list[Decision]:
        """A decision for each resource, by what is in force in this transaction."""
        ...

    def hidden(self, session: "Session", actor: Actor, ids: Collection[str]) -> set[str]:
        """Those of some ids, whatever they are of, that are of things which the actor may not know of."""
        ...
