"""A repository that is kept over SSH, from its key to a search in it, and a host whose key has changed."""

import shutil
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from grove.accounts import Role
from tests.api.conftest import Door, open_door
from tests.support.git_repositories import Repository
from tests.support.ssh_server import SshServer, new_key, serving_ssh

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="the client of OpenSSH is not installed")


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    yield from open_door(tmp_path, allowed_networks=(ip_network("127.0.0.0/8"), ip_network("::1/128")))


def add_key(client: TestClient, server: SshServer, **changes: Any) -> Any:
    body = {
        "name": "deploy",
        "kind": "ssh_key",
        "host": f"localhost:{server.port}",
        "username": "git",
        "password": server.client_key,
    }
    return client.post("/api/v1/credentials", json={**body, **changes})


def connect(door: Door, server: SshServer) -> Any:
    wanted = {"url": server.url("app.git"), "credential": "deploy"}
    return door.admin.post("/api/v1/repositories", json=wanted)


class TestAKeyThatAStoreKeeps:
    def test_opens_a_repository_at_a_host_whose_keys_are_pinned_here(self, tmp_path: Path) -> None:
        root, secrets = tmp_path / "served", tmp_path / "secrets"
        secrets.mkdir()
        Repository.new(root / "app.git").commit({"main.py": "def settle_invoice(): ...\n"})
        networks = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
        for door in open_door(tmp_path, allowed_networks=networks, secrets_dir=secrets):
            with serving_ssh(root) as server:
                (secrets / "deploy").write_text(server.client_key)
                added = add_key(door.admin, server, password=None, reference="file:deploy").json()
                assert connect(door, server).json()["code"] == "host_key_unknown"
                pinned = door.admin.put(
                    f"/api/v1/credentials/{added['id']}/host-keys", json={"keys": [server.host_key]}
                )
                assert pinned.status_code == 200, pinned.text
                assert connect(door, server).status_code == 201
                door.made.work()
            found = door.admin.get("/api/v1/search", params={"q": "settle_invoice"}).json()
            assert [each["path"] for each in found["files"]] == ["main.py"]

    def test_is_for_administrators_and_keys_of_hosts_are_for_ssh(self, door: Door) -> None:
        body = {"name": "deploy", "kind": "ssh_key", "host": "git.example.org", "reference": "file:deploy"}
        assert door.of(Role.MAINTAINER).post("/api/v1/credentials", json={**body, "username": "git"}).status_code == 403
        key = " ".join(new_key().export_public_key().decode().split()[:2])
        token = {**body, "kind": "token", "username": "git", "host_keys": [key]}
        assert "only SSH keys" in door.admin.post("/api/v1/credentials", json=token).text


class TestARepositoryThatIsKeptOverSsh:
    def test_is_opened_by_a_key_once_its_host_is_known(self, door: Door, tmp_path: Path) -> None:
        root = tmp_path / "served"
        Repository.new(root / "app.git").commit({"main.py": "def settle_invoice(): ...\n"})
        client_key = new_key()
        with serving_ssh(root, client_key=client_key) as server:
            added = add_key(door.admin, server).json()
            path = f"/api/v1/credentials/{added['id']}/host-keys"
            assert connect(door, server).json()["code"] == "host_key_unknown"

            looked = door.admin.post(f"{path}/look").json()["keys"]
            assert [(key["key"], key["pinned"], key["shown"]) for key in looked] == [(server.host_key, False, True)]
            assert door.of(Role.DEVELOPER).put(path, json={"keys": [server.host_key]}).status_code == 403
            pinned = door.admin.put(path, json={"keys": [f"[localhost]:{server.port} {server.host_key} comment"]})
            assert [key["pinned"] for key in pinned.json()["keys"]] == [True]

            connected = connect(door, server)
            assert connected.status_code == 201, connected.text
            repository = connected.json()["repository"]
            door.made.work()
            found = door.admin.get("/api/v1/search", params={"q": "settle_invoice"}).json()
            assert [each["path"] for each in found["files"]] == ["main.py"]

        with serving_ssh(root, port=server.port, client_key=client_key) as changed:
            view = f"/api/v1/repositories/{repository['id']}"
            door.admin.post(f"{view}/access/check")
            door.made.work()
            shown = door.admin.get(view).json()
            assert (shown["access"], shown["access_problem"]["code"]) == ("unsure", "host_key_changed")
            assert changed.commands == []

            door.admin.put(path, json={"keys": [changed.host_key]})
            door.admin.post(f"{view}/access/check")
            door.made.work()
            assert door.admin.get(view).json()["access"] == "granted"
        trail = door.admin.get("/api/v1/audit").text
        assert "credential.pin" in trail
        secret = server.client_key.splitlines()[2]
        assert secret not in trail
        files = [each for each in (tmp_path / "data").rglob("*") if each.is_file()]
        assert not any(secret.encode() in each.read_bytes() for each in files)

    def test_is_not_opened_by_a_token_nor_its_key_shown_to_an_api(self, door: Door, tmp_path: Path) -> None:
        with serving_ssh(tmp_path) as server:
            add_key(door.admin, server, kind="token", password="ghp_CANARY0123456789abcdef")
            assert connect(door, server).json()["code"] == "ssh_key_required"
            add_key(door.admin, server, name="key")
            https = {"url": f"https://localhost:{server.port}/app.git", "credential": "key"}
            assert door.admin.post("/api/v1/repositories", json=https).json()["code"] == "ssh_key_required"

    @pytest.mark.parametrize(
        "change",
        [
            {"password": "no key"},
            {"host_keys": ["no key"]},
            {"reference": "env:KEY", "password": None, "host_keys": ["no key"]},
        ],
    )
    def test_is_refused_a_credential_that_is_no_key(self, door: Door, tmp_path: Path, change: dict[str, Any]) -> None:
        server = SshServer(root=tmp_path, port=22, client_key=new_key().export_private_key().decode(), host_key="")
        refused = add_key(door.admin, server, **change)

        assert (refused.status_code, refused.json()["code"]) == (422, "credential_invalid")
