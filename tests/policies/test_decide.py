"""Who may do what: by role, scope, tenant and ownership, as the policies that are shipped say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from grove.accounts import Role, Scope
from grove.kit.gate import Actor, Decision, Resource, Source
from grove.kit.tables import Table
from grove.policies import RULES, PolicyGate, kind_of

ROLES = list(Role)


def actor(
    role: Role,
    *,
    scopes: frozenset[str] = frozenset(Scope),
    tenant: str = "t1",
    name: str = "a",
    kind: str = "user",
    acts_for: Actor | None = None,
) -> Actor:
    return Actor(
        id=name, tenant_id=tenant, name=name, role=role, scopes=scopes, source=Source.API, kind=kind, acts_for=acts_for
    )


def thing(kind: str = "repository", **attributes: object) -> Resource:
    return Resource(kind=kind, id="x", tenant_id="t1", attributes=dict(attributes))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder: Path = tmp_path_factory.mktemp("policies")
    engine = create_engine(f"sqlite:///{folder}/grove.db")
    Table.metadata.create_all(engine)
    with Session(engine) as opened:
        yield opened


@pytest.fixture(scope="module")
def gate() -> PolicyGate:
    return PolicyGate()


class Asking:
    def __init__(self, gate: PolicyGate, session: Session) -> None:
        self.gate, self.session = gate, session

    def __call__(self, who: Actor, action: str, what: Resource | None = None) -> Decision:
        [decision] = self.gate.decide(self.session, who, action, [what or thing(kind_of(action))])
        return decision


@pytest.fixture
def ask(gate: PolicyGate, session: Session) -> Asking:
    return Asking(gate, session)


@pytest.mark.parametrize("action", RULES)
class TestEveryRule:
    @pytest.mark.parametrize("role", ROLES)
    def test_holds_for_its_role_and_those_above(self, ask: Asking, action: str, role: Role) -> None:
        decision = ask(actor(role), action)

        assert decision.allowed == (ROLES.index(role) >= ROLES.index(RULES[action].role))
        assert decision.policies if decision.allowed else "needs the role" in decision.reason

    def test_needs_its_scope(self, ask: Asking, action: str) -> None:
        decision = ask(actor(Role.ADMIN, scopes=frozenset(Scope) - {RULES[action].scope}), action)

        assert not decision.allowed
        assert "lacks the scope" in decision.reason

    def test_stops_at_the_border_of_the_tenant(self, ask: Asking, action: str) -> None:
        decision = ask(actor(Role.ADMIN, tenant="t2"), action)

        assert not decision.allowed
        assert decision.reason == "it belongs to another tenant"
        assert "grove.tenant" in decision.policies


class TestTheGate:
    def test_denies_what_no_rule_speaks_of(self, ask: Asking) -> None:
        assert ask(actor(Role.ADMIN), "repository.launch").reason == "no rule allows this action"

    def test_lets_people_revoke_what_is_their_own(self, ask: Asking) -> None:
        assert ask(actor(Role.VIEWER), "token.revoke", thing("token", owner="a")).allowed
        assert ask(actor(Role.VIEWER), "token.revoke", thing("token", owner="z", owner_acts_for="a")).allowed
        assert not ask(actor(Role.VIEWER), "token.revoke", thing("token", owner="b")).allowed

    def test_lets_nobody_give_more_than_they_have(self, ask: Asking) -> None:
        maker = actor(Role.ADMIN, scopes=frozenset({Scope.ADMIN}))
        decision = ask(maker, "token.issue", thing("token", scopes=frozenset({Scope.WRITE})))

        assert "its maker lacks" in decision.reason
        assert ask(maker, "token.issue", thing("token", scopes=frozenset({Scope.ADMIN}))).allowed

    def test_lets_nobody_approve_their_own_request(self, ask: Asking) -> None:
        decision = ask(actor(Role.ADMIN), "repository.approve", thing(requester="a"))

        assert decision.policies == ("grove.own_request",)
        assert decision.reason == "it is your own request"
        assert ask(actor(Role.ADMIN), "repository.approve", thing(requester="b")).allowed


class TestAnAgent:
    def test_may_do_no_more_than_the_one_it_acts_for(self, ask: Asking) -> None:
        of_viewer = actor(Role.ADMIN, name="bot", kind="agent", acts_for=actor(Role.VIEWER, name="ada"))

        assert ask(of_viewer, "repository.view").allowed
        assert ask(of_viewer, "repository.sync").reason == "it needs the role developer"

    def test_may_do_no_more_than_its_own_role_either(self, ask: Asking) -> None:
        assert not ask(
            actor(Role.VIEWER, kind="agent", acts_for=actor(Role.ADMIN, name="ada")), "repository.sync"
        ).allowed

    def test_keeps_what_is_its_own(self, ask: Asking) -> None:
        bot = actor(Role.DEVELOPER, name="bot", kind="agent", acts_for=actor(Role.DEVELOPER, name="ada"))

        assert ask(bot, "workspace.change", thing("workspace", owner="bot")).allowed

    def test_does_not_decide_about_requests(self, ask: Asking) -> None:
        bot = actor(Role.ADMIN, name="bot", kind="agent", acts_for=actor(Role.ADMIN, name="ada"))

        assert ask(bot, "repository.approve", thing(requester="z")).reason == "an agent does not decide about requests"
        assert not ask(bot, "repository.admit").allowed

    def test_may_stand_behind_three_agents_and_no_more(self, ask: Asking) -> None:
        chain = actor(Role.ADMIN, name="ada")
        for number in range(3):
            chain = actor(Role.ADMIN, name=f"bot{number}", kind="agent", acts_for=chain)

        assert ask(chain, "repository.view").allowed
        longer = actor(Role.ADMIN, name="bot3", kind="agent", acts_for=chain)
        assert ask(longer, "repository.view").reason == "it acts through more than 3 agents"


class TestAdmission:
    LARGE = (1 << 30) + 1

    def test_is_for_folders_that_are_allowed(self, ask: Asking) -> None:
        assert ask(actor(Role.DEVELOPER), "repository.admit", thing(visibility="local")).allowed
        assert not ask(actor(Role.DEVELOPER), "repository.admit", thing(visibility="public")).allowed

    def test_of_something_large_needs_a_maintainer(self, ask: Asking) -> None:
        large = thing(visibility="local", size_bytes=self.LARGE)

        refusal = ask(actor(Role.DEVELOPER), "repository.admit", large)
        assert refusal.reason == "it is so large that a maintainer has to decide"
        assert not ask(actor(Role.ADMIN, kind="service"), "repository.admit", large).allowed
        assert ask(actor(Role.MAINTAINER), "repository.admit", large).allowed


class TestActingOnOneself:
    def test_is_decided_like_acting_on_others(self, ask: Asking) -> None:
        itself = Resource(kind="user", id="a", tenant_id="t1")

        assert ask(actor(Role.ADMIN), "user.suspend", itself).allowed
        assert not ask(actor(Role.VIEWER), "user.suspend", itself).allowed
