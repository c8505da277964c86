"""Secrets go in and never come out."""

from uuid import uuid4

import pytest

from grove.accounts import Role
from tests.api.conftest import Door

SECRET = "ghp_CANARY0123456789abcdef"
WANTED = {"name": "github", "host": "github.com", "username": "x-access-token", "password": SECRET}


class TestCredentials:
    def test_never_come_out(self, door: Door) -> None:
        added = door.admin.post("/api/v1/credentials", json={**WANTED, "project": "default"})
        path = f"/api/v1/credentials/{added.json()['id']}"
        rotated = door.admin.post(f"{path}/rotate", json={"password": SECRET[::-1]})
        listed = door.admin.get("/api/v1/credentials", params={"project": "default"})
        removed = door.admin.delete(path)
        trail = door.admin.get("/api/v1/audit")

        assert [answer.status_code for answer in (added, rotated, listed, removed, trail)] == [201, 200, 200, 200, 200]
        assert added.json()["fingerprint"].startswith("github-")
        assert rotated.json()["version"] == 2
        assert len(listed.json()["items"]) == 1
        assert door.admin.get("/api/v1/credentials").json()["items"] == []
        for answer in (added, rotated, listed, removed, trail):
            assert SECRET not in answer.text
            assert SECRET[::-1] not in answer.text

    @pytest.mark.parametrize(
        "change",
        [{"password": f" {SECRET}"}, {"password": ""}, {"host": "not a host"}, {"username": "a:b"}, {"kid": "x"}],
    )
    def test_are_refused_without_being_repeated(self, shared: Door, change: dict[str, str]) -> None:
        refused = shared.admin.post("/api/v1/credentials", json={**WANTED, **change})

        assert refused.status_code == 422
        assert "CANARY" not in refused.text

    def test_have_names_of_their_own(self, door: Door) -> None:
        door.admin.post("/api/v1/credentials", json=WANTED)

        again = door.admin.post("/api/v1/credentials", json=WANTED)

        assert (again.status_code, again.json()["code"]) == (409, "credential_name_taken")
        assert "CANARY" not in again.text

    def test_cannot_be_replaced_by_developers(self, door: Door) -> None:
        added = door.admin.post("/api/v1/credentials", json=WANTED).json()

        refused = door.of(Role.DEVELOPER).post(f"/api/v1/credentials/{added['id']}/rotate", json={"password": "x"})

        assert refused.status_code == 403

    def test_of_other_tenants_are_not_there(self, door: Door) -> None:
        added = door.admin.post("/api/v1/credentials", json=WANTED).json()
        stranger = door.stranger()

        for identifier in (added["id"], str(uuid4())):
            path = f"/api/v1/credentials/{identifier}"
            assert stranger.post(f"{path}/rotate", json={"password": "x"}).status_code == 404
            assert stranger.delete(path).status_code == 404
        assert stranger.get("/api/v1/credentials").json()["items"] == []
