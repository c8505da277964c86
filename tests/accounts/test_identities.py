"""Users whom an OpenID provider vouches for: who is let in, where, as what, and for how long."""

from datetime import timedelta

import pytest

from grove import accounts
from grove.accounts import (
    Admission,
    GroupRole,
    Opened,
    PrincipalKind,
    Role,
    SessionLife,
    TokenInvalid,
    Visit,
    Vouched,
    sign_in_vouched,
)
from grove.kit.gate import Actor, Source
from grove.kit.transactions import Database, Transaction
from tests.support.people import NOON, administrator

LIFE = SessionLife(idle_seconds=3_600, seconds_max=7_200)
VISIT = Visit(source=Source.WEB)
DEVELOPERS = Admission(roles=(GroupRole(group="devs", role=Role.DEVELOPER),))


def vouched(*groups: str, subject: str = "1", name: str = "ada") -> Vouched:
    return Vouched(issuer="https://i.example", subject=subject, name=name, email=None, groups=frozenset(groups))


def come(tx: Transaction, who: Vouched, admission: Admission, *, days: int = 0) -> Opened | None:
    now = NOON + timedelta(days=days)
    opened = sign_in_vouched(tx, vouched=who, admission=admission, visit=VISIT, life=LIFE, now=now)
    tx.session.flush()
    return opened


def show(tx: Transaction, secret: str, *, days: int = 0) -> Actor:
    return accounts.authenticate(tx, secret=secret, source=Source.WEB, now=NOON + timedelta(days=days))


def role_of(tx: Transaction, opened: Opened | None) -> Role:
    assert opened is not None
    return Role(show(tx, opened.secret).role)


class TestARole:
    def test_is_the_highest_of_all_groups(self, database: Database) -> None:
        admission = Admission(
            roles=(
                GroupRole(group="a", role=Role.DEVELOPER),
                GroupRole(group="b", role=Role.ADMIN),
                GroupRole(group="c", role=Role.VIEWER),
            ),
            default_role=Role.VIEWER,
        )
        with database.transaction() as tx:
            administrator(tx)
            assert role_of(tx, come(tx, vouched("c", "b", "a"), admission)) is Role.ADMIN
            assert role_of(tx, come(tx, vouched("a"), admission)) is Role.DEVELOPER
            assert role_of(tx, come(tx, vouched(), admission)) is Role.VIEWER

    def test_is_none_on_a_server_that_nobody_has_set_up(self, database: Database) -> None:
        with database.transaction() as tx:
            assert come(tx, vouched("devs"), DEVELOPERS) is None

    def test_belongs_to_the_tenant_of_the_group_that_stands_first(self, database: Database) -> None:
        admission = Admission(
            roles=(
                GroupRole(group="x", role=Role.MAINTAINER, tenant="tenant of two"),
                GroupRole(group="y", role=Role.DEVELOPER, tenant="tenant of one"),
                GroupRole(group="z", role=Role.ADMIN, tenant="nowhere"),
            )
        )
        with database.transaction() as tx:
            one, two = (administrator(tx, name=name) for name in ("one", "two"))
            first = come(tx, vouched("x", "y"), admission)
            assert first is not None
            assert show(tx, first.secret).tenant_id == two.tenant_id
            second = come(tx, vouched("y"), admission)
            assert second is not None
            assert show(tx, second.secret).tenant_id == one.tenant_id
            with pytest.raises(TokenInvalid):
                show(tx, first.secret)
            assert come(tx, vouched("z"), admission) is None
            with pytest.raises(TokenInvalid):
                show(tx, second.secret)


class TestTheOnlyAdministrator:
    ADMINS = Admission(roles=(GroupRole(group="admins", role=Role.ADMIN), GroupRole(group="devs", role=Role.DEVELOPER)))

    def test_keeps_the_role_whatever_the_groups_say(self, database: Database) -> None:
        with database.transaction() as tx:
            first = administrator(tx)
            ada = come(tx, vouched("admins"), self.ADMINS)
            assert role_of(tx, ada) is Role.ADMIN
            accounts.set_principal_active(
                tx, actor=show(tx, ada.secret if ada else ""), principal_id=first.id, active=False, now=NOON
            )

            assert role_of(tx, come(tx, vouched("devs"), self.ADMINS)) is Role.ADMIN
            assert role_of(tx, come(tx, vouched("admins", subject="2", name="bob"), self.ADMINS)) is Role.ADMIN
            assert role_of(tx, come(tx, vouched("devs"), self.ADMINS)) is Role.DEVELOPER

    def test_is_not_shut_out_for_good_but_not_let_in_either(self, database: Database) -> None:
        with database.transaction() as tx:
            first = administrator(tx)
            ada = come(tx, vouched("admins"), self.ADMINS)
            assert ada is not None
            accounts.set_principal_active(tx, actor=show(tx, ada.secret), principal_id=first.id, active=False, now=NOON)

            assert come(tx, vouched(), self.ADMINS) is None
            with pytest.raises(TokenInvalid):
                show(tx, ada.secret)
            assert role_of(tx, come(tx, vouched("admins"), self.ADMINS)) is Role.ADMIN


class TestAName:
    def test_is_never_one_that_another_has(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            opened = come(tx, vouched("devs", name="admin"), DEVELOPERS)
            assert opened is not None
            actor = show(tx, opened.secret)
            assert actor.id != admin.id
            assert actor.name.startswith("admin (")


class TestTrust:
    def test_runs_out_without_a_sign_in_for_users_and_for_their_agents(self, database: Database) -> None:
        with database.transaction() as tx:
            administrator(tx)
            opened = come(tx, vouched("devs"), DEVELOPERS)
            assert opened is not None
            ada = show(tx, opened.secret)
            agent = accounts.create_principal(
                tx, actor=ada, kind=PrincipalKind.AGENT, name="bot", role=Role.VIEWER, email=None, now=NOON
            )
            tx.session.flush()
            tokens = [
                accounts.issue_token(
                    tx, actor=ada, principal_id=each, name="t", scopes=frozenset({accounts.Scope.READ}), now=NOON
                ).secret
                for each in (ada.id, agent.id)
            ]
            for token in tokens:
                assert show(tx, token, days=29)
                with pytest.raises(TokenInvalid):
                    show(tx, token, days=30)
            come(tx, vouched("devs"), DEVELOPERS, days=30)
            for token in tokens:
                assert show(tx, token, days=59)
