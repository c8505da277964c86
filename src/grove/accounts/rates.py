"""How much a principal may ask for: so many requests a minute of each sort, counted in memory or in a Redis server."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from grove.accounts.errors import RateExceeded
from grove.kit.logging import logger

WINDOW_SECONDS = 60
log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What is left of one sort of requests."""

    sort: str
    limit: int
    remaining: int
    reset_seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """The headers that tell it, as the IETF's draft of rate limit headers has them."""
        return {
            "RateLimit-Policy": f'"{self.sort}";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"{self.sort}";r={self.remaining};t={self.reset_seconds}',
        }


class Rates:
    """Counts what each principal asks for. With a Redis server, all processes count together.

    When that server cannot be reached, nobody is held up: a limit protects from too much, and must not take all.
    """

    def __init__(self, *, limits: dict[str, int], redis_url: str | None = None) -> None:
        storage = storage_from_string(redis_url or "memory://", **({"wrap_exceptions": True} if redis_url else {}))
        self._counter = SlidingWindowCounterRateLimiter(storage)
        self._limits = {sort: RateLimitItemPerMinute(count, namespace="grove") for sort, count in limits.items()}

    def take(self, who: str, *, sort: str, now: datetime) -> Allowance | None:
        """Count one request of a sort, by a principal or an address; what is left of it, or None for any number.

        :raises RateExceeded: if there is nothing left.
        """
        item = self._limits.get(sort)
        if item is None:
            return None
        try:
            is_allowed = self._counter.hit(item, sort, who)
            stats = self._counter.get_window_stats(item, sort, who)
        except StorageError as failed:
            log.warning("rates_not_counted", reason=type(failed.storage_error).__name__)
            return None
        seconds = max(1, ceil(stats.reset_time - now.timestamp()))
        if not is_allowed:
            raise RateExceeded(sort=sort, limit=item.amount, window_seconds=WINDOW_SECONDS, retry_seconds=seconds)
        return Allowance(sort=sort, limit=item.amount, remaining=stats.remaining, reset_seconds=seconds)
