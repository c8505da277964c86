"""The step from which on jobs are signed: those that were queued before it are done all the same."""

from datetime import UTC, datetime

from sqlalchemy import text

from grove import jobs, migrations
from grove.kit.transactions import Database
from grove.policies import PolicyGate
from tests.migrations.test_audit_chain import connected, migrate_to
from tests.support.signing import SIGNER

INSERT = """
    INSERT INTO jobs (id, tenant_id, kind, target_id, arguments, state, attempt, attempts_max, fence, run_at, progress,
                      cancel_requested, requested_by, created_at)
    VALUES (:id, 't', 'mirror.sync', :id, '{"n": [1, "ü"]}', :state, 0, 4, 0, :at, '{}', false, 'ada', :at)
"""


class TestAJobThatWasQueuedBefore:
    def test_is_done_and_one_that_comes_unsigned_later_is_not(self, database_url: str) -> None:
        migrate_to(database_url, "0045")
        at = datetime(2026, 3, 1, 12, tzinfo=UTC)
        stored = at if database_url.startswith("postgresql") else "2026-03-01 12:00:00.000000"
        with connected(database_url) as connection:
            connection.execute(text(INSERT), [{"id": "a", "state": "queued", "at": stored}])
            connection.execute(text(INSERT), [{"id": "b", "state": "succeeded", "at": stored}])
        database = Database(database_url, gate=PolicyGate(), handlers={}, signer=SIGNER)
        migrations.migrate(database.engine, sign_job=lambda inputs: SIGNER.sign(jobs.message_of(inputs)))
        with connected(database_url) as connection:
            connection.execute(text(INSERT), [{"id": "c", "state": "queued", "at": stored}])

        claimed = []
        for _ in range(3):
            with database.transaction() as tx:
                claimed.append(jobs.claim(tx, worker="w", now=at))
        database.close()

        assert [job.id for job in claimed if job] == ["a"]
