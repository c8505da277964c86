"""How a mirror keeps up with its upstream: three switches that do not depend on each other. Pure.

`on_hook`  a delivery of the forge's webhook is heeded
`poll_seconds`  the host is asked this often
`watch`  the folder of a local repository is watched
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from grove.freshness.errors import FreshnessInvalid

POLL_SECONDS_MIN = 30
POLL_SECONDS_MAX = 7 * 86_400
POLL_JITTER = 0.1
BACKOFF_SECONDS_MAX = 86_400
_MINUTE = 60
_HOUR = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How one mirror keeps up.

    :raises FreshnessInvalid: if the poll is too often or too rare.
    """

    on_hook: bool = False
    poll_seconds: int | None = None
    watch: bool = False

    def __post_init__(self) -> None:
        if self.poll_seconds is not None and not POLL_SECONDS_MIN <= self.poll_seconds <= POLL_SECONDS_MAX:
            raise FreshnessInvalid(poll_seconds=self.poll_seconds, least=POLL_SECONDS_MIN, most=POLL_SECONDS_MAX)


class Preset(StrEnum):
    """Usual settings of the three switches, by name."""

    WATCH = "watch"
    HOOK = "hook"
    JOB = "job"
    MANUAL = "manual"


PRESETS: Mapping[Preset, Freshness] = MappingProxyType(
    {
        Preset.WATCH: Freshness(watch=True, poll_seconds=_HOUR),
        Preset.HOOK: Freshness(on_hook=True, poll_seconds=6 * _HOUR),
        Preset.JOB: Freshness(poll_seconds=15 * _MINUTE),
        Preset.MANUAL: Freshness(),
    }
)
"""`watch` and `hook` poll too, rarely: so what was missed or lost is found."""

REMOTE_DEFAULT = Freshness(on_hook=True, poll_seconds=15 * _MINUTE)
LOCAL_DEFAULT = PRESETS[Preset.WATCH]


def preset_of(freshness: Freshness) -> Preset | None:
    """The preset that these switches are, if they are one."""
    return next((preset for preset, switches in PRESETS.items() if switches == freshness), None)


def next_poll(poll_seconds: int, *, failures: int, now: datetime) -> datetime:
    """When to ask again: twice as late after each failure, a day at most, give or take a tenth."""
    wait = min(poll_seconds * 2**failures, max(BACKOFF_SECONDS_MAX, poll_seconds))
    jitter = random.uniform(1 - POLL_JITTER, 1 + POLL_JITTER)  # noqa: S311 - spreads load, hides nothing
    return now + timedelta(seconds=wait * jitter)


def first_poll(poll_seconds: int, *, now: datetime) -> datetime:
    """When to ask for the first time: anywhere within the interval, so that what was connected together spreads."""
    return now + timedelta(seconds=poll_seconds * random.uniform(POLL_JITTER, 1))  # noqa: S311 - as above
