"""Usage over REST."""

from datetime import UTC, datetime

from grove.accounts import Role
from tests.api.conftest import Door


class TestUsage:
    def test_of_searches_and_reads_is_told_by_repository_and_source(self, door: Door) -> None:
        repository = door.connect_ready()
        door.admin.get("/api/v1/search", params={"q": "retry_call"})
        door.admin.get("/api/v1/search", params={"q": "nothing_has_this_name"}, headers={"User-Agent": "grove-cli/0.1"})
        door.admin.get(f"/api/v1/repositories/{repository}/file", params={"path": "README.md"})
        door.made.grove.usage.write(now=datetime.now(UTC))

        by_repository = door.admin.get("/api/v1/usage").json()["items"]
        by_source = door.admin.get("/api/v1/usage", params={"by": "source", "everybody": True}).json()["items"]

        [line] = by_repository
        assert line["key"] == repository
        assert line["count"] >= 1
        assert {"cli", "api"} == {item["name"] for item in by_source}

    def test_of_others_is_for_administrators(self, door: Door) -> None:
        refused = door.of(Role.MAINTAINER).get("/api/v1/usage", params={"everybody": True})

        assert refused.status_code == 403
        assert door.of(Role.VIEWER).get("/api/v1/usage").json() == {"items": []}
