"""The walls between tenants, as PostgreSQL holds them against whatever the serving role says."""

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import JSON, create_engine, text
from sqlalchemy.types import TypeEngine

import grove.api
import grove.wiring  # noqa: F401 - every table must have been imported
from grove import accounts, migrations
from grove.kit.tables import JsonObject, Table, TenantTable, UtcDateTime
from grove.kit.tenancy import serving, serving_all
from grove.kit.transactions import Database
from grove.policies import PolicyGate
from tests.support.people import NOON
from tests.support.postgres import Postgres

KINDS = [mapper.class_ for mapper in Table.registry.mappers if issubclass(mapper.class_, TenantTable)]
TABLES = [*sorted(kind.__tablename__ for kind in KINDS), "tenants"]
TENANTS = ("tenant-a", "tenant-b")


class Walled:
    """A migrated database of two roles, with a row of each tenant in every table."""

    def __init__(self, postgres: Postgres) -> None:
        self.url, self.owner_url = postgres.new_databases_of_two_roles()
        engine = create_engine(self.url)
        migrations.migrate(engine, owner_url=self.owner_url)
        engine.dispose()

    def connect(self, url: str = "") -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect((url or self.url).replace("+psycopg", ""))

    def fill(self) -> None:
        """As a superuser, without a look at foreign keys: walls do not know them."""
        with self.connect(self.url.replace(self.url.split("//")[1].split("@")[0], "grove")) as connection:
            connection.execute("SET session_replication_role = replica")
            for table in TABLES:
                for tenant in TENANTS:
                    insert(connection, table, tenant)


def insert(connection: "psycopg.Connection[tuple[object, ...]]", table: str, tenant: str) -> None:
    columns = Table.metadata.tables[table].columns
    values = {column.name: value_for(column.type, tenant) for column in columns if not column.nullable}
    values["id" if table == "tenants" else "tenant_id"] = tenant
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        ),
        list(values.values()),
    )


def value_for(kind: TypeEngine[Any], tenant: str) -> object:
    if isinstance(kind, JSON | JsonObject | UtcDateTime):
        return NOON if isinstance(kind, UtcDateTime) else "{}"
    known = {int: TENANTS.index(tenant) + 1, float: 1.0, bool: False, bytes: b"x", date: NOON.date()}
    return known.get(kind.python_type, f"{tenant[-1]}-{uuid.uuid4().hex[:4]}")


def tell(connection: "psycopg.Connection[tuple[object, ...]]", tenant: str) -> None:
    connection.execute("SELECT set_config('grove.tenant', %s, true)", [tenant])


def count(connection: "psycopg.Connection[tuple[object, ...]]", table: str) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


@pytest.fixture(scope="module")
def walled(postgres: Postgres) -> Walled:
    made = Walled(postgres)
    made.fill()
    return made


class TestRawSqlOfTheServingRole:
    def test_sees_the_rows_of_its_tenant_alone_in_every_table(self, walled: Walled) -> None:
        with walled.connect() as connection:
            tell(connection, TENANTS[0])
            assert {table: count(connection, table) for table in TABLES} == dict.fromkeys(TABLES, 1)

    def test_sees_nothing_when_it_names_no_tenant(self, walled: Walled) -> None:
        with walled.connect() as connection:
            assert {table: count(connection, table) for table in TABLES} == dict.fromkeys(TABLES, 0)

    def test_finds_no_tenant_of_an_earlier_transaction_on_the_same_connection(self, walled: Walled) -> None:
        with walled.connect() as connection:
            tell(connection, TENANTS[0])
            assert count(connection, "jobs") == 1
            connection.commit()
            assert count(connection, "jobs") == 0

    @pytest.mark.parametrize("table", TABLES)
    def test_adds_changes_and_removes_nothing_of_another_tenant(self, walled: Walled, table: str) -> None:
        column = sql.Identifier("id" if table == "tenants" else "tenant_id")
        parts = {"table": sql.Identifier(table), "column": column}
        with walled.connect() as connection:
            tell(connection, TENANTS[0])
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                insert(connection, table, TENANTS[1])
            connection.rollback()
            tell(connection, TENANTS[0])
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("UPDATE {table} SET {column} = 'tenant-b'").format(**parts))
            connection.rollback()
            if table == "audit_entries":  # whose rows nobody may change or remove
                return
            tell(connection, TENANTS[0])
            theirs = sql.SQL("DELETE FROM {table} WHERE {column} = 'tenant-b'").format(**parts)
            assert connection.execute(theirs).rowcount == 0

    @pytest.mark.parametrize("table", sorted(kind.__tablename__ for kind in KINDS if not kind.written_for_all))
    def test_that_serves_all_tenants_writes_only_where_a_table_says_why(self, walled: Walled, table: str) -> None:
        with walled.connect() as connection:
            tell(connection, "*")
            assert count(connection, table) == len(TENANTS)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                insert(connection, table, TENANTS[0])

    def test_cannot_take_the_walls_down(self, walled: Walled) -> None:
        for attempt in (
            "ALTER TABLE jobs DISABLE ROW LEVEL SECURITY",
            "DROP POLICY of_the_tenant ON jobs",
            "ALTER ROLE CURRENT_USER BYPASSRLS",
            "UPDATE audit_entries SET action = ''",
            "TRUNCATE jobs",
        ):
            with walled.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)


class TestWalls:
    def test_stand_around_every_table_of_a_tenant(self, walled: Walled) -> None:
        engine = create_engine(walled.url)
        walls = migrations.walls_of(engine)
        engine.dispose()

        assert walls is not None
        assert (walls.is_bypassed, walls.is_owner, walls.open_tables) == (False, False, ())

    def test_hold_against_the_one_role_that_an_operator_has(self, postgres: Postgres) -> None:
        _, only = postgres.new_databases_of_two_roles()
        engine = create_engine(only)
        migrations.migrate(engine)
        walls = migrations.walls_of(engine)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM tenants")) == 0
        engine.dispose()

        assert walls is not None
        assert (walls.is_bypassed, walls.is_owner, walls.open_tables) == (False, True, ())

    def test_are_told_to_be_none_for_a_role_that_may_bypass_them(self, postgres: Postgres) -> None:
        engine = create_engine(postgres.new_database())
        migrations.migrate(engine)
        walls = migrations.walls_of(engine)
        engine.dispose()

        assert walls is not None
        assert walls.is_bypassed

    def test_are_raised_again_where_somebody_took_one_down(self, postgres: Postgres) -> None:
        made = Walled(postgres)
        with made.connect(made.owner_url) as connection:
            connection.execute("ALTER TABLE hooks NO FORCE ROW LEVEL SECURITY")
            connection.execute("DROP POLICY of_the_tenant ON jobs")
        engine = create_engine(made.url)
        broken = migrations.walls_of(engine)
        migrations.migrate(engine, owner_url=made.owner_url)
        mended = migrations.walls_of(engine)
        engine.dispose()

        assert broken is not None
        assert broken.open_tables == ("hooks", "jobs")
        assert mended is not None
        assert mended.open_tables == ()


@pytest.fixture
def shared(postgres: Postgres) -> Iterator[Database]:
    """A database of the serving role with a single connection, which every transaction comes to share."""
    made = Walled(postgres)
    database = Database(made.url, gate=PolicyGate(), handlers={})
    yield database
    database.close()


class TestATransaction:
    def test_sets_up_tenants_as_the_serving_role_and_keeps_each_within_its_own(self, shared: Database) -> None:
        issued = []
        for name in ("one", "two"):
            with serving_all(), shared.transaction() as tx:
                wanted = accounts.NewAdministrator(name=name, email=None, tenant_name=name)
                issued.append(accounts.set_up(tx, administrator=wanted, now=NOON))

        for token in (each.token for each in issued):
            with serving(token.tenant_id), shared.reading() as tx:
                found = tx.session.scalars(text("SELECT tenant_id FROM principals")).all()
                assert found == [token.tenant_id]
        with shared.engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM principals")) == 0
