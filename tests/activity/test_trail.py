"""The audit trail: append-only, chained, and written with what it tells of or not at all; on both kinds of database."""

import threading
from contextvars import copy_context
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from grove import accounts, activity
from grove.activity import AuditQuestion, AuditUnwritable
from grove.kit.gate import Actor, Decision, Refusal, Resource
from grove.kit.transactions import Database
from tests.support.people import NOON, administrator, colleague

WRITERS = 6
ENTRIES_EACH = 5
DROP_GUARDS = {
    "sqlite": ["DROP TRIGGER audit_append_only_update", "DROP TRIGGER audit_append_only_delete"],
    "postgresql": ["DROP TRIGGER audit_append_only ON audit_entries"],
}
REFUSE_INSERTS = {
    "sqlite": ["CREATE TRIGGER full BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'no room'); END"],
    "postgresql": ["ALTER TABLE audit_entries ADD CONSTRAINT no_room CHECK (false) NOT VALID"],
}


def admin_of(database: Database) -> Actor:
    with database.transaction() as tx:
        return administrator(tx)


def note(database: Database, actor: Actor, *actions: str, hours: int = 0) -> None:
    with database.transaction() as tx:
        for action in actions:
            now = NOON + timedelta(hours=hours)
            activity.record(tx, actor=actor, action=action, target_kind="thing", target_id="x", now=now, n=[1, "ü"])


def change(database: Database, *statements: str) -> None:
    """Write to the database behind Grove's back."""
    with database.engine.begin() as connection:
        for statement in [*DROP_GUARDS[database.engine.dialect.name], *statements]:
            connection.execute(text(statement))


def report(database: Database, actor: Actor, known: tuple[int, str] | None = None) -> activity.TrailReport:
    with database.reading() as tx:
        return activity.verify_trail(tx, actor=actor, known=known)


def entries(database: Database, actor: Actor, question: AuditQuestion) -> list[str]:
    with database.reading() as tx:
        return [entry.action for entry in activity.list_entries(tx, actor=actor, question=question)]


class TestARefusal:
    def test_is_told_of_what_has_a_longer_name_than_an_id(self, database: Database) -> None:
        admin, name = admin_of(database), "x" * 100
        context = Resource(kind="context", id=name, tenant_id=admin.tenant_id)
        refusal = Refusal(actor=admin, action="context.remove", resource=context, decision=Decision(allowed=False))
        with database.transaction() as tx:
            activity.record_refusal(tx, refusal=refusal, now=NOON)

        with database.reading() as tx:
            told = activity.list_entries(tx, actor=admin, limit=1)[0]
        assert (told.action, told.target_id, told.facts["called"]) == ("permission.refuse", "", name)


class TestTheChain:
    def test_is_whole_when_nobody_touched_it(self, database: Database) -> None:
        admin = admin_of(database)
        note(database, admin, "one", "two")
        with database.reading() as tx:
            newest = activity.list_entries(tx, actor=admin, limit=1)[0]

        assert report(database, admin) == activity.TrailReport(entry_count=3, digest=newest.digest)

    def test_is_each_tenants_own(self, database: Database) -> None:
        ada, eve = admin_of(database), None
        with database.transaction() as tx:
            eve = administrator(tx, name="eve")
        note(database, ada, "one")
        note(database, eve, "two")

        assert report(database, ada).entry_count == 2
        assert report(database, eve).entry_count == 2
        assert "two" not in entries(database, ada, AuditQuestion())

    def test_cannot_be_forked_by_writers_at_the_same_time(self, database: Database) -> None:
        admin = admin_of(database)

        def write() -> None:
            for _ in range(ENTRIES_EACH):
                note(database, admin, "a", "b")

        writers = [threading.Thread(target=copy_context().run, args=(write,)) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        told = report(database, admin)
        assert told.is_whole
        assert told.entry_count == 1 + WRITERS * ENTRIES_EACH * 2

    @pytest.mark.parametrize(
        ("statement", "broken_at", "reason"),
        [
            ("UPDATE audit_entries SET actor_name = 'eve' WHERE sequence = 2", 2, "not say what was written"),
            ("UPDATE audit_entries SET facts = '{}' WHERE sequence = 3", 3, "not say what was written"),
            ("DELETE FROM audit_entries WHERE sequence = 2", 2, "an entry is missing"),
            ("DELETE FROM audit_entries WHERE sequence = 4", 4, "the last entries are missing"),
            (f"UPDATE audit_entries SET previous = '{'1' * 64}' WHERE sequence = 3", 3, "does not follow"),
        ],
    )
    def test_tells_the_first_entry_that_was_tampered_with(
        self, database: Database, statement: str, broken_at: int, reason: str
    ) -> None:
        admin = admin_of(database)
        note(database, admin, "one", "two", "three")
        change(database, statement)

        told = report(database, admin)
        assert (told.is_whole, told.broken_at) == (False, broken_at)
        assert reason in told.reason

    def test_written_anew_does_not_hold_the_digest_that_was_noted(self, database: Database) -> None:
        admin = admin_of(database)
        note(database, admin, "one")
        noted = report(database, admin)
        change(database, "DELETE FROM audit_entries WHERE sequence = 2", "DELETE FROM audit_chains")
        with database.reading() as tx:
            first = activity.list_entries(tx, actor=admin, limit=1)[0]
        change_end = f"INSERT INTO audit_chains VALUES ('{admin.tenant_id}', 1, '{first.digest}')"
        with database.engine.begin() as connection:
            connection.execute(text(change_end))
        note(database, admin, "something else")

        assert report(database, admin).is_whole
        told = report(database, admin, known=(noted.entry_count, noted.digest))
        assert (told.broken_at, told.reason) == (2, "its digest is not the one that was noted")

    @pytest.mark.parametrize("statement", ["UPDATE audit_entries SET actor_name = 'eve'", "DELETE FROM audit_entries"])
    def test_is_append_only_for_the_database_itself(self, database: Database, statement: str) -> None:
        admin_of(database)

        with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
            connection.execute(text(statement))


class TestATrailThatCannotBeWritten:
    def test_undoes_what_it_would_have_told_of(self, database: Database) -> None:
        admin = admin_of(database)
        with database.engine.begin() as connection:
            for statement in REFUSE_INSERTS[database.engine.dialect.name]:
                connection.execute(text(statement))

        with pytest.raises(AuditUnwritable), database.transaction() as tx:
            colleague(tx, of=admin, role=accounts.Role.ADMIN, name="eve")

        with database.reading() as tx:
            assert [principal.name for principal in accounts.list_principals(tx, actor=admin)] == ["admin"]


class TestReading:
    def test_filters_by_actor_action_target_and_time(self, database: Database) -> None:
        admin = admin_of(database)
        note(database, admin, "token.issue", "token.revoke", "user_create", hours=1)

        ask = AuditQuestion
        after = NOON + timedelta(minutes=1)
        assert entries(database, admin, ask(action="token.*")) == ["token.revoke", "token.issue"]
        assert entries(database, admin, ask(action="token.issue")) == ["token.issue"]
        assert entries(database, admin, ask(action="user%*")) == []
        assert entries(database, admin, ask(actor="admin", target_id="x", action="user*")) == ["user_create"]
        assert entries(database, admin, ask(actor=admin.id, until=after)) == ["tenant.set_up"]
        assert len(entries(database, admin, ask(since=after))) == 3
        assert entries(database, admin, ask(actor="eve")) == []

    def test_goes_on_in_both_directions(self, database: Database) -> None:
        admin = admin_of(database)
        note(database, admin, "one", "two", "three")

        with database.reading() as tx:
            newest = activity.list_entries(tx, actor=admin, beyond=4, limit=2)
            oldest = activity.list_entries(tx, actor=admin, beyond=1, limit=2, oldest_first=True)
        assert [entry.sequence for entry in newest] == [3, 2]
        assert [entry.sequence for entry in oldest] == [2, 3]
