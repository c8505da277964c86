import pytest

from grove.accounts import Role
from tests.api.conftest import Door


class TestAudit:
    def test_tells_who_did_what(self, door: Door) -> None:
        connected = door.connect()

        page = door.admin.get("/api/v1/audit", params={"limit": 1}).json()

        assert page["items"][0]["target_id"] == connected["repository"]["id"]
        assert page["items"][0]["actor_name"] == "admin"
        assert page["items"][0]["source"] == "api"
        assert page["has_more"] is True

    def test_is_read_page_by_page_in_both_directions(self, door: Door) -> None:
        door.connect()
        newest = [entry["sequence"] for entry in door.admin.get("/api/v1/audit").json()["items"]]
        found: list[int] = []
        cursor: str | None = ""
        while cursor is not None:
            page = door.admin.get(
                "/api/v1/audit", params={"limit": 1, "order": "oldest", "cursor": cursor or ""}
            ).json()
            found += [entry["sequence"] for entry in page["items"]]
            cursor = page["next_cursor"]

        assert found == sorted(newest)
        assert newest == sorted(newest, reverse=True)

    def test_is_filtered(self, door: Door) -> None:
        door.connect()

        asked = {"action": "repository.*", "actor": "admin", "since": "2026-01-01T00:00:00Z"}
        actions = [entry["action"] for entry in door.admin.get("/api/v1/audit", params=asked).json()["items"]]

        assert actions == ["repository.approve", "repository.connect"]
        assert door.admin.get("/api/v1/audit", params={"until": "2001-01-01T00:00:00Z"}).json()["items"] == []

    @pytest.mark.parametrize("wrong", [{"since": "2026-01-01T00:00:00"}, {"cursor": "x"}, {"order": "any"}], ids=str)
    def test_refuses_what_makes_no_sense(self, shared: Door, wrong: dict[str, str]) -> None:
        assert shared.admin.get("/api/v1/audit", params=wrong).status_code == 422

    def test_is_for_administrators_alone(self, shared: Door) -> None:
        maintainer = shared.of(Role.MAINTAINER)
        assert maintainer.get("/api/v1/audit").status_code == 403
        assert maintainer.get("/api/v1/audit/verification").status_code == 403


class TestVerification:
    def test_says_that_the_trail_is_whole_and_where_it_ends(self, door: Door) -> None:
        newest = door.admin.get("/api/v1/audit", params={"limit": 1}).json()["items"][0]

        assert door.admin.get("/api/v1/audit/verification").json() == {
            "is_whole": True,
            "entry_count": newest["sequence"],
            "digest": newest["digest"],
            "broken_at": None,
            "reason": "",
        }

    def test_compares_with_what_was_noted(self, door: Door) -> None:
        told = door.admin.get("/api/v1/audit/verification", params={"known": f"1:{'0' * 64}"}).json()

        assert (told["is_whole"], told["broken_at"]) == (False, 1)
        assert door.admin.get("/api/v1/audit/verification", params={"known": "1"}).status_code == 422
