"""Uploading SCIP indexes over HTTP."""

from grove.accounts import Role
from grove.api.guard import UPLOAD_BYTES_MAX
from tests.api.conftest import Door
from tests.support.scip_index import scip_index

INDEX = scip_index({"src/retry.py": [("s m p v retry_call().", (0, 4, 14), 1)]})


class TestUpload:
    def test_makes_definitions_precise(self, door: Door) -> None:
        repository = door.connect_ready()
        path = f"/api/v1/repositories/{repository}/scip"

        kept = door.admin.post(path, content=INDEX)
        listed = door.admin.get(path).json()["items"]
        found = door.admin.get("/api/v1/navigation/definitions", params={"name": "retry_call"}).json()["items"]
        removed = door.admin.delete(path, params={"commit": kept.json()["commit"]})

        assert (kept.status_code, kept.json()["documents"]) == (201, 1)
        assert listed == [kept.json()]
        assert [(item["basis"], item["symbol"]) for item in found] == [("precise", "s m p v retry_call().")]
        assert (removed.status_code, door.admin.get(path).json()["items"]) == (200, [])

    def test_is_refused_to_those_who_may_not(self, door: Door) -> None:
        path = f"/api/v1/repositories/{door.connect_ready()}/scip"

        assert door.of(Role.VIEWER).post(path, content=INDEX).status_code == 403
        assert door.stranger().post(path, content=INDEX).status_code == 404
        assert door.anonymous.post(path, content=INDEX).status_code == 401

    def test_is_refused_when_it_is_no_index_or_too_large(self, door: Door) -> None:
        path = f"/api/v1/repositories/{door.connect_ready()}/scip"

        nonsense = door.admin.post(path, content=b"\xff" * 2_000_000)
        large = door.admin.post(path, content=b"", headers={"Content-Length": str(UPLOAD_BYTES_MAX + 1)})

        assert (nonsense.status_code, nonsense.json()["code"]) == (422, "scip_invalid")
        assert (large.status_code, large.json()["code"]) == (413, "body_too_large")
