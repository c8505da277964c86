"""Counting what is allowed, writing it down and asking, on both kinds of database."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from grove import decisions
from grove.accounts import Role
from grove.decisions import Decided, DecisionMeter, DecisionQuestion, Place
from grove.kit.errors import StorageFull
from grove.kit.gate import Actor, Consent, Denied, Resource
from grove.kit.tally import Tally
from grove.kit.transactions import Database
from grove.policies import PolicyGate
from tests.support.people import NOON, administrator, colleague
from tests.support.schema import lay_schema


@pytest.fixture
def meter() -> DecisionMeter:
    return DecisionMeter()


@pytest.fixture
def database(database_url: str, meter: DecisionMeter) -> Iterator[Database]:
    """A database that counts what is allowed in its transactions."""
    made = Database(
        database_url, gate=PolicyGate(), handlers={}, counting=lambda consents: meter.count(consents, now=NOON)
    )
    lay_schema(made.engine)
    yield made
    made.close()


@pytest.fixture
def admin(database: Database) -> Actor:
    with database.transaction() as tx:
        return administrator(tx)


@pytest.fixture
def developer(database: Database, admin: Actor) -> Actor:
    with database.transaction() as tx:
        return colleague(tx, of=admin, role=Role.DEVELOPER)


def consent(actor: Actor, resource_id: str = "pay", *, policies: tuple[str, ...] = ("grove.viewer",)) -> Consent:
    return Consent(
        actor=actor, action="file.read", kind="repository", resource_id=resource_id, policies=policies, version=1
    )


EVERYTHING = DecisionQuestion()


def asked(database: Database, actor: Actor, question: DecisionQuestion = EVERYTHING, **more: object) -> list[Decided]:
    with database.reading() as tx:
        return decisions.list_decisions(tx, actor=actor, question=question, **more)  # type: ignore[arg-type]


def told(lines: list[Decided]) -> list[tuple[str, str, int]]:
    return [(line.action, line.resource_id, line.count) for line in lines]


class TestCounting:
    def test_adds_up_what_the_same_policies_allowed_and_tells_first_and_last(
        self, database: Database, meter: DecisionMeter, admin: Actor, developer: Actor
    ) -> None:
        meter.write(database)
        for hours in (1, 3, 2):
            meter.count([consent(developer)], now=NOON + timedelta(hours=hours))
            meter.write(database)
        meter.count([consent(developer, policies=("grove.viewer", "ours"))], now=NOON + timedelta(days=1))
        meter.count([consent(developer)], now=NOON + timedelta(days=2))
        meter.write(database)

        both = asked(database, admin, DecisionQuestion(resource_id="pay"))
        days = asked(database, admin, DecisionQuestion(resource_id="pay"), by_day=True, oldest_first=True)

        assert [(line.policies, line.count, line.first_at, line.last_at, line.day) for line in both] == [
            (("grove.viewer",), 4, NOON + timedelta(hours=1), NOON + timedelta(days=2), None),
            (("grove.viewer", "ours"), 1, NOON + timedelta(days=1), NOON + timedelta(days=1), None),
        ]
        assert [(line.day, line.count) for line in days] == [
            (NOON.date(), 3),
            (NOON.date() + timedelta(days=1), 1),
            (NOON.date() + timedelta(days=2), 1),
        ]

    def test_is_asked_by_person_thing_action_policy_and_day(
        self, database: Database, meter: DecisionMeter, admin: Actor, developer: Actor
    ) -> None:
        meter.write(database)
        meter.count([consent(developer), replace(consent(admin, "web"), action="search.run")], now=NOON)
        meter.count([consent(admin, policies=("ours",))], now=NOON + timedelta(days=1))
        meter.write(database)

        def found(**question: object) -> int:
            wanted = DecisionQuestion(**question)  # type: ignore[arg-type]
            return sum(line.resource_id != "" for line in asked(database, admin, wanted))

        assert found() == 3
        assert found(principal_id=developer.id) == 1
        assert found(resource_id="web") == 1
        assert found(action="file.*") == 2
        assert found(action="file.rea") == 0
        assert found(policy="ours") == 1
        assert found(policy="our") == 0
        assert found(since=date(2026, 3, 2)) == 1
        assert found(until=date(2026, 3, 2)) == 2

    @pytest.mark.parametrize("by_day", [True, False])
    @pytest.mark.parametrize("oldest_first", [True, False])
    def test_is_read_page_by_page(  # noqa: PLR0917 - pytest calls by name
        self, database: Database, meter: DecisionMeter, admin: Actor, by_day: bool, oldest_first: bool
    ) -> None:
        meter.write(database)
        for days in range(3):
            meter.count([consent(admin, name) for name in "abc"], now=NOON + timedelta(days=days))
        meter.write(database)
        at_once = asked(database, admin, by_day=by_day, oldest_first=oldest_first, limit=100)

        found: list[Decided] = []
        place: Place | None = None
        while len(found) < len(at_once):
            found += asked(database, admin, by_day=by_day, oldest_first=oldest_first, beyond=place, limit=2)
            place = decisions.place_of(found[-1])

        assert [line.resource_id for line in found] == [line.resource_id for line in at_once]
        assert sum(line.resource_id != "" for line in found) == (9 if by_day else 3)

    def test_leaves_out_names_that_a_database_cannot_keep(
        self, database: Database, meter: DecisionMeter, admin: Actor
    ) -> None:
        meter.count([consent(admin, "a\0b"), consent(admin, "\ud800"), consent(admin, "n" * 999)], now=NOON)
        meter.write(database)

        assert {line.resource_id for line in asked(database, admin, DecisionQuestion(action="file.read"))} == {
            "",
            "n" * 200,
        }


class TestWhatIsCounted:
    def test_is_what_was_allowed_and_the_trail_does_not_tell_of(
        self, database: Database, meter: DecisionMeter, admin: Actor, developer: Actor
    ) -> None:
        meter.write(database)
        about = Resource(kind="repository", id="pay", tenant_id=admin.tenant_id)
        with database.reading() as tx:
            tx.require(developer, "file.read", about)
        with database.transaction() as tx:
            tx.require(developer, "repository.sync", about)
            tx.decisions(developer)  # as the trail does
            tx.require(developer, "repository.view", about)
        with database.reading() as tx:
            tx.allowed(developer, "repository.clone", [about])
            tx.decision(developer, "workspace.create", about)
        with suppress(Denied), database.reading() as tx:
            tx.require(developer, "repository.remove", about)
        meter.write(database)

        mine = asked(database, admin, DecisionQuestion(principal_id=developer.id))

        assert sorted(told(mine)) == [("file.read", "pay", 1), ("repository.view", "pay", 1)]
        assert {line.policies for line in mine} == {("grove.viewer",)}

    def test_names_nothing_when_nothing_came_of_it(
        self, database: Database, meter: DecisionMeter, admin: Actor, developer: Actor
    ) -> None:
        meter.write(database)
        about = Resource(kind="repository", id="pay", tenant_id=admin.tenant_id)
        with suppress(Denied), database.transaction() as tx:
            tx.require(developer, "repository.sync", about)
            tx.decisions(developer)
            tx.require(developer, "repository.remove", about)
        meter.write(database)

        assert told(asked(database, admin, DecisionQuestion(principal_id=developer.id))) == [("repository.sync", "", 1)]

    def test_of_many_things_together_is_told_once_and_of_those_that_were_shown_each_by_itself(
        self, database: Database, meter: DecisionMeter, admin: Actor, developer: Actor
    ) -> None:
        meter.write(database)
        with database.reading() as tx:
            things = [Resource(kind="repository", id=f"r{number}", tenant_id=admin.tenant_id) for number in range(100)]
            elsewhere = Resource(kind="repository", id="theirs", tenant_id="elsewhere")
            selection = tx.select(developer, "search.run", [*things, elsewhere])
            tx.consents.add(selection.summary())
        database.count(list(selection.consents({"r3", "r5", "theirs"})))
        meter.write(database)

        found = sorted(told(asked(database, admin, DecisionQuestion(principal_id=developer.id))))

        assert found == [("search.run", "", 1), ("search.run", "r3", 1), ("search.run", "r5", 1)]


class TestWriting:
    def test_keeps_what_could_not_be_written(self, database: Database, meter: DecisionMeter, admin: Actor) -> None:
        meter.count([consent(admin)], now=datetime(2026, 3, 1))  # noqa: DTZ001 - no moment without a zone is taken
        for _ in range(2):
            with pytest.raises(Exception, match="time zone"):
                meter.write(database)

    def test_of_two_processes_adds_up(self, database: Database, admin: Actor) -> None:
        meters = [DecisionMeter(), DecisionMeter()]
        for hours, each in enumerate(reversed(meters)):
            each.count([consent(admin)], now=NOON + timedelta(hours=hours))
        for each in meters:
            each.write(database)

        [line] = asked(database, admin, DecisionQuestion(action="file.read"))
        assert (line.count, line.first_at, line.last_at) == (2, NOON, NOON + timedelta(hours=1))


class TestATally:
    def test_holds_so_many_and_counts_on_when_there_is_room_again(self, database: Database) -> None:
        tally, written = Tally("test", keys_max=2), []
        tally.add([("t", name) for name in "abc"], now=NOON)

        def fail(*_given: object) -> None:
            raise StorageFull

        with pytest.raises(StorageFull):
            tally.write(database, fail)
        tally.add([("t", "a"), ("t", "d")], now=NOON)
        tally.write(database, lambda _tx, counts: written.append({key[1]: each.count for key, each in counts.items()}))
        tally.add([("t", "e")], now=NOON)
        tally.write(database, lambda _tx, counts: written.append({key[1]: each.count for key, each in counts.items()}))

        assert written == [{"a": 2, "b": 1}, {"e": 1}]


class TestRights:
    def test_are_administrators_alone_and_of_their_own_tenant(
        self, database: Database, meter: DecisionMeter, admin: Actor, developer: Actor
    ) -> None:
        with database.transaction() as tx:
            stranger = administrator(tx, name="stranger")
        meter.count([consent(admin)], now=NOON)
        meter.write(database)

        assert asked(database, stranger, DecisionQuestion(resource_id="pay")) == []
        with pytest.raises(Denied):
            asked(database, developer)


class TestForgetting:
    def test_takes_whole_days_long_ago(self, database: Database, meter: DecisionMeter, admin: Actor) -> None:
        meter.write(database)
        for days in range(3):
            meter.count([consent(admin, f"r{days}")], now=datetime(2026, 3, 1 + days, tzinfo=UTC))
        meter.write(database)
        with database.transaction() as tx:
            assert decisions.forget_decisions(tx, tenant_id=admin.tenant_id, before=date(2026, 3, 3)) == 2

        assert told(asked(database, admin, DecisionQuestion(action="file.read"))) == [("file.read", "r2", 1)]
