"""What a process does beside its work, so that its counts are written down."""

from datetime import UTC, datetime
from typing import Final

from grove.kit.rounds import Rounds
from grove.usage.meter import UsageMeter

WRITE_SECONDS: Final = 5.0


def usage_rounds(meter: UsageMeter) -> Rounds:
    """Write counts down every few seconds, and once more at the end."""
    return Rounds("usage", lambda: meter.write(now=datetime.now(UTC)), seconds=WRITE_SECONDS, also_at_the_end=True)
