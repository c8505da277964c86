"""Who may do what. Deny is the default: an action without a rule is allowed to nobody."""

from grove.policies.decide import PolicyGate
from grove.policies.rules import RULES, Rule
from grove.policies.schema import kind_of

__all__ = ["RULES", "PolicyGate", "Rule", "kind_of"]
