"""A master key seals so many values and no more, whoever seals them; counted on both kinds of database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from grove import credentials
from grove.credentials import WRAPS_MAX, Keyring, MasterKeyWorn, parse_keyring
from grove.kit.gate import Actor
from grove.kit.transactions import Database, Transaction
from grove.policies import PolicyGate
from tests.credentials.conftest import draft_of, new_key
from tests.support.people import NOON, administrator
from tests.support.schema import lay_schema
from tests.support.threads import at_once

WRITERS = 4
EACH = 5


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url, gate=PolicyGate(), handlers={})
    lay_schema(made.engine)
    yield made
    made.close()


@pytest.fixture
def admin(database: Database) -> Actor:
    with database.transaction() as tx:
        return administrator(tx)


def add(tx: Transaction, admin: Actor, keyring: Keyring, name: str) -> str:
    return credentials.add_credential(tx, actor=admin, keyring=keyring, draft=draft_of(name), now=NOON).id


def count(database: Database, keyring: Keyring) -> int:
    with database.reading() as tx:
        return credentials.wraps_of(tx, kid=keyring.current_kid)


class TestAMasterKey:
    def test_counts_all_that_it_seals_whoever_does_it(self, database: Database, admin: Actor, keyring: Keyring) -> None:
        def work(number: int) -> None:
            for each in range(EACH):
                with database.transaction() as tx:
                    add(tx, admin, keyring, f"c{number}-{each}")

        at_once(work, range(WRITERS), threads=WRITERS)

        assert count(database, keyring) == WRITERS * EACH

    def test_seals_no_more_than_it_safely_can_and_a_new_one_does(
        self, database: Database, admin: Actor, keyring: Keyring
    ) -> None:
        with database.transaction() as tx:
            add(tx, admin, keyring, "kept")
        with database.engine.begin() as connection:
            connection.execute(text("UPDATE master_keys SET wraps = :most"), {"most": WRAPS_MAX - 1})
        with database.transaction() as tx:
            add(tx, admin, keyring, "last")

        with pytest.raises(MasterKeyWorn), database.transaction() as tx:
            add(tx, admin, keyring, "one more")

        assert count(database, keyring) == WRAPS_MAX
        with database.reading() as tx:
            names = [each.name for each in credentials.list_credentials(tx, actor=admin)]
        assert names == ["kept", "last"]
        with database.transaction() as tx:
            add(tx, admin, parse_keyring(new_key()), "under a new key")
