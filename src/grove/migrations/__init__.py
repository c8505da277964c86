"""The database's schema, step by step: the same steps on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

from grove.kit.errors import GroveError, Kind
from grove.kit.logging import logger
from grove.kit.tables import Table
from grove.kit.transactions import BUSY_SECONDS_MAX
from grove.migrations import walls
from grove.migrations.walls import Walls, walls_of

__all__ = ["SchemaNewer", "Walls", "draft_revision", "is_current", "migrate", "walls_of"]

_LOCK = 0x67726F7631
log = logger(__name__)


class SchemaNewer(GroveError):
    """The database was written by a newer version of Grove; this one will not touch it."""

    kind = Kind.CONFLICT
    code = "schema_newer"


JobSigner = Callable[[Mapping[str, Any]], str]
"""Signs the inputs of a job that was queued before jobs were signed."""


def migrate(engine: Engine, *, owner_url: str | None = None, sign_job: JobSigner | None = None) -> None:
    """Bring the database to the newest schema; only one process does it at a time.

    On PostgreSQL the walls between tenants are raised as well. With the URL of an owner, that role makes and owns the
    tables, and the role of `engine` may only use them.

    :raises SchemaNewer: if the database has a schema that this version does not know.
    """
    if owner_url is None:
        _migrate(engine, role=None, sign_job=sign_job)
        return
    owner = create_engine(owner_url)
    try:
        _migrate(owner, role=engine.url.username, sign_job=sign_job)
    finally:
        owner.dispose()


def _migrate(engine: Engine, *, role: str | None, sign_job: JobSigner | None) -> None:
    with _changing(engine) as connection:
        has_walls = connection.dialect.name == "postgresql"
        if has_walls:
            _take_turn(connection)
        config = _config(connection)
        steps = ScriptDirectory.from_config(config)
        present, newest = _present(connection), steps.get_current_head()
        if present is not None and present not in {step.revision for step in steps.walk_revisions()}:
            raise SchemaNewer(revision=present)
        if present != newest:
            if has_walls:
                walls.lower(connection)
            config.attributes["sign_job"] = sign_job
            command.upgrade(config, "head")
            log.info("schema_upgraded", was=present or "nothing", now=newest)
        if has_walls:
            walls.raise_again(connection, role=role)


@contextmanager
def _changing(engine: Engine) -> Iterator[Connection]:
    """A transaction in which tables may change.

    Where SQLite cannot change a table it is made anew and the old one dropped, and with that would go every row that
    belongs to one of its rows. So nothing is checked meanwhile, which can be said outside of a transaction alone.
    """
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            if is_sqlite:
                driver.execute("PRAGMA foreign_keys=ON")


def _take_turn(connection: Connection) -> None:
    """Wait for whoever brings the schema up to date, but not for long for whoever reads or writes a table.

    What wants to change a table and waits holds up everybody who only wants to use it.
    """
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    connection.execute(text(f"SET LOCAL lock_timeout = '{BUSY_SECONDS_MAX}s'"))


def is_current(engine: Engine) -> bool:
    """Whether the database has the newest schema that this version knows."""
    with engine.connect() as connection:
        return _present(connection) == ScriptDirectory.from_config(_config(connection)).get_current_head()


def draft_revision(engine: Engine, *, message: str, number: str) -> None:
    """For developers: write the next step from what the tables say."""
    with engine.begin() as connection:
        command.revision(_config(connection), message=message, autogenerate=True, rev_id=number)


def _present(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    config.attributes["target"] = Table.metadata
    return config
