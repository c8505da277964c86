"""How often one may ask, and requests that are made again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import Door, open_door


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Door]:
    yield from open_door(tmp_path, rate_limit=3, search_rate_limit=1)


class TestRequests:
    def test_are_counted_and_refused_when_there_are_too_many(self, narrow: Door) -> None:
        first = narrow.admin.get("/api/v1/me")
        assert first.headers["RateLimit-Policy"] == '"requests";q=3;w=60'
        assert first.headers["RateLimit"].startswith('"requests";r=2;t=')

        refused = [narrow.admin.get("/api/v1/me") for _ in range(3)][-1]

        assert (refused.status_code, refused.json()["code"]) == (429, "rate_exceeded")
        assert int(refused.headers["Retry-After"]) >= 1

    def test_to_search_are_fewer(self, narrow: Door) -> None:
        found = narrow.admin.get("/api/v1/search", params={"q": "retry"})
        assert found.headers["RateLimit-Policy"] == '"searches";q=1;w=60'
        assert narrow.admin.get("/api/v1/search", params={"q": "retry"}).status_code == 429
        assert narrow.admin.get("/api/v1/me").status_code == 200

    def test_with_tokens_that_are_none_are_slowed_down_and_no_others(self, door: Door) -> None:
        guesses = [door.client(f"grove_guess-{number}").get("/api/v1/me").status_code for number in range(62)]

        assert guesses[:60] == [401] * 60
        assert guesses[-1] == 429
        assert door.admin.get("/api/v1/me").status_code == 200


class TestAnIdempotencyKey:
    def test_has_the_same_thing_done_once(self, door: Door) -> None:
        made = [
            door.admin.post("/api/v1/tokens", json={"name": "ci"}, headers={"Idempotency-Key": "a-1"}) for _ in range(2)
        ]

        assert [answer.status_code for answer in made] == [201, 201]
        assert made[0].json() == made[1].json()
        assert made[1].headers["Idempotency-Replayed"] == "true"
        assert len(door.admin.get("/api/v1/tokens").json()["items"]) == 2

    def test_is_refused_for_something_else(self, door: Door) -> None:
        headers = {"Idempotency-Key": "a-1"}
        door.admin.post("/api/v1/projects", json={"name": "one"}, headers=headers)

        for path, body in (("projects", {"name": "two"}), ("users", {"name": "one", "role": "viewer"})):
            refused = door.admin.post(f"/api/v1/{path}", json=body, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")

    def test_may_be_used_again_when_nothing_was_done(self, door: Door) -> None:
        headers = {"Idempotency-Key": "a-1"}
        assert door.admin.post("/api/v1/projects", json={"name": ""}, headers=headers).status_code == 422
        assert door.admin.post("/api/v1/projects", json={"name": "one"}, headers=headers).status_code == 201

    def test_gives_nothing_to_others(self, door: Door) -> None:
        headers = {"Idempotency-Key": "a-1"}
        secret = door.admin.post("/api/v1/tokens", json={"name": "ci"}, headers=headers).json()["secret"]

        assert door.anonymous.post("/api/v1/tokens", json={"name": "ci"}, headers=headers).status_code == 401
        stranger = door.stranger().post("/api/v1/tokens", json={"name": "ci"}, headers=headers)
        assert stranger.json()["secret"] != secret

    @pytest.mark.parametrize("key", ["", "a b", "x" * 256])
    def test_is_of_visible_characters(self, shared: Door, key: str) -> None:
        refused = shared.admin.post("/api/v1/projects", json={"name": "x"}, headers={"Idempotency-Key": key})
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_malformed")
