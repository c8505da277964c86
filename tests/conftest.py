"""What all tests may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from grove.kit.tenancy import serving_all
from grove.kit.transactions import Database
from grove.policies import PolicyGate
from tests.support.postgres import Postgres, running_postgres
from tests.support.schema import lay_schema
from tests.support.signing import SIGNER

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session", autouse=True)
def for_all_tenants() -> Iterator[None]:
    """A test that calls operations is an entry point itself; servers and workers say of themselves whom they serve."""
    with serving_all():
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: a test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/grove.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """What a server is told of its database; PostgreSQL by a role that owns nothing, as in operation."""
    if request.param == "sqlite":
        return {}
    server: Postgres = request.getfixturevalue("postgres")
    url, owner_url = server.new_databases_of_two_roles()
    return {"database_url": url, "database_owner_url": owner_url}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with the newest schema, and nobody who listens to events."""
    made = Database(database_url, gate=PolicyGate(), handlers={}, signer=SIGNER)
    lay_schema(made.engine)
    yield made
    made.close()
