"""What happened to an export."""

from dataclasses import dataclass

from grove.kit.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportBegun(Event):
    """Somebody has asked for one; its job waits."""

    actor_id: str
