"""For how long whoever answered wants to be left alone."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

SECONDS_MAX: Final = 86_400
"""Nobody is obeyed for longer than a day."""


def retry_after_seconds(headers: Mapping[str, str]) -> int | None:
    """What `Retry-After` says, as seconds or as a date by the clock of the answer (RFC 9110, 10.2.3).

    Rounded up; none when it is not there, or cannot be read. The names of `headers` are in small letters.
    """
    told = headers.get("retry-after", "").strip()
    try:
        seconds = float(told) if told[:1].isdecimal() else _until(told, headers.get("date", ""))
        return min(max(math.ceil(seconds), 0), SECONDS_MAX)
    except (ValueError, TypeError, OverflowError):
        return None


def _until(told: str, answered: str) -> float:
    return (parsedate_to_datetime(told) - parsedate_to_datetime(answered)).total_seconds()
