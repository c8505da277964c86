"""What becomes of refusals: the audit trail is told, but whoever asks all the time must not fill it."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from grove import activity
from grove.accounts import RateExceeded, Rates
from grove.kit.gate import Refusal
from grove.kit.transactions import Act


def telling_refusals(rates: Rates) -> Callable[[Refusal], Act | None]:
    """Tells the audit trail of a refusal, unless it was told of the same just now, or of too many of one principal."""

    def telling(refusal: Refusal) -> Act | None:
        now, who = datetime.now(UTC), refusal.actor.id
        what = f"{refusal.action} {refusal.resource.kind} {refusal.resource.id}"
        try:
            rates.take(f"{who} {what}", sort="same refused acts", now=now)
            rates.take(who, sort="refused acts", now=now)
        except RateExceeded:
            return None
        return partial(activity.record_refusal, refusal=refusal, now=now)

    return telling
