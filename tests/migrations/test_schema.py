"""The schema that the steps make is the one that the tables say, on both kinds of database."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import grove.api  # noqa: F401 - every table must have been imported
from grove.kit.tables import Table
from grove.kit.transactions import Database
from grove.migrations import SchemaNewer, is_current, migrate


class TestTheSchema:
    def test_is_what_the_tables_say(self, database: Database) -> None:
        with database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Table.metadata) == []

    def test_is_left_alone_when_it_is_current(self, database: Database) -> None:
        assert is_current(database.engine)
        migrate(database.engine)
        assert is_current(database.engine)

    def test_of_a_newer_version_is_refused(self, database: Database) -> None:
        with database.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

        with pytest.raises(SchemaNewer):
            migrate(database.engine)
