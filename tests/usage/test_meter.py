"""Counting, writing down and asking, on both kinds of database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from grove import usage
from grove.accounts import Role
from grove.kit.gate import Actor, Denied
from grove.kit.transactions import Database
from grove.usage import Act, By, UsageMeter, UsageQuestion, Use
from tests.support.people import NOON, administrator, colleague

PAY = Use(repository_id="pay", branch="main")
WEB = Use(repository_id="web", branch="main")


@pytest.fixture
def admin(database: Database) -> Actor:
    with database.transaction() as tx:
        return administrator(tx)


@pytest.fixture
def developer(database: Database, admin: Actor) -> Actor:
    with database.transaction() as tx:
        return colleague(tx, of=admin, role=Role.DEVELOPER)


@pytest.fixture
def meter(database: Database) -> UsageMeter:
    return UsageMeter(database)


def asked(database: Database, actor: Actor, **question: object) -> dict[str, int]:
    with database.reading() as tx:
        lines = usage.usage_of(tx, actor=actor, question=UsageQuestion(**question))  # type: ignore[arg-type]
    return {f"{line.key} {line.branch}".strip(): line.count for line in lines}


class TestCounting:
    def test_adds_up_by_repository_branch_user_source_act_and_day(
        self, database: Database, meter: UsageMeter, admin: Actor, developer: Actor
    ) -> None:
        meter.count(admin, Act.SEARCH, [PAY, WEB], now=NOON)
        meter.count(admin, Act.READ, [Use(repository_id="pay", branch="feature")], now=NOON)
        meter.write(now=NOON)
        meter.count(developer, Act.SEARCH, [PAY], now=NOON + timedelta(days=1))
        meter.write(now=NOON)

        assert asked(database, admin) == {"pay": 3, "web": 1}
        assert asked(database, admin, by=By.BRANCH) == {"pay main": 2, "pay feature": 1, "web main": 1}
        assert asked(database, admin, by=By.USER) == {admin.id: 2, developer.id: 1}
        assert asked(database, admin, by=By.SOURCE) == {"api": 3}
        assert asked(database, admin, by=By.ACT) == {"search": 2, "read": 1}
        assert asked(database, admin, by=By.DAY) == {"2026-03-02": 1, "2026-03-01": 2}
        assert asked(database, admin, by=By.ACT, repository_id="web") == {"search": 1}
        assert asked(database, admin, since=date(2026, 3, 2)) == {"pay": 1}

    def test_writes_nothing_when_nothing_was_used(self, meter: UsageMeter) -> None:
        assert meter.write(now=NOON) == 0

    def test_counts_single_commits_together(self, database: Database, meter: UsageMeter, admin: Actor) -> None:
        for commit in ("a" * 40, "b" * 40):
            meter.count(admin, Act.READ, [Use(repository_id="pay", branch=commit)], now=NOON)
        meter.write(now=NOON)

        assert asked(database, admin, by=By.BRANCH) == {"pay commits": 2}

    def test_keeps_what_the_database_did_not_take(self, meter: UsageMeter, database: Database, admin: Actor) -> None:
        meter.count(admin, Act.SEARCH, [PAY], now=datetime(2026, 3, 1))  # noqa: DTZ001 - no moment without a zone is taken
        with pytest.raises(Exception, match="time zone"):
            meter.write(now=NOON)
        meter.count(admin, Act.READ, [], now=NOON)

        with pytest.raises(Exception, match="time zone"):
            meter.write(now=NOON)
        assert asked(database, admin) == {}


class TestLastUse:
    def test_is_the_newest_of_any_act(self, database: Database, meter: UsageMeter, admin: Actor) -> None:
        later = datetime(2026, 4, 1, tzinfo=UTC)
        meter.count(admin, Act.SEARCH, [PAY], now=NOON)
        meter.count(admin, Act.CLONE, [PAY], now=later)
        meter.count(admin, Act.READ, [WEB], now=NOON)
        meter.write(now=later)

        with database.transaction() as tx:
            usage.forget_usage(tx, tenant_id=admin.tenant_id, before=date(2027, 1, 1))
            assert usage.last_uses(tx, tenant_id=admin.tenant_id) == {"pay": later, "web": NOON}


class TestRights:
    def test_show_everybody_their_own_only(
        self, database: Database, meter: UsageMeter, admin: Actor, developer: Actor
    ) -> None:
        meter.count(admin, Act.SEARCH, [PAY], now=NOON)
        meter.count(developer, Act.SEARCH, [WEB], now=NOON)
        meter.write(now=NOON)

        assert asked(database, developer, principal_id=developer.id) == {"web": 1}
        for whose in (admin.id, None):
            with pytest.raises(Denied):
                asked(database, developer, principal_id=whose)

    def test_show_nothing_of_another_tenant(self, database: Database, meter: UsageMeter, admin: Actor) -> None:
        with database.transaction() as tx:
            stranger = administrator(tx, name="stranger")
        meter.count(admin, Act.SEARCH, [PAY], now=NOON)
        meter.write(now=NOON)

        assert asked(database, stranger) == {}
        assert asked(database, stranger, principal_id=admin.id) == {}
