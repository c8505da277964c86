"""Who may do what: by role, scope, tenant and ownership."""

import pytest

from grove.accounts import Role, Scope
from grove.kit.gate import Actor, Denied, Resource, Source
from grove.policies import RULES, RoleGate

ROLES = list(Role)


def actor(role: Role, *, scopes: frozenset[str] = frozenset(Scope), tenant: str = "t1") -> Actor:
    return Actor(id="a", tenant_id=tenant, name="ada", role=role, scopes=scopes, source=Source.API)


def resource(**attributes: object) -> Resource:
    return Resource(kind="thing", id="x", tenant_id="t1", attributes=dict(attributes))


@pytest.mark.parametrize("action", RULES)
class TestEveryRule:
    @pytest.mark.parametrize("role", ROLES)
    def test_holds_for_its_role_and_those_above(self, action: str, role: Role) -> None:
        if ROLES.index(role) >= ROLES.index(RULES[action].role):
            RoleGate().require(actor(role), action, resource())
        else:
            with pytest.raises(Denied, match="needs the role"):
                RoleGate().require(actor(role), action, resource())

    def test_needs_its_scope(self, action: str) -> None:
        others = frozenset(Scope) - {RULES[action].scope}
        with pytest.raises(Denied, match="lacks the scope"):
            RoleGate().require(actor(Role.ADMIN, scopes=others), action, resource())

    def test_stops_at_the_border_of_the_tenant(self, action: str) -> None:
        with pytest.raises(Denied, match="another tenant"):
            RoleGate().require(actor(Role.ADMIN, tenant="t2"), action, resource())


class TestTheGate:
    def test_denies_what_no_rule_speaks_of(self) -> None:
        with pytest.raises(Denied, match="no rule"):
            RoleGate().require(actor(Role.ADMIN), "repository.launch", resource())

    def test_lets_people_revoke_what_is_their_own(self) -> None:
        RoleGate().require(actor(Role.VIEWER), "token.revoke", resource(owner="a"))

        with pytest.raises(Denied):
            RoleGate().require(actor(Role.VIEWER), "token.revoke", resource(owner="b"))

    def test_lets_nobody_give_more_than_they_have(self) -> None:
        maker = actor(Role.ADMIN, scopes=frozenset({Scope.ADMIN}))
        with pytest.raises(Denied, match="its maker lacks"):
            RoleGate().require(maker, "token.issue", resource(scopes=frozenset({Scope.WRITE})))
