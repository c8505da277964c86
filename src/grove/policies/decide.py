"""Deciding by role, scope and tenant."""

from collections.abc import Iterable

from grove.accounts import Role
from grove.kit.gate import Actor, Denied, Resource
from grove.policies.rules import RULES, Rule

_ROLES = list(Role)


class RoleGate:
    """Decides by the rules of this package."""

    def require(self, actor: Actor, action: str, resource: Resource) -> None:
        """Return when `actor` may do `action` to `resource`.

        :raises Denied: with the reason, if it may not.
        """
        reason = _refusal(actor, RULES.get(action), resource)
        if reason:
            raise Denied(action=action, reason=reason)


def _refusal(actor: Actor, rule: Rule | None, resource: Resource) -> str | None:
    if rule is None:
        return "no rule allows this action"
    if actor.tenant_id != resource.tenant_id:
        return "it belongs to another tenant"
    if rule.scope not in actor.scopes:
        return f"the token lacks the scope {rule.scope}"
    if not _has_role(actor, _least_role(actor, rule, resource)):
        return f"it needs the role {rule.role}"
    asked = resource.attributes.get("scopes", ())
    if isinstance(asked, Iterable) and not set(asked) <= actor.scopes:
        return "a token cannot have a scope that its maker lacks"
    return None


def _least_role(actor: Actor, rule: Rule, resource: Resource) -> Role:
    owners = {resource.attributes.get("owner"), resource.attributes.get("owner_acts_for")}
    return rule.own if rule.own is not None and actor.id in owners else rule.role


def _has_role(actor: Actor, role: Role) -> bool:
    return _ROLES.index(Role(actor.role)) >= _ROLES.index(role)
