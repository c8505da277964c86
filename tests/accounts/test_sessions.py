"""Sessions: opened by signing in, listed and ended by whose they are and by administrators."""

from datetime import timedelta

import pytest

from grove import accounts, activity
from grove.accounts import Role, SessionLife, SessionNotFound, SignIn, TokenInvalid, Visit
from grove.accounts.sessions import OPEN_SESSIONS_MAX
from grove.accounts.tables import SessionRow
from grove.kit.gate import Actor, Source
from grove.kit.transactions import Database, Transaction
from tests.support.people import NOON, administrator, colleague

LIFE = SessionLife(idle_seconds=3600, seconds_max=7200)
VISIT = Visit(source=Source.WEB, address="192.0.2.7", client="Firefox")


def opened(tx: Transaction, owner: Actor, *, minutes: int = 0) -> accounts.Opened:
    now = NOON + timedelta(minutes=minutes)
    return accounts.open_session(tx, principal_id=owner.id, method=SignIn.PASSWORD, visit=VISIT, life=LIFE, now=now)


def show(tx: Transaction, secret: str) -> Actor:
    return accounts.authenticate(tx, secret=secret, source=Source.WEB, now=NOON)


def actions(tx: Transaction, admin: Actor) -> list[str]:
    page = activity.list_entries(tx, actor=admin, question=activity.AuditQuestion(action="session.*"), limit=50)
    return [entry.action for entry in page]


class TestASession:
    def test_is_known_by_a_digest_alone(self, database: Database) -> None:
        with database.transaction() as tx:
            made = opened(tx, administrator(tx))
            row = tx.session.get(SessionRow, made.session.id)

            assert row is not None
            assert made.secret not in str(vars(row))
            assert made.secret not in repr(made)
            assert (made.session.address, made.session.client) == ("192.0.2.7", "Firefox")

    def test_is_listed_and_ended_by_its_owner_and_by_administrators(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            ada, bob = (colleague(tx, of=admin, role=Role.VIEWER, name=name) for name in ("ada", "bob"))
            first, second = opened(tx, ada), opened(tx, ada, minutes=1)
            for actor in (ada, admin):
                listed = accounts.list_sessions(tx, actor=actor, principal_id=ada.id, now=NOON)
                assert [session.id for session in listed] == [second.session.id, first.session.id]
            with pytest.raises(accounts.PrincipalNotFound):
                accounts.list_sessions(tx, actor=bob, principal_id=ada.id, now=NOON)
            with pytest.raises(SessionNotFound):
                accounts.end_session(tx, actor=bob, session_id=first.session.id, now=NOON)

            accounts.end_session(tx, actor=admin, session_id=first.session.id, now=NOON)
            accounts.end_session(tx, actor=ada, session_id=first.session.id, now=NOON)

            with pytest.raises(TokenInvalid):
                show(tx, first.secret)
            assert show(tx, second.secret).id == ada.id
            later = NOON + timedelta(hours=3)
            assert accounts.list_sessions(tx, actor=ada, principal_id=ada.id, now=later) == []
        with database.reading() as tx:
            assert actions(tx, admin) == ["session.end", "session.open", "session.open"]

    def test_is_hidden_behind_the_border_of_its_tenant(self, database: Database) -> None:
        with database.transaction() as tx:
            made = opened(tx, administrator(tx, name="one"))
            stranger = administrator(tx, name="two")
            with pytest.raises(SessionNotFound):
                accounts.end_session(tx, actor=stranger, session_id=made.session.id, now=NOON)
            with pytest.raises(accounts.PrincipalNotFound):
                accounts.list_sessions(tx, actor=stranger, principal_id=made.session.principal_id, now=NOON)

    def test_ends_when_its_owner_is_shut_out_and_does_not_come_back(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            ada = colleague(tx, of=admin, role=Role.VIEWER, name="ada")
            made = opened(tx, ada)
            for active in (False, True):
                accounts.set_principal_active(tx, actor=admin, principal_id=ada.id, active=active, now=NOON)
                tx.session.flush()
                tx.session.expire_all()
                with pytest.raises(TokenInvalid):
                    show(tx, made.secret)

    def test_gives_way_when_there_are_too_many(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            made = [opened(tx, admin, minutes=minute) for minute in range(OPEN_SESSIONS_MAX + 1)]
            with pytest.raises(TokenInvalid):
                show(tx, made[0].secret)
            assert show(tx, made[1].secret).id == admin.id

    def test_ends_when_its_secret_has_leaked(self, database: Database) -> None:
        with database.transaction() as tx:
            made = opened(tx, administrator(tx))
            assert accounts.report_leak(tx, secret=made.secret, source=Source.API, now=NOON)
            assert not accounts.report_leak(tx, secret=made.secret, source=Source.API, now=NOON)
            with pytest.raises(TokenInvalid):
                show(tx, made.secret)


class TestARefusal:
    def test_is_in_the_trail_without_what_was_typed(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            tx.session.flush()
            accounts.record_refusal(tx, known=None, visit=VISIT, reason="sign_in_refused", now=NOON)
        with database.reading() as tx:
            [entry] = activity.list_entries(
                tx, actor=admin, question=activity.AuditQuestion(action="session.refuse"), limit=5
            )
        assert entry.facts["address"] == "192.0.2.7"
        assert entry.facts["reason"] == "sign_in_refused"
