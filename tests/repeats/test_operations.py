from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from grove.credentials import parse_keyring
from grove.kit.transactions import Database
from grove.repeats import KeptAnswer, KeyedRequest, KeyReused, OutcomeUnknown, RequestUnderWay, begin, forget, keep
from tests.credentials.conftest import new_key
from tests.support.people import NOON

FIRST = KeyedRequest(tenant_id="acme", principal_id="ada", key="k1", digest="a" * 64)
ANSWER = KeptAnswer(status=201, location="/jobs/1", body=b'{"secret":"grove_shown-once"}')
RING = parse_keyring(new_key())


class TestARequestWithAKey:
    def test_is_answered_as_before(self, database: Database) -> None:
        with database.transaction() as tx:
            assert begin(tx, FIRST, keyring=RING, now=NOON) is None
        with database.transaction() as tx:
            keep(tx, FIRST, ANSWER, keyring=RING)
        with database.transaction() as tx:
            assert begin(tx, FIRST, keyring=RING, now=NOON) == ANSWER

    def test_is_another_for_somebody_else(self, database: Database) -> None:
        with database.transaction() as tx:
            begin(tx, FIRST, keyring=RING, now=NOON)
            assert begin(tx, replace(FIRST, principal_id="bob"), keyring=RING, now=NOON) is None

    def test_is_refused_when_it_asks_for_something_else(self, database: Database) -> None:
        with database.transaction() as tx:
            begin(tx, FIRST, keyring=RING, now=NOON)
            with pytest.raises(KeyReused):
                begin(tx, replace(FIRST, digest="b" * 64), keyring=RING, now=NOON)

    def test_waits_for_the_first_and_is_never_done_twice(self, database: Database) -> None:
        with database.transaction() as tx:
            begin(tx, FIRST, keyring=RING, now=NOON)
            with pytest.raises(RequestUnderWay):
                begin(tx, FIRST, keyring=RING, now=NOON)
            with pytest.raises(OutcomeUnknown):
                begin(tx, FIRST, keyring=RING, now=NOON + timedelta(minutes=6))

    def test_is_forgotten_after_a_day_or_when_it_failed(self, database: Database) -> None:
        with database.transaction() as tx:
            begin(tx, FIRST, keyring=RING, now=NOON)
            forget(tx, FIRST)
            assert begin(tx, FIRST, keyring=RING, now=NOON) is None
            assert begin(tx, FIRST, keyring=RING, now=NOON + timedelta(hours=25)) is None

    def test_keeps_its_answer_sealed(self, database: Database) -> None:
        with database.transaction() as tx:
            begin(tx, FIRST, keyring=RING, now=NOON)
            keep(tx, FIRST, ANSWER, keyring=RING)
        with database.engine.connect() as connection:
            [stored] = connection.execute(text("SELECT ciphertext FROM keyed_requests")).scalars()
        assert b"grove_shown-once" not in bytes(stored)
