"""Dates as people write them: `2026-01-31`, `2026-01-31T12:00Z`, `31 Jan 2026`, `2 weeks ago`, `yesterday`."""

import re
from datetime import UTC, datetime
from typing import Final

from dateutil import parser
from dateutil.relativedelta import relativedelta

_AGO: Final = re.compile(r"(?P<count>\d{1,6}|an?|one) (?P<unit>second|minute|hour|day|week|month|year)s?(?: ago)?")
_LAST: Final = re.compile(r"last (?P<unit>day|week|month|year)")
_DAYS: Final = {"now": 0, "today": 0, "yesterday": 1}


def moment_of(text: str, *, asked_at: datetime) -> datetime:
    """The moment that a text means, seen from `asked_at`; without a time zone it is in UTC, without a time midnight.

    :raises ValueError: if it is no date.
    """
    said = " ".join(text.lower().replace("_", " ").split())
    if said in _DAYS:
        day = asked_at - relativedelta(days=_DAYS[said])
        return day if said == "now" else _midnight(day)
    if ago := _AGO.fullmatch(said):
        count = int(ago["count"]) if ago["count"].isdigit() else 1
        return _before(asked_at, count, ago["unit"])
    if last := _LAST.fullmatch(said):
        return _before(asked_at, 1, last["unit"])
    try:
        moment = parser.parse(text, default=_midnight(asked_at))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(text) from error


def _before(moment: datetime, count: int, unit: str) -> datetime:
    try:
        return moment - relativedelta(**{f"{unit}s": count})  # type: ignore[arg-type]
    except (ValueError, OverflowError) as error:
        raise ValueError(unit) from error


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
