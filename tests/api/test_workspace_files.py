"""Files of workspaces that are written as they are, byte by byte."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from grove.accounts import Role
from tests.api.conftest import Door, open_door

MB = 1024 * 1024
PATH = "/api/v1/workspaces/mine/file"


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Door]:
    """A door with a workspace, to which 4 MB may be written."""
    for door in open_door(tmp_path, max_workspace_mb=4):
        made = {"repository": door.connect_ready(), "name": "mine"}
        assert door.admin.post("/api/v1/workspaces", json=made).status_code == 201
        yield door


def write(door: Door, content: bytes, *, path: str = "data.bin", **query: Any) -> Response:
    return door.admin.put(PATH, params={"path": path, **query}, content=content)


def read(door: Door, path: str = "data.bin") -> dict[str, Any]:
    file: dict[str, Any] = door.admin.get(PATH, params={"path": path}).json()
    return file


class TestAFileOfAWorkspace:
    def test_is_written_as_it_is_whatever_its_size(self, narrow: Door) -> None:
        content = bytes(range(256)) * (3 * MB // 256)
        written = write(narrow, content, executable=True)
        assert written.status_code == 200, written.text
        assert written.json()["held_bytes"] > 0

        file = read(narrow)
        assert base64.b64decode(file["base64"]) == content
        assert file["executable"]
        assert write(narrow, b"", expected=file["oid"]).status_code == 200
        assert base64.b64decode(read(narrow)["base64"]) == b""
        assert read(narrow)["executable"]

    def test_is_refused_when_it_is_not_as_expected(self, narrow: Door) -> None:
        assert write(narrow, b"one", expected="").status_code == 200
        for expected in ("", "0" * 40):
            refused = write(narrow, b"two", expected=expected)
            assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile"), refused.text
        assert write(narrow, b"two", path="../up").json()["code"] == "workspace_path_refused"
        assert write(narrow, b"two", path=".git/config").json()["code"] == "workspace_path_refused"
        assert base64.b64decode(read(narrow)["base64"]) == b"one"

    def test_has_no_more_than_its_owner_may_write(self, narrow: Door) -> None:
        refused = write(narrow, b"x" * (5 * MB))
        assert (refused.status_code, refused.json()["code"]) == (413, "workspace_full")
        assert narrow.admin.get(PATH, params={"path": "data.bin"}).status_code == 404

        pieces = (b"x" * MB for _ in range(5))  # which do not say how many they are
        refused = narrow.admin.put(PATH, params={"path": "data.bin"}, content=pieces)
        assert (refused.status_code, refused.json()["code"]) == (413, "workspace_full")
        assert write(narrow, b"x" * (3 * MB)).status_code == 200
        assert write(narrow, b"y" * (2 * MB)).json()["code"] == "workspace_full"
        assert write(narrow, b"y" * MB).status_code == 200

    def test_is_its_owners_alone(self, narrow: Door) -> None:
        for client, status in ((narrow.anonymous, 401), (narrow.of(Role.DEVELOPER), 404), (narrow.stranger(), 404)):
            assert client.put(PATH, params={"path": "a"}, content=b"x").status_code == status
