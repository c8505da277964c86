"""How much may be asked of a host: what it says of that itself is obeyed, and few questions are under way at once.

Kept in the memory of each process, by host and credential: forges count the questions of each credential.
"""

import contextlib
import hashlib
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from grove.forges.errors import ForgeRateLimited
from grove.kit import retry_after

UNDER_WAY_MAX: Final = 4
SPARE_MIN: Final = 20
"""What could also be left unasked is asked only while a host still answers more questions than these."""
PAUSE_SECONDS: Final = 60
"""For how long nothing is asked where a host does not say it; twice as long each further time."""
PAUSE_SECONDS_MAX: Final = 3_600
JITTER: Final = 0.1
ACCOUNTS_MAX: Final = 10_000
_LEFT: Final = ("x-ratelimit-remaining", "ratelimit-remaining")
_RESET: Final = ("x-ratelimit-reset", "ratelimit-reset")


@dataclass(slots=True)
class _Account:
    """What is known of one credential at one host."""

    quiet_until: float = 0.0
    scarce_until: float = 0.0
    refusals: int = 0
    under_way: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(UNDER_WAY_MAX))


class Budgets:
    """Whether hosts may be asked now; any number of threads may use it. `clock` tells seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._accounts: defaultdict[tuple[str, str], _Account] = defaultdict(_Account)
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def asking(self, host: str, authorization: str | None, *, wait_seconds_max: float) -> Iterator[None]:
        """Ask one question of a host.

        :raises ForgeRateLimited: if it wants to be left alone, or too many questions are under way.
        """
        account = self._account(host, authorization)
        rest = account.quiet_until - self._clock()
        if rest > 0:
            raise ForgeRateLimited(host=host, retry_after_seconds=int(rest) + 1)
        if not account.under_way.acquire(timeout=wait_seconds_max):
            raise ForgeRateLimited(host=host, retry_after_seconds=int(wait_seconds_max))
        try:
            yield
        finally:
            account.under_way.release()

    def heed(self, host: str, authorization: str | None, *, status: int, headers: Mapping[str, str]) -> None:
        """Note what an answer says of further questions; who has none left asks again when the host says, or later."""
        account, refused = self._account(host, authorization), is_refusal(status, headers)
        with self._lock:
            account.refusals = account.refusals + 1 if refused else 0
            if refused or _first(headers, _LEFT) == "0":
                told = retry_after_seconds(headers)
                guess = min(PAUSE_SECONDS * 2 ** max(account.refusals - 1, 0), PAUSE_SECONDS_MAX)
                seconds = (guess if refused else 0) if told is None else told
                # Never sooner than the host wants: whoever waits for the same moment is spread after it.
                seconds *= 1 + random.uniform(0, JITTER)  # noqa: S311 - spreads load, hides nothing
                account.quiet_until = max(account.quiet_until, self._clock() + seconds)
            left = _first(headers, _LEFT)
            is_scarce = left.isdecimal() and int(left) <= SPARE_MIN
            rest = (retry_after_seconds(headers) or PAUSE_SECONDS) if is_scarce else 0
            account.scarce_until = self._clock() + rest

    def has_spare(self, host: str, authorization: str | None) -> bool:
        """Whether a host may be asked what one can do without, and enough is left for what one cannot."""
        account = self._account(host, authorization)
        return max(account.scarce_until, account.quiet_until) <= self._clock()

    def _account(self, host: str, authorization: str | None) -> _Account:
        shown = hashlib.sha256((authorization or "").encode()).hexdigest()
        with self._lock:
            if len(self._accounts) >= ACCOUNTS_MAX:
                # Tokens come and go; what is forgotten is learnt again.
                self._accounts.clear()
            return self._accounts[host, shown]


def is_refusal(status: int, headers: Mapping[str, str]) -> bool:
    """Whether an answer says that too much was asked."""
    is_exhausted = "retry-after" in headers or _first(headers, _LEFT) == "0"
    is_busy = status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in headers
    return status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.FORBIDDEN and is_exhausted) or is_busy


def retry_after_seconds(headers: Mapping[str, str]) -> int | None:
    """How long to wait, by the forge's own clock; None when it does not say so in a way that can be read."""
    if "retry-after" in headers:
        return retry_after.retry_after_seconds(headers)
    try:
        seconds = int(_first(headers, _RESET)) - int(parsedate_to_datetime(headers["date"]).timestamp())
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0), retry_after.SECONDS_MAX)


def _first(headers: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((headers[name] for name in names if name in headers), "")
