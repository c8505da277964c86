"""What happened, told to whom it concerns, in the transaction in which it happened."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, at a time, in a tenant."""

    tenant_id: str
    at: datetime
