"""What happens to a tenant's own policies."""

from dataclasses import dataclass

from grove.kit.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesRolledBack(Event):
    """Somebody has put in force what an older version said: they do not want what came after it."""

    actor_name: str
