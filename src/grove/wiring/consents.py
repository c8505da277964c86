"""What becomes of consents: they are counted in memory, and a process writes them down beside its work."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from grove.decisions import DecisionMeter
from grove.kit.gate import Consent


def counting_consents(meter: DecisionMeter) -> Callable[[Sequence[Consent]], None]:
    """Counts what was allowed just now."""

    def counting(consents: Sequence[Consent]) -> None:
        if consents:
            meter.count(consents, now=datetime.now(UTC))

    return counting
