"""Who may do what. Deny is the default: an action without a rule is allowed to nobody."""

from grove.policies.decide import PolicyGate
from grove.policies.errors import (
    PoliciesInvalid,
    PoliciesLockOut,
    PoliciesTooLarge,
    PolicyCaseInvalid,
    PolicyCasesFailed,
    PolicyVersionNotFound,
)
from grove.policies.events import PoliciesRolledBack
from grove.policies.model import CaseResult, Finding, PolicyVersion, digest_of
from grove.policies.operations import (
    PolicyCheck,
    PolicyDraft,
    apply_policies,
    check_policies,
    explain_decision,
    list_policy_versions,
    policies_in_force,
    policy_version,
    roll_back_policies,
)
from grove.policies.reading import default_policies, findings, parsed
from grove.policies.rules import RULES, Rule
from grove.policies.schema import kind_of, schema_text
from grove.policies.sets import Policy

__all__ = [
    "RULES",
    "CaseResult",
    "Finding",
    "PoliciesInvalid",
    "PoliciesLockOut",
    "PoliciesRolledBack",
    "PoliciesTooLarge",
    "Policy",
    "PolicyCaseInvalid",
    "PolicyCasesFailed",
    "PolicyCheck",
    "PolicyDraft",
    "PolicyGate",
    "PolicyVersion",
    "PolicyVersionNotFound",
    "Rule",
    "apply_policies",
    "check_policies",
    "default_policies",
    "digest_of",
    "explain_decision",
    "findings",
    "kind_of",
    "list_policy_versions",
    "parsed",
    "policies_in_force",
    "policy_version",
    "roll_back_policies",
    "schema_text",
]
