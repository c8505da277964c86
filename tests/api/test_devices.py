"""Letting a command line in with a browser, as RFC 8628 has it."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from grove.accounts.tables import DeviceRow
from tests.api.conftest import Door
from tests.api.test_browser import browser, field, let_in, send_login

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def ask(door: Door, **fields: str) -> dict[str, Any]:
    answer = door.anonymous.post("/api/v1/device/authorization", data={"client_id": "grove", **fields})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def poll(door: Door, device_code: str) -> httpx2.Response:
    return door.anonymous.post("/api/v1/device/token", data={"grant_type": GRANT, "device_code": device_code})


def let_time_pass(door: Door, **changes: Any) -> None:
    """As if nobody had asked for a while."""
    with door.made.grove.database.transaction() as tx:
        tx.session.execute(update(DeviceRow).values(asked_at=None, **changes))


def decide(client: TestClient, code: str, decision: str = "approve") -> httpx2.Response:
    page = client.get("/device", params={"code": code})
    assert page.status_code == 200, page.text
    return client.post("/device", data={"csrf": field(page.text), "code": code, "decision": decision})


@pytest.fixture
def ada(door: Door) -> TestClient:
    let_in(door)
    client = browser(door)
    send_login(client)
    return client


class TestADevice:
    def test_is_let_in_as_whoever_approves_it(self, door: Door, ada: TestClient) -> None:
        asked = ask(door, scope="read write")
        assert asked["verification_uri_complete"] == f"http://localhost/device?code={asked['user_code']}"
        assert poll(door, asked["device_code"]).json() == {"error": "authorization_pending"}

        page = ada.get("/device", params={"code": asked["user_code"].lower().replace("-", " ")})
        assert "wants to act as <strong>ada</strong>: read, write." in page.text
        assert "testclient" in page.text
        assert decide(ada, asked["user_code"]).status_code == 200
        let_time_pass(door)
        told = poll(door, asked["device_code"])

        assert told.status_code == 200
        assert (told.json()["token_type"], told.json()["scope"]) == ("Bearer", "read write")
        client = door.client(told.json()["access_token"])
        assert client.get("/api/v1/me").json()["scopes"] == ["read", "write"]
        assert client.post("/api/v1/tokens", json={"name": "x"}).status_code == 403
        sessions = ada.get("/api/v1/sessions").json()["items"]
        assert {session["method"] for session in sessions} == {"password", "device"}
        assert poll(door, asked["device_code"]).json() == {"error": "invalid_grant"}
        entries = door.admin.get("/api/v1/audit?action=device.*").json()["items"]
        assert [entry["action"] for entry in entries] == ["device.approve"]

    def test_is_told_to_slow_down_when_it_asks_too_often(self, door: Door, ada: TestClient) -> None:
        asked = ask(door)
        told = [poll(door, asked["device_code"]).json()["error"] for _ in range(3)]
        assert told == ["authorization_pending", "slow_down", "slow_down"]
        with door.made.grove.database.reading() as tx:
            assert tx.session.query(DeviceRow).one().interval_seconds == 15

    def test_is_refused_for_good(self, door: Door, ada: TestClient) -> None:
        asked = ask(door)
        assert "not let in" in decide(ada, asked["user_code"], "refuse").text
        assert poll(door, asked["device_code"]).json() == {"error": "access_denied"}
        assert ada.get("/device", params={"code": asked["user_code"]}).status_code == 404

    def test_waits_for_ten_minutes(self, door: Door, ada: TestClient) -> None:
        asked = ask(door)
        past = door.made.now - timedelta(seconds=1)
        let_time_pass(door, expires_at=past)
        assert poll(door, asked["device_code"]).json() == {"error": "expired_token"}
        assert ada.get("/device", params={"code": asked["user_code"]}).status_code == 404

    def test_is_not_let_in_by_somebody_else_s_page(self, door: Door, ada: TestClient) -> None:
        asked = ask(door)
        fields = {"code": asked["user_code"], "decision": "approve"}
        assert ada.post("/device", data=fields).status_code == 403
        assert ada.post("/device", data={**fields, "csrf": "0" * 64}).status_code == 403
        assert ada.get("/device", params={**fields}).status_code == 200  # looking decides nothing
        assert poll(door, asked["device_code"]).json() == {"error": "authorization_pending"}
        stranger = browser(door).get("/device", params={"code": asked["user_code"]})
        assert stranger.headers["location"].startswith("/login?next=%2Fdevice%3Fcode%3D")

    def test_is_not_let_in_as_somebody_who_was_shut_out_meanwhile(self, door: Door, ada: TestClient) -> None:
        asked = ask(door)
        identifier = ada.get("/api/v1/me").json()["id"]
        decide(ada, asked["user_code"])
        door.admin.patch(f"/api/v1/users/{identifier}", json={"active": False})
        assert poll(door, asked["device_code"]).json() == {"error": "access_denied"}

    def test_gets_no_scope_that_its_approver_lacks(self, door: Door, ada: TestClient) -> None:
        asked = ask(door)
        narrow = ask(door, scope="read")
        decide(ada, narrow["user_code"])
        session = poll(door, narrow["device_code"]).json()["access_token"]
        cookie = browser(door)
        cookie.cookies.set("grove_session", session)
        page = cookie.get("/device", params={"code": asked["user_code"]}).text
        refused = cookie.post("/device", data={"csrf": field(page), "code": asked["user_code"], "decision": "approve"})
        assert refused.status_code == 403

    @pytest.mark.parametrize("scope", ["", " ", "root", "read root"])
    def test_asks_for_scopes_that_there_are(self, door: Door, scope: str) -> None:
        answer = door.anonymous.post("/api/v1/device/authorization", data={"scope": scope})
        assert answer.status_code in {200, 400}
        assert answer.status_code == 200 if scope == "" else answer.json() == {"error": "invalid_scope"}

    def test_codes_cannot_be_tried_out(self, door: Door, ada: TestClient) -> None:
        told = [
            ada.get("/device", params={"code": f"BBBB-BBB{letter}"}).status_code for letter in "BCDFGHJKLMNPQRSTVWXZBC"
        ]
        assert told[0] == 404
        assert told[-1] == 429
        assert poll(door, "grove_device_wrong").json() == {"error": "invalid_grant"}

    def test_leaves_nothing_behind(self, door: Door) -> None:
        for _ in range(3):
            ask(door)
        old: datetime = door.made.now - timedelta(hours=1)
        let_time_pass(door, expires_at=old)
        ask(door)
        with door.made.grove.database.reading() as tx:
            assert tx.session.query(DeviceRow).count() == 1
