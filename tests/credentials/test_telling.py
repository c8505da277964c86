"""What the audit trail is told of secrets, on both kinds of database: nothing is opened that it was not told of."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from grove import accounts, activity, credentials
from grove.activity import AuditEntry, AuditQuestion, AuditUnwritable
from grove.credentials import CredentialUnreadable, Keyring, Lease, Purpose
from grove.kit.errors import StorageFull
from grove.kit.gate import Actor, Source
from grove.kit.transactions import Database
from grove.policies import PolicyGate
from tests.activity.test_trail import REFUSE_INSERTS
from tests.credentials.conftest import TOKEN, draft_of
from tests.support.people import NOON, administrator
from tests.support.schema import lay_schema

SYNC = Purpose(act="mirror.sync", repository_id="pay", job_id="j1")
SEALED = "wrapped_key, ciphertext, kid"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url, gate=PolicyGate(), handlers={})
    lay_schema(made.engine)
    yield made
    made.close()


class Vault:
    """A credential, and who opens it."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self.database, self.keyring = database, keyring
        with database.transaction() as tx:
            self.admin = administrator(tx)
        with database.transaction() as tx:
            self.steward = accounts.steward(tx, tenant_id=self.admin.tenant_id, source=Source.WORKER, now=NOON)
            self.id = self.added(tx, "ci")

    def added(self, tx: Any, name: str) -> str:
        added = credentials.add_credential(tx, actor=self.admin, keyring=self.keyring, draft=draft_of(name), now=NOON)
        return added.id

    def lease(self, actor: Actor, *, purpose: Purpose = SYNC, now: datetime = NOON) -> Lease:
        with self.database.transaction() as tx:
            return credentials.lease_secret(
                tx,
                actor=actor,
                keyring=self.keyring,
                credential_id=self.id,
                host="github.com",
                purpose=purpose,
                now=now,
            )

    def told(self, action: str) -> list[AuditEntry]:
        with self.database.reading() as tx:
            question = AuditQuestion(action=action)
            return activity.list_entries(tx, actor=self.admin, question=question, oldest_first=True)

    def is_whole(self) -> bool:
        with self.database.reading() as tx:
            return activity.verify_trail(tx, actor=self.admin).is_whole

    def last_used_at(self) -> datetime | None:
        with self.database.reading() as tx:
            return credentials.get_credential(tx, tenant_id=self.admin.tenant_id, credential_id=self.id).last_used_at

    def change(self, *statements: str, **values: object) -> None:
        """Write to the database behind Grove's back."""
        with self.database.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)


@pytest.fixture
def vault(database: Database, keyring: Keyring) -> Vault:
    return Vault(database, keyring)


class TestAUse:
    def test_is_told_each_time_when_somebody_asked_for_it(self, vault: Vault) -> None:
        for _ in range(3):
            assert vault.lease(vault.admin).password == TOKEN

        entries = vault.told("credential.use")
        assert [(entry.actor_id, entry.target_id) for entry in entries] == [(vault.admin.id, vault.id)] * 3
        told = {"name", "host", "fingerprint", "version", "purpose", "repository", "job"}
        assert set(entries[0].facts) == told
        assert (entries[0].facts["purpose"], entries[0].facts["repository"]) == ("mirror.sync", "pay")
        assert TOKEN not in str(entries)
        assert vault.is_whole()

    def test_of_grove_itself_is_told_once_a_day_for_each_purpose_with_how_often_it_was_since(
        self, vault: Vault
    ) -> None:
        check = Purpose(act="access.check", repository_id="pay")
        for hours in (0, 1, 23):
            vault.lease(vault.steward, now=NOON + timedelta(hours=hours))
        vault.lease(vault.steward, purpose=check, now=NOON + timedelta(hours=1))
        vault.lease(vault.steward, now=NOON + timedelta(hours=24))

        entries = vault.told("credential.use")
        assert [(entry.facts["purpose"], entry.facts["untold"]) for entry in entries] == [
            ("mirror.sync", 0),
            ("access.check", 0),
            ("mirror.sync", 2),
        ]
        assert vault.is_whole()

    def test_of_grove_itself_is_told_at_once_when_the_secret_is_another(self, vault: Vault) -> None:
        vault.lease(vault.steward)
        with vault.database.transaction() as tx:
            credentials.rotate_credential(
                tx, actor=vault.admin, keyring=vault.keyring, credential_id=vault.id, password="new", now=NOON
            )
        vault.lease(vault.steward, now=NOON + timedelta(hours=1))

        assert [entry.facts["version"] for entry in vault.told("credential.use")] == [1, 2]

    def test_that_was_only_counted_is_told_at_the_latest_when_the_credential_goes(self, vault: Vault) -> None:
        for hours in (0, 1, 2):
            vault.lease(vault.steward, now=NOON + timedelta(hours=hours))
        with vault.database.transaction() as tx:
            credentials.remove_credential(tx, actor=vault.admin, credential_id=vault.id, now=NOON)

        assert [entry.facts["untold"] for entry in vault.told("credential.remove")] == [2]


class TestATrailThatCannotBeWritten:
    @pytest.mark.parametrize("is_first", [True, False])
    @pytest.mark.parametrize("who", ["admin", "steward"])
    def test_keeps_every_secret_shut(self, vault: Vault, who: str, is_first: bool) -> None:
        actor = getattr(vault, who)
        if not is_first:
            vault.lease(actor)
        used_at = vault.last_used_at()
        vault.change(*REFUSE_INSERTS[vault.database.engine.dialect.name])

        with pytest.raises(AuditUnwritable):
            vault.lease(actor, now=NOON + timedelta(hours=1))

        assert vault.last_used_at() == used_at

    def test_since_the_disk_is_full_keeps_it_shut(self, vault: Vault) -> None:
        if vault.database.engine.dialect.name != "sqlite":
            pytest.skip("the disk of a PostgreSQL server is not ours to fill")

        def fill(connection: Any, *_: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")

        event.listen(vault.database.engine, "checkout", fill)
        long = Purpose(act="mirror.sync", repository_id="p" * 30_000)
        with pytest.raises(StorageFull):
            vault.lease(vault.admin, purpose=long)
        assert vault.last_used_at() is None


class TestASecretThatDoesNotOpen:
    def test_is_told_though_the_request_keeps_nothing(self, vault: Vault) -> None:
        vault.change("UPDATE credentials SET version = version + 1")

        with pytest.raises(CredentialUnreadable):
            vault.lease(vault.admin)

        [entry] = vault.told("credential.unreadable")
        assert (entry.actor_id, entry.target_id) == (vault.admin.id, vault.id)
        assert entry.facts["purpose"] == "mirror.sync"
        assert entry.facts["kid"] == vault.keyring.current_kid
        assert vault.last_used_at() is None
        assert vault.is_whole()

    def test_is_told_when_it_was_only_read(self, vault: Vault) -> None:
        vault.change("UPDATE credentials SET ciphertext = wrapped_key")
        named: Any = {"tenant_id": vault.admin.tenant_id, "credential_id": vault.id, "host": "github.com"}

        for _ in range(2):  # whoever sends us deliveries must not fill the trail
            with pytest.raises(CredentialUnreadable), vault.database.reading() as tx:
                credentials.read_secret(tx, keyring=vault.keyring, now=NOON, **named)

        [entry] = vault.told("credential.unreadable")
        assert (entry.actor_id, entry.source) == (vault.steward.id, "webhook")

    def test_is_told_when_an_old_ciphertext_of_the_same_row_was_put_back(self, vault: Vault) -> None:
        with vault.database.reading() as tx:
            old = tx.session.execute(text(f"SELECT {SEALED} FROM credentials")).one()._asdict()
        with vault.database.transaction() as tx:
            credentials.rotate_credential(
                tx, actor=vault.admin, keyring=vault.keyring, credential_id=vault.id, password="new", now=NOON
            )
        put_back = "UPDATE credentials SET wrapped_key = :wrapped_key, ciphertext = :ciphertext, kid = :kid"
        vault.change(put_back, **old)

        with pytest.raises(CredentialUnreadable):
            vault.lease(vault.admin)

        assert len(vault.told("credential.unreadable")) == 1

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE credentials SET kid = '0123456789abcdef'",
            "UPDATE credentials SET host = 'evil.example'",
            "UPDATE credentials SET kind = 'oauth'",
            "UPDATE credentials SET ciphertext = substr(ciphertext, 1, 20)",
            "UPDATE credentials SET wrapped_key = substr(wrapped_key, 1, 1)",
            "UPDATE credentials SET id = 'another'",
        ],
    )
    def test_is_told_whatever_was_changed(self, vault: Vault, change: str) -> None:
        vault.change(change)
        with vault.database.reading() as tx:
            identifier, host = tx.session.execute(text("SELECT id, host FROM credentials")).one()

        with pytest.raises(CredentialUnreadable), vault.database.transaction() as tx:
            credentials.lease_to_look(
                tx, actor=vault.admin, keyring=vault.keyring, credential_id=identifier, host=host, now=NOON
            )

        assert [entry.target_id for entry in vault.told("credential.unreadable")] == [identifier]

    def test_is_told_of_both_rows_that_were_swapped(self, vault: Vault) -> None:
        with vault.database.transaction() as tx:
            other = vault.added(tx, "other")
        with vault.database.reading() as tx:
            stored = {
                row.id: row._asdict() for row in tx.session.execute(text(f"SELECT id, {SEALED} FROM credentials"))
            }
        for here, there in ((vault.id, other), (other, vault.id)):
            swap = "UPDATE credentials SET wrapped_key = :wrapped_key, ciphertext = :ciphertext WHERE id = :id"
            given = {**stored[there], "id": here}
            vault.change(swap, **{name: given[name] for name in ("wrapped_key", "ciphertext", "id")})

        for credential_id in stored:
            vault.id = credential_id
            with pytest.raises(CredentialUnreadable):
                vault.lease(vault.admin)

        assert {entry.target_id for entry in vault.told("credential.unreadable")} == set(stored)

    def test_stays_shut_when_the_trail_cannot_be_told(self, vault: Vault) -> None:
        vault.change("UPDATE credentials SET version = version + 1")
        vault.change(*REFUSE_INSERTS[vault.database.engine.dialect.name])

        with pytest.raises(CredentialUnreadable):
            vault.lease(vault.admin)

        assert vault.told("credential.unreadable") == []
