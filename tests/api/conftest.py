"""A Grove behind its HTTP door, with a repository of this machine that it may mirror."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from grove import accounts
from grove.accounts import Role
from grove.api import create_app
from tests.support.git_repositories import Repository
from tests.support.grove import ADMIN_TOKEN, House, house

ADDRESS = "http://localhost"
FILES: dict[str, bytes | str] = {
    "README.md": "# Payments\n\nRetries a payment with backoff.\n",
    "src/retry.py": "def retry_call(function):\n    for wait in (1, 2, 4):\n        function(wait)\n    return 'ok'\n",
    "src/<script>.html": "<script>alert(1)</script>\n",
    "bin/blob": b"\x00\x01\x02",
}


def bearer(token: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, kw_only=True)
class Door:
    """A Grove with clients of several people."""

    made: House
    upstream: Repository
    anonymous: TestClient
    admin: TestClient

    def client(self, token: str) -> TestClient:
        """Somebody else at the same door."""
        return TestClient(self.anonymous.app, base_url=ADDRESS, headers=bearer(token))

    def of(self, role: Role) -> TestClient:
        """A further user of that role."""
        return self.client(self.made.actor(role)[1])

    def stranger(self) -> TestClient:
        """The administrator of another tenant."""
        with self.made.grove.database.transaction() as tx:
            wanted = accounts.NewAdministrator(name="stranger", email=None, tenant_name="elsewhere")
            issued = accounts.set_up(tx, administrator=wanted, now=datetime.now(UTC))
        return self.client(issued.secret)

    def connect(self, client: TestClient | None = None, **wanted: Any) -> dict[str, Any]:
        """Connect the repository of this machine; its jobs wait."""
        body = {"url": str(self.upstream.path), **wanted}
        answer = (client or self.admin).post("/api/v1/repositories", json=body)
        assert answer.status_code == 201, answer.text
        connected: dict[str, Any] = answer.json()
        return connected

    def connect_ready(self) -> str:
        """Connect the repository of this machine, have it mirrored and indexed, and give its id."""
        connected = self.connect()
        self.made.work()
        identifier: str = connected["repository"]["id"]
        return identifier


def open_door(folder: Path, **settings: Any) -> Iterator[Door]:
    upstream = Repository.new(folder / "upstream" / "payments.git")
    upstream.commit(FILES)
    with house(folder / "data", local_roots=(folder / "upstream",), **settings) as made:
        app = create_app(made.grove)
        with TestClient(app, base_url=ADDRESS) as anonymous:
            admin = TestClient(app, base_url=ADDRESS, headers=bearer(ADMIN_TOKEN))
            yield Door(made=made, upstream=upstream, anonymous=anonymous, admin=admin)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """A door of one's own."""
    yield from open_door(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A door for tests that change nothing."""
    yield from open_door(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def payments(shared: Door) -> str:
    """The id of a repository that is ready at the shared door."""
    return shared.connect_ready()
