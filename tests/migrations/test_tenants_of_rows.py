"""The step that has rows name the tenant which only the row they belong to named before."""

import itertools
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Connection, MetaData, text
from sqlalchemy.types import TypeEngine

from grove import migrations
from grove.kit.transactions import Database
from grove.policies import PolicyGate
from tests.migrations.test_audit_chain import connected, migrate_to
from tests.support.people import NOON

BELONGING = {
    "job_events": ("jobs", "job_id"),
    "forge_readers": ("repositories", "repository_id"),
    "hook_deliveries": ("hooks", "hook_id"),
    "mirror_refs": ("repositories", "repository_id"),
    "pull_switches": ("repositories", "repository_id"),
    "pulls": ("repositories", "repository_id"),
}
"""Tables whose rows named no tenant, the table that did, and by which column they belong to it."""
TENANTS = ("one", "two")
NUMBERS = itertools.count(1)


def insert(connection: Connection, known: MetaData, table: str, **given: Any) -> None:
    """A row with what is given, and with something in every other column that wants it."""
    columns = [column for column in known.tables[table].columns if not column.nullable or column.name in given]
    values = {column.name: given.get(column.name, _something(column.type)) for column in columns}
    connection.execute(known.tables[table].insert().values(values))


def _something(kind: TypeEngine[Any]) -> object:
    if isinstance(kind, JSON):
        return {}
    known = {int: next(NUMBERS), float: 1.0, bool: False, bytes: b"x", datetime: NOON, date: NOON.date()}
    return known.get(kind.python_type, f"x{next(NUMBERS)}")


class TestRowsOfBefore:
    def test_name_the_tenant_of_what_they_belong_to_and_are_dropped_when_that_is_gone(self, database_url: str) -> None:
        migrate_to(database_url, "0037")
        known = MetaData()
        with connected(database_url) as connection:
            known.reflect(connection)
            if connection.dialect.name == "postgresql":  # so that a row may belong to nothing
                connection.execute(text("SET session_replication_role = replica"))
            for owner in ("jobs", "hooks", "repositories"):
                for tenant in TENANTS:
                    insert(connection, known, owner, id=f"{owner}-of-{tenant}", tenant_id=tenant)
            for table, (owner, column) in BELONGING.items():
                for tenant in (*TENANTS, "nobody"):
                    insert(connection, known, table, **{column: f"{owner}-of-{tenant}"})

        database = Database(database_url, gate=PolicyGate(), handlers={})
        migrations.migrate(database.engine)
        with database.engine.connect() as connection:
            found = {
                table: sorted(map(tuple, connection.execute(text(f"SELECT {column}, tenant_id FROM {table}"))))
                for table, (_, column) in BELONGING.items()
            }
        database.close()

        assert found == {
            table: [(f"{owner}-of-{tenant}", tenant) for tenant in TENANTS] for table, (owner, _) in BELONGING.items()
        }
