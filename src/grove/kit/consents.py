"""What was allowed in one transaction, and which of it the audit trail tells of."""

from collections.abc import Iterable
from dataclasses import replace

from grove.kit.gate import Consent


class Consents:
    """Those of one transaction, in their order."""

    def __init__(self) -> None:
        self._all: list[Consent] = []
        self._told: dict[str, int] = {}

    def add(self, consents: Iterable[Consent]) -> None:
        """Keep some more."""
        self._all += consents

    def tell(self, actor_id: str) -> None:
        """Note that what an actor was allowed up to now is told of elsewhere."""
        self._told[actor_id] = len(self._all)

    def untold(self) -> list[Consent]:
        """Those that nothing else tells of, when all of it is kept."""
        return [each for place, each in enumerate(self._all) if place >= self._told.get(each.actor.id, 0)]

    def in_vain(self) -> list[Consent]:
        """All of them when nothing is kept: nothing was shown, so nothing is named, not even what is not there."""
        return [replace(each, resource_id="") for each in self._all]
