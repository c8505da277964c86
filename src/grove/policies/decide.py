"""Deciding by the policies that are in force in the tenant."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from grove.kit.gate import Actor, Decision, Resource
from grove.policies.book import PolicyBook
from grove.policies.rules import RULES

LARGE_BYTES: Final = 1 << 30


class PolicyGate:
    """Decides by the policies that are shipped and those of the actor's tenant; the newest version counts."""

    def __init__(self, *, large_bytes: int = LARGE_BYTES) -> None:
        self.large_bytes = large_bytes
        self.book = PolicyBook()

    def decide(self, session: Session, actor: Actor, action: str, resources: Sequence[Resource]) -> list[Decision]:
        """A decision for each resource, by what is in force in this transaction."""
        if action not in RULES:
            return [Decision(allowed=False, reason="no rule allows this action")] * len(resources)
        policies = self.book.in_force(session, tenant_id=actor.tenant_id)
        return list(policies.decide(actor, action, resources, large_bytes=self.large_bytes))
