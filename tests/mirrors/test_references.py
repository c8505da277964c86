"""Mirroring with a secret that is kept in a store."""

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from grove import accounts
from grove.accounts import Role
from grove.api import create_app
from tests.mirrors.conftest import TOKEN
from tests.support.git_repositories import Repository
from tests.support.git_server import GitServer
from tests.support.grove import ADMIN_TOKEN, House, house


@pytest.fixture
def kept(tmp_path: Path, server: GitServer) -> Iterator[House]:
    (tmp_path / "secrets").mkdir()
    with house(
        tmp_path / "data",
        git_ca_file=server.ca_file,
        allowed_networks=(ip_network("127.0.0.0/8"),),
        secrets_dir=tmp_path / "secrets",
    ) as made:
        yield made


def client(made: House, token: str = ADMIN_TOKEN) -> TestClient:
    headers = {"Authorization": f"Bearer {token}"}
    return TestClient(create_app(made.grove), base_url="http://localhost", headers=headers)


class TestAReferencedSecret:
    def test_mirrors_is_tried_and_is_rotated_in_its_store(self, kept: House, server: GitServer, tmp_path: Path) -> None:
        Repository.new(server.root / "pay.git").commit({"a.txt": "1"})
        url, admin = server.url("pay.git"), client(kept)
        host = url.removeprefix("https://").partition("/")[0]
        wanted = {"name": "git", "host": host, "username": "bot", "reference": "file:git"}
        identifier = admin.post("/api/v1/credentials", json=wanted).json()["id"]

        missing = admin.post(f"/api/v1/credentials/{identifier}/test", json={})
        assert (missing.status_code, missing.json()["code"]) == (503, "secret_missing")
        (tmp_path / "secrets" / "git").write_text(TOKEN)
        tried = admin.post(f"/api/v1/credentials/{identifier}/test", json={"url": url})
        assert tried.json() == {"credential_id": identifier, "branches": 1}
        elsewhere = admin.post(
            f"/api/v1/credentials/{identifier}/test", json={"url": "https://elsewhere.example.org/pay.git"}
        )
        assert elsewhere.json()["code"] == "credential_host_mismatch"

        added = admin.post("/api/v1/repositories", json={"url": url, "credential": "git"})
        assert added.status_code == 201, added.text
        kept.work()
        path = f"/api/v1/repositories/{added.json()['repository']['id']}"
        assert admin.get(path).json()["clone"] == "present"

        (tmp_path / "secrets" / "git").write_text("wrong-now")
        admin.post(f"{path}/sync", json={})
        kept.work()
        assert admin.get(path).json()["problem"]["code"] == "credential_rejected"

    def test_is_named_by_administrators_alone(self, kept: House) -> None:
        maintainer = client(kept, kept.actor(Role.MAINTAINER)[1])
        wanted = {"name": "git", "host": "evil.example.org", "username": "bot", "reference": "file:git"}

        assert maintainer.post("/api/v1/credentials", json=wanted).status_code == 403

    def test_of_a_store_without_tenants_is_refused_where_there_are_several(self, kept: House) -> None:
        with kept.grove.database.transaction() as tx:
            other = accounts.NewAdministrator(name="other", email=None, tenant_name="other")
            accounts.set_up(tx, administrator=other, now=datetime.now(UTC))
        wanted = {"name": "git", "host": "github.com", "username": "bot", "reference": "file:git"}

        assert client(kept).post("/api/v1/credentials", json=wanted).json()["code"] == "reference_invalid"
