"""Signing in with a browser: forms, cookies, and what other sites' pages may not do with them."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from grove.api.signing_in import HOME, local_path
from tests.api.conftest import ADDRESS, Door, open_door

PASSWORD = "seventeen green bottles"
COOKIE = "grove_session"


def field(page: str, name: str = "csrf") -> str:
    """The value of a hidden field of a form."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return found[1]


def browser(door: Door, *, base_url: str = ADDRESS) -> TestClient:
    return TestClient(door.anonymous.app, base_url=base_url, follow_redirects=False)


def let_in(door: Door, name: str = "ada") -> str:
    user = door.admin.post("/api/v1/users", json={"name": name, "role": "developer"}).json()
    assert door.admin.put(f"/api/v1/users/{user['id']}/password", json={"password": PASSWORD}).is_success
    identifier: str = user["id"]
    return identifier


def send_login(client: TestClient, *, name: str = "ada", password: str = PASSWORD, after: str = "") -> httpx2.Response:
    form = client.get("/login", params={"next": after} if after else {}).text
    fields = {"csrf": field(form), "next": field(form, "next"), "name": name, "password": password}
    return client.post("/login", data=fields)


@pytest.fixture
def signed_in(door: Door) -> TestClient:
    let_in(door)
    client = browser(door)
    assert send_login(client).status_code == 303
    return client


class TestSigningIn:
    def test_by_password_gives_a_cookie_that_no_script_reads(self, door: Door) -> None:
        let_in(door)
        client = browser(door)
        answer = send_login(client, after="/login?x=1")

        assert (answer.status_code, answer.headers["location"]) == (303, "/login?x=1")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("grove_session=grove_session_")
        assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"))
        assert "Secure" not in cookie
        assert client.get("/api/v1/me").json()["name"] == "ada"
        assert "You are <strong>ada</strong>" in client.get(HOME).text
        entries = door.admin.get("/api/v1/audit", params={"action": "session.open"}).json()["items"]
        assert (entries[0]["source"], entries[0]["facts"]["method"]) == ("web", "password")

    def test_is_refused_with_a_reason(self, door: Door) -> None:
        let_in(door)
        client = browser(door)
        answer = send_login(client, password="wrong, wrong, wrong")

        assert answer.status_code == 401
        assert "The name or the password is wrong." in answer.text
        assert COOKIE not in client.cookies
        entries = door.admin.get("/api/v1/audit", params={"action": "session.refuse"}).json()["items"]
        assert entries[0]["facts"]["reason"] == "sign_in_refused"

    def test_knows_nobody_by_what_is_no_name(self, door: Door) -> None:
        client = browser(door)
        for name in ("", "a\0b", "x" * 300, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")):
            assert send_login(client, name=name).status_code == 401

    def test_needs_a_form_of_ours(self, door: Door) -> None:
        let_in(door)
        client = browser(door)
        fields = {"name": "ada", "password": PASSWORD}
        for csrf in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
            assert client.post("/login", data={**fields, **csrf}).status_code == 403
        other = field(browser(door).get("/login").text)
        client.get("/login")
        assert client.post("/login", data={**fields, "csrf": other}).status_code == 403
        origin = client.post(
            "/login", data={**fields, "csrf": field(client.get("/login").text)}, headers={"Origin": "https://evil.test"}
        )
        assert origin.status_code == 403
        assert COOKIE not in client.cookies

    def test_changes_the_secret_so_that_nobody_can_plant_one(self, door: Door) -> None:
        let_in(door)
        client = browser(door)
        client.cookies.set(COOKIE, "grove_session_planted", domain="localhost.local")
        assert send_login(client).status_code == 303
        first = client.cookies[COOKIE]
        assert first != "grove_session_planted"
        client.cookies.delete(COOKIE)
        client.cookies.set(COOKIE, first)

        # Somebody who has planted their own session signs it out by signing in.
        form = browser(door)
        page = form.get("/login").text
        form.cookies.set(COOKIE, first)
        fields = {"csrf": field(page), "name": "ada", "password": PASSWORD}
        answer = form.post("/login", data=fields)

        assert answer.status_code == 303
        assert first not in answer.headers["set-cookie"]
        assert client.get("/api/v1/me").status_code == 401

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://evil.test/",
            "//evil.test/",
            "/\\evil.test/",
            "\\\\evil.test",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x=1",
            "/\t/evil.test",
            " //evil.test",
            "evil.test",
            "",
            "///evil.test",
            "/ä",
            "/" + "a" * 3_000,
        ],
    )
    def test_goes_on_to_no_other_site(self, elsewhere: str) -> None:
        assert local_path(elsewhere) == HOME
        assert local_path("/repositories?q=a%20b#c") == "/repositories?q=a%20b#c"


class TestACookie:
    def test_alone_changes_nothing(self, door: Door, signed_in: TestClient) -> None:
        refused = signed_in.put("/api/v1/contexts/mine", json={"entries": ["repo:payments"]})
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf_token_missing")

        token = signed_in.get("/api/v1/session").json()["csrf_token"]
        made = signed_in.put(
            "/api/v1/contexts/mine", json={"entries": ["repo:payments"]}, headers={"X-CSRF-Token": token}
        )
        assert made.is_success, made.text
        assert door.admin.get("/api/v1/session").json() == {"csrf_token": None}

    def test_of_another_session_has_another_token(self, door: Door, signed_in: TestClient) -> None:
        other = browser(door)
        send_login(other)
        token = other.get("/api/v1/session").json()["csrf_token"]
        assert signed_in.delete("/api/v1/login", headers={"X-CSRF-Token": token}).status_code == 403

    def test_repeats_a_post_only_for_whoever_shows_the_token(self, signed_in: TestClient) -> None:
        token = signed_in.get("/api/v1/session").json()["csrf_token"]
        key = {"Idempotency-Key": "once"}
        body = {"name": "agent"}
        first = signed_in.post("/api/v1/agents", json=body, headers={**key, "X-CSRF-Token": token})
        again = signed_in.post("/api/v1/agents", json=body, headers={**key, "X-CSRF-Token": token})

        assert first.status_code == again.status_code == 201
        assert again.headers["idempotency-replayed"] == "true"
        assert signed_in.post("/api/v1/agents", json=body, headers=key).status_code == 403

    def test_counts_for_nothing_beside_a_token(self, signed_in: TestClient) -> None:
        assert signed_in.get("/api/v1/me", headers={"Authorization": "Bearer grove_wrong"}).status_code == 401

    def test_is_none_for_agents_and_git(self, signed_in: TestClient) -> None:
        assert signed_in.get("/git/payments.git/info/refs?service=git-upload-pack").status_code == 401

    def test_is_worthless_after_signing_out(self, door: Door, signed_in: TestClient) -> None:
        kept = signed_in.cookies[COOKIE]
        assert signed_in.post("/logout", data={}).status_code == 403
        answer = signed_in.post("/logout", data={"csrf": field(signed_in.get(HOME).text)})

        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert COOKIE not in signed_in.cookies
        assert door.client(kept).get("/api/v1/me").status_code == 401
        assert signed_in.get(HOME).headers["location"] == "/login?next=%2Faccount"

    def test_of_elsewhere_is_ended_on_the_page(self, door: Door, signed_in: TestClient) -> None:
        other = browser(door)
        send_login(other)
        sessions = signed_in.get("/api/v1/sessions").json()["items"]
        assert len(sessions) == 2
        path = f"{HOME}/sessions/{sessions[0]['id']}/end"
        assert signed_in.post(path, data={}).status_code == 403
        assert signed_in.post(path, data={"csrf": field(signed_in.get(HOME).text)}).status_code == 303
        assert other.get("/api/v1/me").status_code == 401
        assert signed_in.get("/api/v1/me").status_code == 200


class TestACookieOverHttps:
    @pytest.fixture
    def secure(self, tmp_path: Path) -> Iterator[Door]:
        yield from open_door(tmp_path, base_url="https://localhost")

    def test_is_sent_with_tls_alone_and_taken_from_no_other_host(self, secure: Door) -> None:
        let_in(secure)
        client = browser(secure, base_url="https://localhost")
        cookie = send_login(client).headers["set-cookie"]

        assert cookie.startswith("__Host-grove_session=")
        assert "; Secure" in cookie
        assert "Domain" not in cookie
        planted = browser(secure)
        planted.cookies.set(COOKIE, client.cookies["__Host-grove_session"])
        assert planted.get("/api/v1/me").status_code == 401


class TestAProxy:
    @pytest.fixture
    def behind(self, tmp_path: Path) -> Iterator[Door]:
        yield from open_door(tmp_path, trusted_proxies=("10.1.0.0/16",))

    def client(self, door: Door, address: str) -> TestClient:
        return TestClient(door.anonymous.app, base_url=ADDRESS, client=(address, 1234), follow_redirects=False)

    def seen(self, door: Door) -> str:
        entries = door.admin.get("/api/v1/audit", params={"action": "session.open"}).json()["items"]
        address: str = entries[0]["facts"]["address"]
        return address

    @pytest.mark.parametrize(
        ("peer", "forwarded", "known_as"),
        [
            ("10.1.2.3", "203.0.113.9", "203.0.113.9"),
            ("10.1.2.3", "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # what the client wrote stands first
            ("10.1.2.3", "198.51.100.1, 203.0.113.9, 10.1.9.9", "203.0.113.9"),
            ("192.0.2.4", "203.0.113.9", "192.0.2.4"),
        ],
    )
    def test_is_believed_only_when_it_is_a_trusted_one(
        self, behind: Door, peer: str, forwarded: str, known_as: str
    ) -> None:
        let_in(behind)
        headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "https"}
        body = {"name": "ada", "password": PASSWORD}
        assert self.client(behind, peer).post("/api/v1/login", json=body, headers=headers).status_code == 201
        assert self.seen(behind) == known_as

        form = self.client(behind, peer).get("/login", headers=headers)
        assert ("Secure" in form.headers["set-cookie"]) == (peer == "10.1.2.3")

    def test_does_not_give_guessers_new_addresses(self, behind: Door) -> None:
        let_in(behind)
        client = self.client(behind, "10.1.2.3")
        body = {"name": "ada", "password": "wrong, wrong, wrong"}
        told = [
            client.post(
                "/api/v1/login", json=body, headers={"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.9"}
            ).status_code
            for number in range(14)
        ]
        assert told[:9] == [401] * 9
        assert told[-1] == 429
        entries = behind.admin.get("/api/v1/audit", params={"action": "session.refuse"}).json()["items"]
        assert entries[0]["facts"]["reason"] == "rate_exceeded"
