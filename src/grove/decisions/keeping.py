"""What a process does beside its work, so that what it counted is written down."""

from typing import Final

from grove.decisions.meter import DecisionMeter
from grove.kit.rounds import Rounds
from grove.kit.transactions import Database

WRITE_SECONDS: Final = 5.0


def decision_rounds(meter: DecisionMeter, database: Database) -> Rounds:
    """Write decisions down every few seconds, and once more at the end."""
    return Rounds("decisions", lambda: meter.write(database), seconds=WRITE_SECONDS, also_at_the_end=True)
