"""How long a search may take, and which of its limits were reached."""

import time

from grove.search.corpus import Limits


class Progress:
    """The clock of one search, and the limits that it ran into."""

    def __init__(self, limits: Limits, *, seconds_before: float = 0.0) -> None:
        self.limits = limits
        self._seconds_before = seconds_before
        self._began = time.monotonic()
        self._hit: dict[str, None] = {}

    @property
    def elapsed_seconds(self) -> float:
        """How long the question has been worked on, with what it took to make its commits searchable."""
        return self._seconds_before + time.monotonic() - self._began

    @property
    def limits_hit(self) -> tuple[str, ...]:
        """The names of the limits that were reached, in the order in which they were."""
        return tuple(self._hit)

    def hit(self, limit: str) -> None:
        """Remember that a limit was reached."""
        self._hit[limit] = None

    def time_is_up(self) -> bool:
        """Whether the search must end now; it is remembered if so."""
        is_up = time.monotonic() - self._began >= self.limits.seconds_max
        if is_up:
            self.hit("seconds_max")
        return is_up
