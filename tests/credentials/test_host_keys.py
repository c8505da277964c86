"""The keys by which the host of an SSH key is known; on both kinds of database."""

from collections.abc import Iterator

import pytest

from grove.credentials import CredentialDraft, CredentialKind, Keyring, SshKey, add_credential, host_keys_of
from grove.kit.transactions import Database
from grove.policies import PolicyGate
from tests.credentials.conftest import NOON
from tests.support.people import administrator
from tests.support.schema import lay_schema
from tests.support.ssh_server import new_key


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Of either kind: only PostgreSQL takes no lock while it reads."""
    made = Database(database_url, gate=PolicyGate(), handlers={})
    lay_schema(made.engine)
    yield made
    made.close()


class TestKeysOfAHost:
    def test_are_read_where_nothing_may_be_written(self, database: Database, keyring: Keyring) -> None:
        host_key = " ".join(new_key().export_public_key().decode().split()[:2])
        draft = CredentialDraft(
            name="deploy",
            host="git.example.org",
            username="git",
            password=SshKey.of(new_key().export_private_key().decode(), host_keys=[host_key]).as_text(),
            kind=CredentialKind.SSH_KEY,
        )
        with database.transaction() as tx:
            admin = administrator(tx)
            added = add_credential(tx, actor=admin, keyring=keyring, draft=draft, now=NOON)

        with database.reading() as tx:
            told = host_keys_of(tx, actor=admin, keyring=keyring, credential_id=added.id, now=NOON)

        assert told == (host_key,)
