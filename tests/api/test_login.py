"""Signing in with a name and a password."""

import statistics
import time

from grove.accounts import Role
from tests.api.conftest import Door

PASSWORD = "seventeen green bottles"


def let_in(door: Door) -> None:
    user = door.admin.post("/api/v1/users", json={"name": "ada", "role": "developer"}).json()
    path = f"/api/v1/users/{user['id']}/password"
    assert door.admin.put(path, json={"password": PASSWORD}).json() == {"user_id": user["id"]}


class TestLogin:
    def test_gives_a_token_that_ends_with_the_session(self, door: Door) -> None:
        let_in(door)

        answer = door.anonymous.post("/api/v1/login", json={"name": "ada", "password": PASSWORD})

        assert answer.status_code == 201
        ada = door.client(answer.json()["secret"])
        assert ada.get("/api/v1/me").json()["name"] == "ada"
        assert ada.delete("/api/v1/login").json() == {"revoked": True}
        assert ada.get("/api/v1/me").status_code == 401
        assert door.admin.delete("/api/v1/login").json() == {"revoked": False}
        assert door.admin.get("/api/v1/me").status_code == 200

    def test_tells_nothing_about_who_is_known(self, door: Door) -> None:
        let_in(door)
        refused, seconds = [], []
        for name in ("ada", "nobody"):
            taken = []
            for _ in range(5):
                began = time.process_time()
                answer = door.anonymous.post("/api/v1/login", json={"name": name, "password": "wrong, wrong, wrong"})
                taken.append(time.process_time() - began)
                assert answer.status_code == 401
            problem = answer.json()
            problem.pop("request_id")
            refused.append(problem)
            seconds.append(statistics.median(taken))

        assert refused[0] == refused[1]
        assert 0.5 < seconds[0] / seconds[1] < 2

    def test_is_slowed_down_for_whoever_guesses(self, door: Door) -> None:
        let_in(door)
        tried = [
            door.anonymous.post(
                "/api/v1/login",
                json={"name": "ada", "password": "wrong, wrong, wrong"},
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
            ).status_code
            for number in range(12)
        ]

        assert tried[:10] == [401] * 10
        assert tried[-1] == 429
        assert door.anonymous.post("/api/v1/login", json={"name": "ada", "password": PASSWORD}).status_code == 429

    def test_takes_no_password_that_is_none(self, door: Door) -> None:
        me = door.admin.get("/api/v1/me").json()["id"]
        refused = door.admin.put(f"/api/v1/users/{me}/password", json={"password": "short"})

        assert (refused.status_code, refused.json()["code"]) == (422, "password_unfit")
        other = door.of(Role.MAINTAINER).put(f"/api/v1/users/{me}/password", json={"password": PASSWORD})
        assert other.status_code == 403
        assert door.stranger().put(f"/api/v1/users/{me}/password", json={"password": PASSWORD}).status_code == 404
