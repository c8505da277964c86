"""What was allowed to whom by which policies, where the audit trail does not tell of it: counted, and written down."""

from grove.decisions.keeping import decision_rounds
from grove.decisions.meter import DecisionMeter
from grove.decisions.model import Decided, DecisionQuestion
from grove.decisions.queries import Place, forget_decisions, list_decisions, place_of

__all__ = [
    "Decided",
    "DecisionMeter",
    "DecisionQuestion",
    "Place",
    "decision_rounds",
    "forget_decisions",
    "list_decisions",
    "place_of",
]
