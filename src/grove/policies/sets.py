"""A set of policies ready to decide by: parsed once, and what it looks at known.

A decision is a function of the request's parts that the policies of its action look at, and of nothing else. So these
parts are the key under which it is remembered: ten thousand repositories that differ in nothing a policy looks at cost
one decision, and so do all users of one role.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, Final

import cedarpy

from grove.accounts import Role
from grove.kit.gate import Actor, Decision, Resource, Source
from grove.policies.entities import UNNAMED, base_entities, request_of, resource_entity
from grove.policies.rules import RULES
from grove.policies.schema import groups_of

REMEMBERED_MAX: Final = 50_000
_PARTS: Final = ("principal", "resource", "context")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy: its id, whether it permits or forbids, where it stands, and its text."""

    id: str
    effect: str
    document: str
    text: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the policies of an action look at: attributes of each part of a request, and the ids that they name."""

    resource: frozenset[str]
    principal: frozenset[str]
    context: frozenset[str]
    ids: frozenset[str] | None
    """None if a policy uses a part of the request in a way from which all of it may matter."""

    def of_resource(self, resource: Resource) -> Resource:
        """The resource as these policies see it."""
        if self.ids is None:
            return resource
        seen = self.resource | {"project"}
        return Resource(
            kind=resource.kind,
            id=resource.id if resource.id in self.ids else None,
            tenant_id=resource.tenant_id,
            attributes={name: value for name, value in resource.attributes.items() if name in seen},
        )

    def of_actor(self, actor: Actor) -> Actor:
        """The actor as these policies see it; those that differ in nothing they look at are one."""
        if self.ids is None:
            return actor
        knows_id = actor.id in self.ids or "id" in self.principal or "actor" in self.context
        return replace(
            actor,
            id=actor.id if knows_id else UNNAMED,
            name=actor.name if "name" in self.principal else UNNAMED,
            source=actor.source if "source" in self.context else Source.API,
            acts_for=self.of_actor(actor.acts_for) if actor.acts_for is not None else None,
        )


@dataclass(slots=True)
class PolicySet:
    """Policies that are in force together."""

    version: int
    policies: Sequence[Policy]
    _handle: cedarpy.PolicySet = field(init=False, repr=False)
    _parsed: Sequence[dict[str, Any]] = field(init=False, repr=False)
    _sights: dict[str, Sight] = field(default_factory=dict, repr=False)
    _remembered: dict[object, Decision] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        """Parse the policies.

        :raises ValueError: if one cannot be parsed.
        """
        text = "\n".join(policy.text for policy in self.policies)
        self._handle = cedarpy.PolicySet.from_str(text)
        static: dict[str, dict[str, Any]] = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
        self._parsed = [static[f"policy{number}"] for number in range(len(self.policies))]

    def decide(
        self, actor: Actor, action: str, resources: Sequence[Resource], *, large_bytes: int
    ) -> Iterator[Decision]:
        """A decision for each resource; what was decided before is remembered."""
        sight = self._sight(action)
        who = sight.of_actor(actor)
        for resource in resources:
            seen = sight.of_resource(resource)
            key = (who, action, large_bytes, seen.kind, seen.id, seen.tenant_id, _frozen(seen.attributes))
            decision = self._remembered.get(key)
            if decision is None:
                decision = self.evaluate(who, action, seen, large_bytes=large_bytes)
                self._remember(key, decision)
            yield decision

    def evaluate(self, actor: Actor, action: str, resource: Resource, *, large_bytes: int) -> Decision:
        """Decide anew: an agent needs what it does to be allowed to each one in the chain that it acts for."""
        chain = list(_chain(actor))
        allowed: dict[str, None] = {}
        for principal in chain:
            decision = self._ask(principal, chain=chain, action=action, resource=resource, large_bytes=large_bytes)
            if not decision.allowed:
                return decision
            allowed.update(dict.fromkeys(decision.policies))
        return Decision(allowed=True, policies=tuple(allowed), version=self.version)

    def _ask(
        self, principal: Actor, *, chain: Sequence[Actor], action: str, resource: Resource, large_bytes: int
    ) -> Decision:
        request, added = request_of(principal, chain=chain, action=action, resource=resource, large_bytes=large_bytes)
        entities = base_entities().with_added_json_str(json.dumps([*added, resource_entity(resource)]))
        result = cedarpy.is_authorized(request, self._handle, entities)
        told = result.diagnostics
        numbers = sorted(int(reason.removeprefix("policy")) for reason in told.reasons)
        decisive = tuple(self.policies[number].id for number in numbers)
        if told.errors:  # Cedar would leave out a policy that fails; it may have been one that forbids
            return Decision(allowed=False, policies=decisive, version=self.version, reason="a policy cannot be applied")
        if result.allowed:
            return Decision(allowed=True, policies=decisive, version=self.version)
        reason = next((self.policies[number].reason for number in numbers if self.policies[number].reason), None)
        if reason is None:
            reason = f"the policy {decisive[0]} forbids it" if decisive else _unpermitted(principal, action)
        return Decision(allowed=False, policies=decisive, version=self.version, reason=reason)

    def _sight(self, action: str) -> Sight:
        sight = self._sights.get(action)
        if sight is None:
            groups = {action, *groups_of(RULES[action])}
            applying = [policy for policy in self._parsed if _may_apply(policy["action"], groups)]
            sight = self._sights[action] = _sight_of(applying)
        return sight

    def _remember(self, key: object, decision: Decision) -> None:
        with self._lock:
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[key] = decision


def _unpermitted(principal: Actor, action: str) -> str:
    """Why somebody may not whom no policy permits it."""
    rule = RULES[action]
    roles = list(Role)
    has_role = roles.index(Role(principal.role)) >= roles.index(rule.role)
    return rule.unless_permitted if rule.unless_permitted and has_role else f"it needs the role {rule.role}"


def _chain(actor: Actor) -> Iterator[Actor]:
    link: Actor | None = actor
    while link is not None:
        yield link
        link = link.acts_for


def _frozen(attributes: dict[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple(
        sorted(
            (name, tuple(sorted(value)) if isinstance(value, (set, frozenset, list, tuple)) else value)
            for name, value in attributes.items()
        )
    )


def _may_apply(scope: dict[str, Any], groups: set[str]) -> bool:
    """Whether the action of a request may fit the scope of a policy."""
    if scope["op"] == "All":
        return True
    entities = scope["entities"] if "entities" in scope else [scope["entity"]]
    return any(entity["id"] in groups for entity in entities)


def _sight_of(policies: Sequence[dict[str, Any]]) -> Sight:
    found: dict[str, set[str]] = {part: set() for part in _PARTS}
    known = True
    for policy in policies:
        for condition in policy["conditions"]:
            known &= _collect(condition["body"], found)
    ids = {entity["id"] for entity in _entities(policies)} if known else None
    return Sight(
        resource=frozenset(found["resource"]),
        principal=frozenset(found["principal"]),
        context=frozenset(found["context"]),
        ids=frozenset(ids) if ids is not None else None,
    )


def _collect(node: Any, found: dict[str, set[str]]) -> bool:
    """Note the attributes that an expression reads; False if it uses a part of the request in another way."""
    if isinstance(node, list):
        return all(_collect(each, found) for each in node)
    if not isinstance(node, dict):
        return True
    if node.get("Var") in _PARTS:
        return False
    known = True
    for operator, operands in node.items():
        part = _part(operands.get("left")) if isinstance(operands, dict) else None
        if operator in {".", "has"} and part is not None:
            found[part].add(operands["attr"])
        elif operator in {"==", "!=", "in", "is"} and part is not None:
            # Compared with entities that stand there, which are noted by their ids.
            known &= all(_collect(each, found) for name, each in operands.items() if name != "left")
        else:
            known &= _collect(operands, found)
    return known


def _part(node: Any) -> str | None:
    """The part of the request that an expression is, if it is one."""
    name = node.get("Var") if isinstance(node, dict) else None
    return name if name in _PARTS else None


def _entities(node: Any) -> Iterator[dict[str, str]]:
    """Every entity that stands in an expression."""
    if isinstance(node, list):
        for each in node:
            yield from _entities(each)
    elif isinstance(node, dict):
        if set(node) == {"type", "id"}:
            yield node
        else:
            for each in node.values():
                yield from _entities(each)
