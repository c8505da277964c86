"""Examining the database of a data folder: can it be reached, is it this version's, does its work go on."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pysqlite3
from sqlalchemy import bindparam, text
from sqlalchemy.exc import SQLAlchemyError

from grove import jobs, migrations
from grove.cli.finding import Finding, failed, passed, warned
from grove.cli.quantity import counted, shown_seconds
from grove.credentials import WRAPS_MAX, WRAPS_WARNED, Keyring, MasterKeyMissing, check_keyring, wraps_of
from grove.kit.errors import GroveError
from grove.kit.tables import UtcDateTime
from grove.kit.tenancy import serving_all
from grove.kit.transactions import Database, Transaction
from grove.placement import Locator
from grove.policies import PolicyGate
from grove.settings import Settings
from grove.wiring import database_url

SQLITE_VERSION_MIN = (3, 51, 3)
"""Before, a write at the wrong moment of a checkpoint could damage a database that keeps a write-ahead log."""
WAITING_SECONDS_MAX = 300
_ABANDONED = text("SELECT count(*) FROM jobs WHERE state = 'running' AND lease_until < :now").bindparams(
    bindparam("now", type_=UtcDateTime())
)


def examine_database(settings: Settings, locator: Locator, *, keyring: Keyring | None) -> Iterator[Finding]:
    """What there is to say about the database."""
    is_embedded = settings.database_url is None
    if is_embedded:
        yield _sqlite_version()
    code, title = "GROVE-DB02", "the database can be reached"
    if is_embedded and not locator.database().exists():
        yield warned(code, title, problem="there is none yet", solution=f"grove serve --data {locator.data}")
        return
    database = Database(database_url(settings, locator), gate=PolicyGate(), handlers={})
    try:
        is_current = migrations.is_current(database.engine)
        yield passed(code, title)
        code, title = "GROVE-DB05", "the database answers"
        yield from _opened(database, is_current=is_current, is_embedded=is_embedded, keyring=keyring)
    except (GroveError, SQLAlchemyError) as error:
        solution = "look at the disk, then put the newest backup back" if is_embedded else "look at GROVE_DATABASE_URL"
        yield failed(code, title, problem=str(error).splitlines()[0], solution=solution)
    finally:
        database.close()


def _sqlite_version() -> Finding:
    code, title = "GROVE-DB01", f"SQLite {pysqlite3.sqlite_version} is good enough"
    if pysqlite3.sqlite_version_info < SQLITE_VERSION_MIN:
        needed = ".".join(map(str, SQLITE_VERSION_MIN))
        return failed(code, title, problem=f"it is older than {needed}", solution="pip install --upgrade pysqlite3")
    return passed(code, title)


def _opened(database: Database, *, is_current: bool, is_embedded: bool, keyring: Keyring | None) -> Iterator[Finding]:
    if is_embedded:
        yield _journal(database)
    code, title = "GROVE-DB04", "the database has this version's schema"
    if not is_current:
        solution = "grove serve brings it up to date; make a backup first"
        yield warned(code, title, problem="it has another version's", solution=solution)
        return
    yield passed(code, title)
    if not is_embedded:
        yield _walls(database)
    with serving_all(), database.reading() as tx:
        if keyring is not None:
            yield _sealed(tx, keyring)
            yield _worn(tx, keyring)
        yield _leases(tx)
        yield _waiting(tx)


def _journal(database: Database) -> Finding:
    code, title = "GROVE-DB03", "the database keeps a write-ahead log"
    with database.engine.connect() as connection:
        mode = connection.scalar(text("PRAGMA journal_mode"))
    if mode != "wal":
        solution = "keep the data folder on a local disk, not on a network's"
        return failed(code, title, problem=f"its journal mode is {mode}", solution=solution)
    return passed(code, title)


def _walls(database: Database) -> Finding:
    code, title = "GROVE-DB06", "the database itself keeps tenants apart"
    walls = migrations.walls_of(database.engine)
    solution = "serve as a role of its own, and give the owner's as GROVE_DATABASE_OWNER_URL (docs/tenants.md)"
    if walls is None or walls.open_tables:
        problem = f"these tables have no walls: {', '.join(walls.open_tables) if walls else 'all'}"
        return failed(code, title, problem=problem, solution="grove serve raises them")
    if walls.is_bypassed:
        problem = f"the role {walls.role} may bypass row-level security, so only Grove's own queries keep them apart"
        return warned(code, title, problem=problem, solution=solution)
    if walls.is_owner:
        problem = f"the role {walls.role} owns the tables, and could stop that"
        return warned(code, title, problem=problem, solution=solution)
    return passed(code, title)


def _sealed(tx: Transaction, keyring: Keyring) -> Finding:
    code, title = "GROVE-KEY02", "the master key opens every credential"
    try:
        check_keyring(tx, keyring=keyring)
    except MasterKeyMissing as lacking:
        solution = "put the earlier keys back into the key file, after the present one"
        return failed(code, title, problem=str(lacking), solution=solution)
    return passed(code, title)


def _worn(tx: Transaction, keyring: Keyring) -> Finding:
    wraps = wraps_of(tx, kid=keyring.current_kid)
    code, title = "GROVE-KEY03", f"the master key has sealed {wraps:,} of the {WRAPS_MAX:,} values that it may"
    if wraps >= WRAPS_WARNED:
        return warned(code, title, problem="a new key is due", solution="grove admin rotate-key")
    return passed(code, title)


def _leases(tx: Transaction) -> Finding:
    code, title = "GROVE-JOB01", "every running job has a worker"
    abandoned = tx.session.scalar(_ABANDONED, {"now": datetime.now(UTC)}) or 0
    if abandoned:
        problem = f"{counted(abandoned, 'job')} of workers that have not been heard of"
        return warned(code, title, problem=problem, solution="grove serve: its workers take them over")
    return passed(code, title)


def _waiting(tx: Transaction) -> Finding:
    code, title = "GROVE-JOB02", "no job waits for long"
    seconds = jobs.oldest_waiting_seconds(tx, now=datetime.now(UTC))
    if seconds > WAITING_SECONDS_MAX:
        problem = f"the oldest has waited {shown_seconds(seconds)}"
        return warned(code, title, problem=problem, solution="grove serve, or more GROVE_WORKERS")
    return passed(code, title)
