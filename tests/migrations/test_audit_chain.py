"""The step that makes a chain of an audit trail that was none."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from grove import activity, migrations
from grove.accounts import Role
from grove.kit.gate import Actor, Source
from grove.kit.transactions import Database
from grove.policies import PolicyGate

INSERT = (
    "INSERT INTO audit_entries (tenant_id, actor_id, actor_name, source, action, target_kind, target_id, facts, at)"
    " VALUES (:tenant, 'a', 'ada', 'api', :action, 'thing', 'x', '{\"z\": [1.5, \"ü\"], \"a\": null}', :at)"
)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def migrate_to(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with connected(url) as connection:
        config.attributes.update(connection=connection, target=None)
        command.upgrade(config, revision)


class TestExistingEntries:
    def test_are_chained_in_their_order_in_each_tenant(self, database_url: str) -> None:
        migrate_to(database_url, "0004")
        at = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
        stored = at if database_url.startswith("postgresql") else "2026-03-01 12:00:00.123456"
        rows = [{"tenant": f"t{n % 2}", "action": f"act.{n}", "at": stored} for n in range(2_500)]
        with connected(database_url) as connection:
            connection.execute(text(INSERT), rows)
        database = Database(database_url, gate=PolicyGate(), handlers={})
        migrations.migrate(database.engine)
        actor = Actor(
            id="a", tenant_id="t1", name="ada", role=Role.ADMIN, scopes=frozenset({"admin"}), source=Source.API
        )

        with database.transaction() as tx:
            activity.record(tx, actor=actor, action="act.last", target_kind="thing", target_id="x", now=at)
        with database.reading() as tx:
            report = activity.verify_trail(tx, actor=actor)
            entries = activity.list_entries(tx, actor=actor, oldest_first=True, limit=2)
        database.close()

        assert (report.is_whole, report.entry_count, report.reason) == (True, 1_251, "")
        assert [(entry.sequence, entry.action, entry.at) for entry in entries] == [(1, "act.1", at), (2, "act.3", at)]
