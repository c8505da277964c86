"""What happens with retention."""

from dataclasses import dataclass
from datetime import datetime

from grove.kit.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionWanted(Event):
    """The policy is to be applied, now or later, in the name of somebody."""

    actor_id: str
    due_at: datetime
