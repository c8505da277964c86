"""Who may do what. Deny is the default: an action without a rule is allowed to nobody."""

from grove.policies.decide import RoleGate
from grove.policies.rules import RULES, Rule

__all__ = ["RULES", "RoleGate", "Rule"]
