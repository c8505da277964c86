"""One call of a tool: who asks, and what is answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.requests import Request

from grove.kit.gate import Actor

if TYPE_CHECKING:
    from grove.wiring import Grove  # heavy: it is imported with the first call


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, and the Grove that is asked."""

    grove: "Grove"
    actor: Actor

    @property
    def now(self) -> datetime:
        """The time of what is done."""
        return datetime.now(UTC)


Enter = Callable[[Request | None], Caller]
"""Lets a call in: finds out who it acts for, from the HTTP request if there is one. Runs on a worker thread.

It raises a `GroveError` if the call may not be made.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a tool answers: `lines` may hold other people's text, `truth` is ours and says what the lines are.

    What is not settled may be asked again soon, for more.
    """

    lines: list[str]
    truth: str
    is_settled: bool = True


def joined(*parts: str) -> str:
    """The parts of a truth that there are, in one line."""
    return " · ".join(part for part in parts if part)
