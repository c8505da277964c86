"""What Grove knows of each kind of job."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from grove.jobs.arguments import Arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """What a kind of job is: what it does, which permission its requester needs when it starts, what it is told, and
    what follows when an attempt does not succeed (in the transaction that says so). Nobody waits for what is done in
    the background.
    """

    name: str
    title: str
    permission: str
    work: Callable[[Any, Any], None] = field(repr=False)
    arguments: type[Arguments] = Arguments
    settle: Callable[..., None] | None = field(default=None, repr=False)
    is_background: bool = False
