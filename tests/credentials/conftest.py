import base64
import os
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from grove.credentials import CredentialDraft, Keyring, parse_keyring
from grove.kit.gate import Actor, Decision, Resource, Source
from grove.kit.tables import Table
from grove.kit.transactions import Database, Transaction

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
TOKEN = "ghp_CANARY0123456789abcdefABCDEF012345"


class RoleGate:
    """Lets everybody act but guests."""

    def decide(self, session: Session, actor: Actor, action: str, resources: Sequence[Resource]) -> list[Decision]:
        assert all(resource.tenant_id == actor.tenant_id for resource in resources)
        return [Decision(allowed=actor.role != "guest")] * len(resources)

    def hidden(self, session: Session, actor: Actor, ids: Collection[str]) -> set[str]:
        return set()


def actor_of(tenant: str, *, role: str = "maintainer") -> Actor:
    return Actor(id=f"{tenant}-user", tenant_id=tenant, name="Ada", role=role, scopes=frozenset(), source=Source.API)


def draft_of(name: str = "ci", *, password: str = TOKEN, host: str = "GitHub.com:443") -> CredentialDraft:
    return CredentialDraft(name=name, host=host, username="x-access-token", password=password)


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def keyring() -> Keyring:
    return parse_keyring(new_key())


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/grove.db", gate=RoleGate(), handlers={})
    Table.metadata.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def tx(database: Database) -> Iterator[Transaction]:
    with database.transaction() as transaction:
        yield transaction


@pytest.fixture
def ada() -> Actor:
    return actor_of("acme")
