"""How long a server is waited for, and how often it is asked again."""

import random
from dataclasses import dataclass

from tenacity import RetryCallState

from grove.kit.errors import GroveError


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server is waited for, and how often it is asked again."""

    seconds_max: float = 60.0
    query_seconds_max: float = 2.0
    attempts_max: int = 5
    first_wait_seconds: float = 1.0
    wait_seconds_max: float = 60.0
    rest_seconds: float = 15.0
    """For how long no question is brought to a server that has failed."""

    def wait_seconds(self, state: RetryCallState) -> float:
        """What the server asks for, or else twice as long as the last time; never all callers at the same moment."""
        error = state.outcome.exception() if state.outcome else None
        named = error.facts.get("retry_after_seconds") if isinstance(error, GroveError) else None
        wait = self.first_wait_seconds * 2 ** (state.attempt_number - 1)
        spread = random.uniform(0, self.first_wait_seconds)  # noqa: S311 - spreads load, hides nothing
        least = float(named) if isinstance(named, int | float) else wait
        return min(least + spread, self.wait_seconds_max)
