"""Transactions: all or nothing, events inside them, readers beside a writer."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from grove.kit.errors import GroveError
from grove.kit.events import Event
from grove.kit.gate import Denied
from grove.kit.tenancy import serving_all
from grove.kit.transactions import (
    Database,
    StorageBusy,
    StorageFaulty,
    StorageReadOnly,
    Transaction,
    WrittenMeanwhile,
)
from grove.policies import PolicyGate
from tests.support.people import NOON, administrator
from tests.support.postgres import Postgres


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(Event):
    """Something happened."""


def note(tx: Transaction, words: str) -> None:
    tx.session.execute(text("INSERT INTO notes VALUES (:words)"), {"words": words})


@contextmanager
def unwritable(path: Path) -> Iterator[None]:
    """A file that may only be read: by its mode, or, for root, by what the file system keeps of it."""
    path.chmod(0o444)
    chattr = shutil.which("chattr")
    if os.access(path, os.W_OK) and chattr is not None:
        subprocess.run([chattr, "+i", path], check=False)
    try:
        if os.access(path, os.W_OK):
            pytest.skip("this user may write every file, and this file system holds none back")
        yield
    finally:
        if os.geteuid() == 0 and chattr is not None:
            subprocess.run([chattr, "-i", path], check=False)
        path.chmod(0o600)


def notes(database: Database) -> list[str]:
    with database.reading() as tx:
        return list(tx.session.scalars(text("SELECT words FROM notes")))


@pytest.fixture
def noted(database_url: str) -> Database:
    """A database with a table of notes, in which whatever happens is noted."""
    made = Database(
        database_url, gate=PolicyGate(), handlers={Happened: [lambda tx, _event: note(tx, "it was answered")]}
    )
    with made.transaction() as tx:
        tx.session.execute(text("CREATE TABLE notes (words VARCHAR(100))"))
    return made


class TestATransaction:
    def test_commits_events_with_what_caused_them(self, noted: Database) -> None:
        with noted.transaction() as tx:
            note(tx, "it happened")
            tx.publish(Happened(tenant_id="t", at=NOON))

        assert notes(noted) == ["it happened", "it was answered"]
        noted.close()

    def test_keeps_nothing_when_it_fails(self, noted: Database) -> None:
        def fail() -> None:
            with noted.transaction() as tx:
                tx.publish(Happened(tenant_id="t", at=NOON))
                raise Denied(action="x")

        with pytest.raises(Denied):
            fail()
        assert notes(noted) == []
        noted.close()

    @pytest.mark.parametrize("fails", [True, False])
    def test_is_told_of_afterwards_however_it_ended(self, noted: Database, fails: bool) -> None:
        def work() -> None:
            with noted.transaction() as tx:
                note(tx, "work")
                tx.afterwards.append(lambda after: note(after, "told"))
                if fails:
                    raise Denied(action="x")

        with pytest.raises(Denied) if fails else nullcontext():
            work()
        assert notes(noted) == (["told"] if fails else ["work", "told"])
        noted.close()

    def test_that_only_read_is_told_of_afterwards(self, noted: Database) -> None:
        with noted.reading() as tx:
            tx.afterwards.append(lambda after: note(after, "told"))
        assert notes(noted) == ["told"]
        noted.close()

    def test_fails_for_its_own_reason_when_that_cannot_be_told(self, noted: Database) -> None:
        def refuse(_after: Transaction) -> None:
            raise StorageBusy

        def work() -> None:
            with noted.transaction() as tx:
                tx.afterwards.append(refuse)
                raise Denied(action="x")

        with pytest.raises(Denied):
            work()
        noted.close()

    def test_does_not_disturb_a_reader(self, noted: Database) -> None:
        with noted.reading() as reader:
            assert reader.session.scalar(text("SELECT count(*) FROM notes")) == 0
            with noted.transaction() as tx:
                note(tx, "new")
            assert reader.session.scalar(text("SELECT count(*) FROM notes")) == 0
        assert notes(noted) == ["new"]
        noted.close()

    def test_for_reading_cannot_write_on_postgresql(self, noted: Database) -> None:
        if noted.engine.dialect.name != "postgresql":
            pytest.skip("SQLite keeps readers from writing by their number of connections, not by the transaction")
        with pytest.raises(Exception, match="read-only"), noted.reading() as tx:
            note(tx, "never")
        noted.close()


class TestWorkInATransaction:
    def test_is_told_when_it_is_committed_and_only_then(self, tmp_path: Path) -> None:
        woken: list[bool] = []
        made = Database(
            f"sqlite:///{tmp_path}/grove.db", gate=PolicyGate(), handlers={}, wake=lambda: woken.append(True)
        )
        with made.transaction() as tx:
            tx.has_work = True
            assert not woken
        with made.transaction():
            pass

        def fail() -> None:
            with made.transaction() as tx:
                tx.has_work = True
                raise Denied(action="x")

        with pytest.raises(Denied):
            fail()
        assert woken == [True]
        made.close()


class TestTheDatabase:
    def test_says_busy_when_another_holds_the_lock_for_too_long(self, tmp_path: Path) -> None:
        made = Database(f"sqlite:///{tmp_path}/grove.db", gate=PolicyGate(), handlers={})
        with made.engine.connect() as holder:
            holder.exec_driver_sql("SELECT 1")  # begins, and so holds the lock
            with made.engine.connect().execution_options(read_only=True) as impatient:
                impatient.exec_driver_sql("PRAGMA busy_timeout=10")
            with pytest.raises(StorageBusy), made.transaction() as tx:
                tx.session.execute(text("SELECT 1"))
        made.close()

    def test_says_faulty_when_it_cannot_be_used(self, tmp_path: Path) -> None:
        made = Database(f"sqlite:///{tmp_path}/grove.db", gate=PolicyGate(), handlers={})
        with pytest.raises(StorageFaulty), made.transaction() as tx:
            administrator(tx)
        made.close()

    def test_is_nobody_elses_to_read(self, tmp_path: Path) -> None:
        made = Database(f"sqlite:///{tmp_path}/grove.db", gate=PolicyGate(), handlers={})
        with made.engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE notes (words TEXT)")
            connection.commit()
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        assert set(modes.values()) == {0o600}, modes
        made.close()

    def test_is_read_when_it_cannot_be_written_and_written_again_when_it_can(self, tmp_path: Path) -> None:
        made = Database(f"sqlite:///{tmp_path}/grove.db", gate=PolicyGate(), handlers={})
        with serving_all(), made.transaction() as tx:
            tx.session.execute(text("CREATE TABLE notes (words TEXT)"))
            note(tx, "before")
        made.close()

        with serving_all(), unwritable(tmp_path / "grove.db"):
            assert notes(made) == ["before"]
            for _ in range(2):
                with pytest.raises(StorageReadOnly), made.transaction() as tx:
                    note(tx, "never")
        with serving_all(), made.transaction() as tx:
            note(tx, "after")
        with serving_all():
            assert notes(made) == ["before", "after"]
        made.close()


@pytest.fixture
def served(postgres: Postgres) -> Iterator[Database]:
    """A PostgreSQL database with a table of notes, and one note."""
    made = Database(postgres.new_database(), gate=PolicyGate(), handlers={})
    with made.transaction() as tx:
        tx.session.execute(text("CREATE TABLE notes (words VARCHAR(100))"))
        note(tx, "first")
    yield made
    made.close()


class TestAPostgresqlServer:
    def test_keeps_nobody_waiting_for_ever(self, served: Database) -> None:
        with served.reading() as tx:
            shown = [
                tx.session.scalar(text(f"SHOW {name}"))
                for name in ("lock_timeout", "idle_in_transaction_session_timeout")
            ]
        assert shown == ["10s", "1min"]

        with served.transaction() as holder:
            holder.session.execute(text("UPDATE notes SET words = 'held'"))
            with pytest.raises(StorageBusy), served.transaction() as tx:
                tx.session.execute(text("SET LOCAL lock_timeout = 20; UPDATE notes SET words = 'never'"))
        assert notes(served) == ["held"]

    @pytest.mark.parametrize(
        ("raised", "told"),
        [
            pytest.param(PoolTimeout(), StorageBusy, id="every-connection-is-in-use"),
            pytest.param(StaleDataError(), WrittenMeanwhile, id="the-row-is-gone-meanwhile"),
        ],
    )
    def test_tells_what_only_its_library_knows(
        self, served: Database, raised: Exception, told: type[GroveError]
    ) -> None:
        with pytest.raises(told), served.usable():
            raise raised

    def test_that_only_follows_another_is_read_and_says_that_it_takes_nothing_new(self, served: Database) -> None:
        with served.engine.begin() as connection:
            connection.execute(
                text(f"ALTER DATABASE {served.engine.url.database} SET default_transaction_read_only = on")
            )
        served.close()

        with pytest.raises(StorageReadOnly), served.transaction() as tx:
            note(tx, "never")
        assert notes(served) == ["first"]
