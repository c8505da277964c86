"""Set-up, tokens and who may make whom, on both kinds of database."""

from datetime import timedelta

import pytest

from grove import accounts
from grove.accounts import PrincipalKind, Role, Scope
from grove.kit.gate import Actor, Denied, Source
from grove.kit.names import NameInvalid
from grove.kit.transactions import Database, Transaction
from tests.support.people import NOON, administrator, colleague

WANTED = accounts.NewAdministrator(name="ada", email="ada@example.org")


class TestSetupLink:
    def test_makes_the_first_administrator(self, database: Database) -> None:
        with database.transaction() as tx:
            secret = accounts.open_setup_link(tx, now=NOON)
        with database.transaction() as tx:
            issued = accounts.use_setup_link(tx, secret=secret, administrator=WANTED, now=NOON)
            actor = accounts.authenticate(tx, secret=issued.secret, source=Source.WEB, now=NOON)

        assert (actor.name, actor.role) == ("ada", Role.ADMIN)

    def test_works_once(self, database: Database) -> None:
        with database.transaction() as tx:
            secret = accounts.open_setup_link(tx, now=NOON)
            accounts.use_setup_link(tx, secret=secret, administrator=WANTED, now=NOON)

        with pytest.raises(accounts.SetupLinkInvalid), database.transaction() as tx:
            accounts.use_setup_link(tx, secret=secret, administrator=WANTED, now=NOON)

    def test_is_too_old_after_half_an_hour(self, database: Database) -> None:
        with database.transaction() as tx:
            secret = accounts.open_setup_link(tx, now=NOON)

        with pytest.raises(accounts.SetupLinkInvalid), database.transaction() as tx:
            accounts.use_setup_link(tx, secret=secret, administrator=WANTED, now=NOON + timedelta(minutes=30))

    def test_stops_working_when_a_newer_one_is_made(self, database: Database) -> None:
        with database.transaction() as tx:
            older = accounts.open_setup_link(tx, now=NOON)
            accounts.open_setup_link(tx, now=NOON)

        with pytest.raises(accounts.SetupLinkInvalid), database.transaction() as tx:
            accounts.use_setup_link(tx, secret=older, administrator=WANTED, now=NOON)

    def test_is_worthless_when_there_is_an_administrator(self, database: Database) -> None:
        with database.transaction() as tx:
            secret = accounts.open_setup_link(tx, now=NOON)
            administrator(tx)

        with pytest.raises(accounts.SetupLinkInvalid), database.transaction() as tx:
            accounts.use_setup_link(tx, secret=secret, administrator=WANTED, now=NOON)


class TestTokens:
    def test_an_unknown_secret_is_refused(self, database: Database) -> None:
        with pytest.raises(accounts.TokenInvalid), database.reading() as tx:
            accounts.authenticate(tx, secret="grove_nobody", source=Source.API, now=NOON)

    def test_a_revoked_token_is_refused(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            issued = issue(tx, admin, admin.id)
            accounts.revoke_token(tx, actor=admin, token_id=issued.token.id, now=NOON)

        with pytest.raises(accounts.TokenInvalid), database.reading() as tx:
            accounts.authenticate(tx, secret=issued.secret, source=Source.API, now=NOON)

    def test_an_expired_token_is_refused(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            issued = issue(tx, admin, admin.id, days=1)

        with pytest.raises(accounts.TokenInvalid), database.reading() as tx:
            accounts.authenticate(tx, secret=issued.secret, source=Source.API, now=NOON + timedelta(days=1))

    def test_a_suspended_owner_is_shut_out_at_once(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            user = colleague(tx, of=admin, role=Role.DEVELOPER)
            issued = issue(tx, admin, user.id)
            accounts.set_principal_active(tx, actor=admin, principal_id=user.id, active=False, now=NOON)

        with pytest.raises(accounts.TokenInvalid), database.reading() as tx:
            accounts.authenticate(tx, secret=issued.secret, source=Source.API, now=NOON)

    def test_another_role_counts_at_once(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            user = colleague(tx, of=admin, role=Role.VIEWER)
            issued = issue(tx, admin, user.id)
            changed = accounts.set_role(tx, actor=admin, principal_id=user.id, role=Role.MAINTAINER, now=NOON)

        with database.reading() as tx:
            actor = accounts.authenticate(tx, secret=issued.secret, source=Source.API, now=NOON)
        assert (changed.role, actor.role) == (Role.MAINTAINER, Role.MAINTAINER)

    def test_nobody_gives_themselves_another_role(self, database: Database) -> None:
        with database.transaction() as tx:
            user = colleague(tx, of=administrator(tx), role=Role.MAINTAINER)
            with pytest.raises(Denied):
                accounts.set_role(tx, actor=user, principal_id=user.id, role=Role.ADMIN, now=NOON)

    def test_the_only_administrator_stays_one(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            with pytest.raises(accounts.LastAdministrator):
                accounts.set_role(tx, actor=admin, principal_id=admin.id, role=Role.VIEWER, now=NOON)
            with pytest.raises(accounts.LastAdministrator):
                accounts.set_principal_active(tx, actor=admin, principal_id=admin.id, active=False, now=NOON)

            another = colleague(tx, of=admin, role=Role.DEVELOPER)
            accounts.set_role(tx, actor=admin, principal_id=another.id, role=Role.ADMIN, now=NOON)
            stepped_down = accounts.set_role(tx, actor=admin, principal_id=admin.id, role=Role.VIEWER, now=NOON)

        assert stepped_down.role is Role.VIEWER

    def test_a_user_may_have_tokens_of_its_own_but_none_of_others(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            user = colleague(tx, of=admin, role=Role.VIEWER)
            assert issue(tx, user, user.id).token.principal_id == user.id

            with pytest.raises(accounts.PrincipalNotFound):
                issue(tx, user, admin.id)

    def test_nobody_gives_a_scope_that_their_own_token_lacks(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            reader = accounts.actor_of(
                tx, principal_id=admin.id, source=Source.API, scopes=frozenset({Scope.READ, Scope.ADMIN})
            )

            with pytest.raises(Denied, match="scope that its maker lacks"):
                issue(tx, reader, admin.id)

    def test_its_secret_is_stored_nowhere(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            issued = issue(tx, admin, admin.id)
            rows = tx.session.connection().exec_driver_sql("SELECT * FROM api_tokens").all()

        assert issued.secret not in str(rows)
        assert issued.secret not in repr(issued)

    def test_its_last_use_is_known_to_the_minute(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            issued = issue(tx, admin, admin.id)
            for seconds in (0, 30, 90):
                accounts.mark_token_used(tx, secret=issued.secret, now=NOON + timedelta(seconds=seconds))
            tx.session.expire_all()
            tokens = accounts.list_tokens(tx, actor=admin, principal_id=admin.id)
            newest = next(token for token in tokens if token.id == issued.token.id)

        assert newest.last_used_at == NOON + timedelta(seconds=90)


class TestAgents:
    def test_an_agent_has_at_most_the_role_of_its_user(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            user = colleague(tx, of=admin, role=Role.DEVELOPER)
            agent = accounts.create_principal(
                tx, actor=user, kind=PrincipalKind.AGENT, name="bot", role=Role.ADMIN, email=None, now=NOON
            )
            tx.session.flush()
            actor = accounts.actor_of(tx, principal_id=agent.id, source=Source.MCP, scopes=frozenset({"read"}))

        assert actor.role == Role.DEVELOPER

    def test_a_viewer_makes_no_users(self, database: Database) -> None:
        with database.transaction() as tx:
            viewer = colleague(tx, of=administrator(tx), role=Role.VIEWER)

            with pytest.raises(Denied):
                colleague(tx, of=viewer, role=Role.VIEWER, name="friend")


def issue(tx: Transaction, actor: Actor, principal_id: str, *, days: int | None = None) -> accounts.Issued:
    return accounts.issue_token(
        tx,
        actor=actor,
        principal_id=principal_id,
        name="test",
        scopes=frozenset(Scope),
        days=days,
        now=NOON,
    )


UNFIT = (
    *("..", ".", "  ", "a/b", "a\\b", "%2e%2e%2f", "\uff0e\uff0e\uff0f", "con", "NUL.txt"),
    *("x\0y", "-rf", "a" * 300, "\ufb01", " a", "a\nb"),
)


class TestANewName:
    @pytest.mark.parametrize("name", UNFIT)
    def test_is_a_plain_line(self, database: Database, name: str) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            with pytest.raises(NameInvalid):
                colleague(tx, of=admin, role=Role.VIEWER, name=name)
            with pytest.raises(NameInvalid):
                accounts.create_project(tx, actor=admin, name=name, now=NOON)

    def test_is_nobody_elses_in_any_form_of_its_letters(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            colleague(tx, of=admin, role=Role.VIEWER, name="Alice Fi")
            accounts.create_project(tx, actor=admin, name="Straße", now=NOON)
            tx.session.flush()
            for same in ("alice fi", "ALICE FI"):
                with pytest.raises(accounts.NameTaken):
                    colleague(tx, of=admin, role=Role.VIEWER, name=same)
            with pytest.raises(accounts.NameTaken):
                accounts.create_project(tx, actor=admin, name="STRASSE", now=NOON)
