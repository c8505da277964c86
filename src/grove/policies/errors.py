"""What can go wrong with policies."""

from grove.kit.errors import GroveError, Kind


class PoliciesInvalid(GroveError):
    """These policies cannot be used; the policies that were in force stay in force."""

    code = "policies_invalid"


class PolicyCaseInvalid(GroveError):
    """A case has a name, a principal with a role, an action, what it is done to, and `allow` or `deny` to expect."""

    code = "policy_case_invalid"


class PolicyCasesFailed(GroveError):
    """Not every case is decided as it expects; the policies that were in force stay in force."""

    code = "policy_cases_failed"


class PoliciesLockOut(GroveError):
    """With these policies you could not change policies any more; the policies that were in force stay in force."""

    kind = Kind.CONFLICT
    code = "policies_lock_out"


class ActionUnknown(GroveError):
    """There is no such action; `grove policy schema` names all of them."""

    code = "action_unknown"


class PolicyVersionNotFound(GroveError):
    """There is no such version of the policies."""

    kind = Kind.NOT_FOUND
    code = "policy_version_not_found"


class PoliciesTooLarge(GroveError):
    """A set of policies has limits, so that it is read quickly."""

    kind = Kind.TOO_LARGE
    code = "policies_too_large"
