"""The index over REST: its state, reading it whole, building it anew."""

from grove.accounts import Role
from tests.api.conftest import Door


class TestTheIndex:
    def test_tells_its_size_and_how_each_repository_is(self, door: Door) -> None:
        identifier = door.connect_ready()

        totals = door.of(Role.VIEWER).get("/api/v1/index").json()
        [listed] = door.of(Role.VIEWER).get("/api/v1/index/repositories").json()["items"]
        one = door.admin.get(f"/api/v1/index/repositories/{identifier}").json()

        assert (totals["snapshots"], totals["damaged"], totals["format_version"]) == (1, 0, 1)
        assert totals["source_bytes"] > 0
        assert totals["ratio"] == round(totals["stored_bytes"] / totals["source_bytes"], 3)
        assert listed == one
        assert (one["repository_id"], one["state"], one["current"], one["damaged"]) == (
            identifier,
            "ready",
            True,
            False,
        )

    def test_is_read_whole_and_built_anew_by_maintainers(self, door: Door) -> None:
        identifier = door.connect_ready()

        verified = door.of(Role.MAINTAINER).post("/api/v1/index/verify", json={})
        rebuilt = door.of(Role.MAINTAINER).post("/api/v1/index/rebuild", json={"repository_id": identifier})
        refused = [
            door.of(Role.DEVELOPER).post("/api/v1/index/verify", json={"repository_id": identifier}),
            door.of(Role.DEVELOPER).post("/api/v1/index/rebuild", json={"repository_id": identifier}),
        ]

        assert (verified.status_code, verified.json()["kind"]) == (202, "index.verify")
        assert (rebuilt.status_code, rebuilt.json()["kind"]) == (202, "index.rebuild")
        assert rebuilt.json()["target_id"] == identifier
        assert [answer.status_code for answer in refused] == [403, 403]
