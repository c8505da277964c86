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

    def test_keeps_what_is_pinned(self, door: Door) -> None:
        identifier = door.connect_ready()
        developer = door.of(Role.DEVELOPER)
        wanted = {"repository_id": identifier, "revision": "main", "reason": "in production"}

        made = developer.post("/api/v1/index/pins", json=wanted)
        place = f"/api/v1/index/pins/{identifier}/{made.json()['commit']}"
        listed = door.of(Role.VIEWER).get("/api/v1/index/pins").json()["items"]

        assert made.status_code == 201
        assert listed == [made.json()]
        assert (listed[0]["revision"], listed[0]["reason"]) == ("main", "in production")
        assert door.of(Role.VIEWER).post("/api/v1/index/pins", json=wanted).status_code == 403
        assert developer.post("/api/v1/index/pins", json=wanted | {"revision": "absent"}).status_code == 404
        assert developer.delete(f"/api/v1/index/pins/{identifier}/main").status_code == 422
        assert door.of(Role.VIEWER).delete(place).status_code == 403
        assert [developer.delete(place).status_code for _ in range(2)] == [200, 404]
        assert developer.get("/api/v1/index/pins", params={"repository_id": identifier}).json()["items"] == []

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
