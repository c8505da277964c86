"""What happened, told to whom it concerns, in the transaction in which it happened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grove.kit.transactions import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, at a time, in a tenant."""

    tenant_id: str
    at: datetime


Handler = Callable[["Transaction", Any], None]
Handlers = Mapping[type[Event], Sequence[Handler]]
