"""Deciding by the policies that are in force in the tenant."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from grove.kit.gate import Actor, Decision, Resource
from grove.policies.book import PolicyBook
from grove.policies.rules import RULES

LARGE_BYTES: Final = 1 << 30
_BY_GROVE: Final = "grove"
"""Who sees a repository is decided by policies alone."""


ForgeReads = Callable[[Session, Actor], Mapping[str, bool]]
"""Tells of the repositories that people see by the forges' rules whether an actor may."""
Things = Callable[[Session, str, Collection[str]], Mapping[str, Sequence[Resource]]]
"""Finds the things of a tenant that have some ids, by the action that lets people know of them."""


class PolicyGate:
    """Decides by the policies that are shipped and those of the actor's tenant; the newest version counts."""

    def __init__(
        self, *, large_bytes: int = LARGE_BYTES, forge_reads: ForgeReads | None = None, things: Things | None = None
    ) -> None:
        self.large_bytes = large_bytes
        self._forge_reads = forge_reads
        self._things = things
        self.book = PolicyBook()

    def decide(self, session: Session, actor: Actor, action: str, resources: Sequence[Resource]) -> list[Decision]:
        """A decision for each resource, by what is in force in this transaction."""
        if action not in RULES:
            return [Decision(allowed=False, reason="no rule allows this action")] * len(resources)
        policies = self.book.in_force(session, tenant_id=actor.tenant_id)
        resources = self._known(session, actor, resources)
        return list(policies.decide(actor, action, resources, large_bytes=self.large_bytes))

    def hidden(self, session: Session, actor: Actor, ids: Collection[str]) -> set[str]:
        """Those of some ids, whatever they are of, that are of things which the actor may not know of."""
        found = self._things(session, actor.tenant_id, ids) if self._things is not None else {}
        return {
            resource.id or ""
            for action, resources in found.items()
            for resource, decision in zip(resources, self.decide(session, actor, action, resources), strict=True)
            if not decision.allowed
        }

    def _known(self, session: Session, actor: Actor, resources: Sequence[Resource]) -> Sequence[Resource]:
        """The resources with what depends on the actor: it is looked up here, so that no operation can leave it out."""
        if self._forge_reads is None or not any(map(_may_be_seen_by_forge, resources)):
            return resources
        reads = self._forge_reads(session, actor)
        return [_with_forge(each, reads.get(each.id or "")) for each in resources]


def _may_be_seen_by_forge(resource: Resource) -> bool:
    """Unless it says that its forge is not asked: an operation that leaves that out is not let off."""
    return resource.kind == "repository" and bool(resource.id) and resource.attributes.get("permissions") != _BY_GROVE


def _with_forge(resource: Resource, reads: bool | None) -> Resource:  # noqa: FBT001 - three values
    return resource if reads is None else replace(resource, attributes={**resource.attributes, "forge_reads": reads})
