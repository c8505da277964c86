"""What was allowed, over REST."""

from typing import Any

import pytest

from grove.accounts import Role
from tests.api.conftest import Door

DECISIONS = "/api/v1/audit/decisions"


def told(door: Door, **asked: str | bool) -> list[tuple[str, str, int]]:
    grove = door.made.grove
    grove.decisions.write(grove.database)
    answer = door.admin.get(DECISIONS, params={"limit": 1000, **asked})
    assert answer.is_success, answer.text
    return sorted((line["action"], line["resource"], line["count"]) for line in answer.json()["items"])


class TestDecisions:
    def test_tell_who_was_shown_a_repository_and_by_which_policies(self, door: Door) -> None:
        repository = door.connect_ready()
        viewer = door.of(Role.VIEWER)
        me = viewer.get("/api/v1/me").json()["id"]
        viewer.get("/api/v1/search", params={"q": "retry_call"})
        viewer.get("/api/v1/search", params={"q": "nothing_has_this_name"})
        assert viewer.get("/api/v1/search/stream", params={"q": "retry_call"}).is_success
        assert viewer.get(f"/api/v1/repositories/{repository}/files", params={"path": "src/retry.py"}).is_success
        assert viewer.delete(f"/api/v1/repositories/{repository}").status_code == 403

        found = told(door, principal=me, resource=repository)

        assert found == [
            ("file.read", "payments", 1),
            ("repository.view", "payments", 1),
            ("search.run", "payments", 2),
        ]
        [line] = door.admin.get(DECISIONS, params={"principal": me, "action": "file.read"}).json()["items"]
        assert (line["principal_id"], line["source"], line["policies"]) == (me, "api", ["grove.viewer"])
        assert (line["day"], line["policy_version"]) == (None, 0)

    def test_tell_of_definitions_only_where_they_are(self, door: Door) -> None:
        repository = door.connect_ready()
        viewer = door.of(Role.VIEWER)
        me = viewer.get("/api/v1/me").json()["id"]
        for name in ("retry_call", "nothing_has_this_name"):
            assert viewer.get("/api/v1/navigation/definitions", params={"name": name}).is_success

        assert told(door, principal=me, resource=repository) == [("search.run", "payments", 1)]

    def test_are_not_told_twice_of_what_the_trail_tells(self, door: Door) -> None:
        repository = door.connect_ready()

        assert "repository.connect" not in {action for action, *_ in told(door, by_day=True)}
        assert told(door, resource=repository, action="repository.sync") == []

    def test_are_not_told_of_what_was_merely_asked(self, door: Door) -> None:
        repository = door.connect_ready()
        viewer = door.of(Role.VIEWER)
        me = viewer.get("/api/v1/me").json()["id"]
        asked = {"action": "file.read", "repository": repository, "principal": me}
        assert door.admin.post("/api/v1/policies/explain", json=asked).json()["allowed"]

        assert told(door, principal=me, resource=repository) == []

    @pytest.mark.parametrize(
        "wrong", [{"since": "October"}, {"cursor": "x"}, {"cursor": "WzEsMl0"}, {"order": "any"}, {"limit": 0}], ids=str
    )
    def test_refuse_what_makes_no_sense(self, shared: Door, wrong: dict[str, str]) -> None:
        assert shared.admin.get(DECISIONS, params=wrong).status_code == 422

    def test_know_no_stranger(self, shared: Door) -> None:
        assert shared.admin.get(DECISIONS, params={"principal": "nobody-here"}).status_code == 404

    def test_are_for_administrators_alone(self, shared: Door) -> None:
        assert shared.of(Role.MAINTAINER).get(DECISIONS).status_code == 403

    def test_are_given_page_by_page(self, door: Door) -> None:
        repository = door.connect_ready()
        for path in ("me", "repositories", "search?q=retry_call", f"repositories/{repository}"):
            door.admin.get(f"/api/v1/{path}")
        told(door)
        items: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page: dict[str, Any] = door.admin.get(
                DECISIONS, params={"limit": 2, "by_day": True, "cursor": cursor}
            ).json()
            items += page["items"]
            cursor = page["next_cursor"]

        assert len(items) == len({tuple(map(str, item.values())) for item in items}) > 2
