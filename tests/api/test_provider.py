"""Signing in at a real OpenID provider, which runs in a process of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient

from grove.api.provider import CALLBACK
from tests.api.conftest import ADDRESS, Door, open_door
from tests.api.test_browser import field
from tests.support.oidc_provider import OpenIdProvider, needed, running_provider

pytestmark = needed
ROLES = {"grove-admins": "admin", "developers": "developer"}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdProvider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


@pytest.fixture
def open_to(tmp_path: Path, provider: OpenIdProvider) -> Iterator[Door]:
    """A door that lets in whom the provider vouches for."""
    yield from open_door(tmp_path, oidc_roles=ROLES, **provider.settings)


def browser(door: Door) -> TestClient:
    return TestClient(door.anonymous.app, base_url=ADDRESS, follow_redirects=False)


def sent_to(client: TestClient, *, after: str = "/account") -> str:
    answer = client.get("/login/oidc", params={"next": after})
    assert answer.status_code == 303, answer.text
    address: str = answer.headers["location"]
    return address


def back(client: TestClient, address: str) -> httpx2.Response:
    parts = urlsplit(address)
    assert parts.path == CALLBACK, address
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(door: Door, provider: OpenIdProvider, name: str) -> tuple[TestClient, httpx2.Response]:
    client = browser(door)
    return client, back(client, provider.sign_in(sent_to(client), name=name))


def actions(door: Door, beginning: str) -> list[str]:
    entries = door.admin.get("/api/v1/audit", params={"action": f"{beginning}.*"}).json()["items"]
    return [entry["action"] for entry in entries]


def entries_of(door: Door, action: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = door.admin.get("/api/v1/audit", params={"action": action}).json()["items"]
    return found


class TestSigningInAtAProvider:
    def test_makes_a_user_with_the_role_of_their_groups(self, open_to: Door, provider: OpenIdProvider) -> None:
        provider.know("ada", groups=["developers", "others"], email="ada@example.org", email_verified=True)
        client = browser(open_to)
        page = client.get("/login").text
        assert 'href="/login/oidc?next=%2Faccount"' in page
        address = sent_to(client, after="/account?x=1")
        asked = dict(httpx2.URL(address).params)
        assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
        assert {"state", "nonce", "code_challenge"} <= set(asked)

        answer = back(client, provider.sign_in(address, name="ada"))

        assert (answer.status_code, answer.headers["location"]) == (303, "/account?x=1"), answer.text
        assert client.get("/api/v1/me").json()["role"] == "developer"
        users = {user["name"]: user for user in open_to.admin.get("/api/v1/users").json()["items"]}
        assert users["ada"]["email"] == "ada@example.org"
        assert actions(open_to, "identity") == ["identity.create"]
        assert open_to.admin.get("/api/v1/audit?action=session.open").json()["items"][0]["facts"]["method"] == "oidc"
        token = field(client.get("/account").text)
        assert client.post("/logout", data={"csrf": token}).status_code == 303
        assert client.get("/api/v1/me").status_code == 401

    def test_follows_the_groups_at_each_sign_in(self, open_to: Door, provider: OpenIdProvider) -> None:
        provider.know("bob", groups=["grove-admins"])
        admin, _ = sign_in(open_to, provider, "bob")
        assert admin.get("/api/v1/me").json()["role"] == "admin"
        token = open_to.client(
            admin.post(
                "/api/v1/tokens",
                json={"name": "ci"},
                headers={"X-CSRF-Token": admin.get("/api/v1/session").json()["csrf_token"]},
            ).json()["secret"]
        )

        provider.know("bob", groups=["developers"])
        sign_in(open_to, provider, "bob")
        assert admin.get("/api/v1/me").json()["role"] == token.get("/api/v1/me").json()["role"] == "developer"

        provider.know("bob", groups=[])
        _, refused = sign_in(open_to, provider, "bob")
        assert refused.status_code == 403
        assert "nobody has let you in here" in refused.text
        (entry,) = entries_of(open_to, "session.refuse")
        assert entry["facts"]["identity"] == "bob"
        assert admin.get("/api/v1/me").status_code == token.get("/api/v1/me").status_code == 401

        provider.know("bob", groups=["developers"])
        again, _ = sign_in(open_to, provider, "bob")
        assert again.get("/api/v1/me").json()["role"] == token.get("/api/v1/me").json()["role"] == "developer"
        assert admin.get("/api/v1/me").status_code == 401
        told = ["identity.admit", "identity.shut_out", "identity.set_role", "identity.create"]
        assert actions(open_to, "identity") == told

    def test_does_not_open_what_an_administrator_has_shut(self, open_to: Door, provider: OpenIdProvider) -> None:
        provider.know("eve", groups=["developers"])
        client, _ = sign_in(open_to, provider, "eve")
        identifier = client.get("/api/v1/me").json()["id"]
        for groups in ([], ["developers"]):
            open_to.admin.patch(f"/api/v1/users/{identifier}", json={"active": False})
            provider.know("eve", groups=groups)
            assert sign_in(open_to, provider, "eve")[1].status_code == 403

    def test_takes_no_code_twice(self, open_to: Door, provider: OpenIdProvider) -> None:
        provider.know("cy", groups=["developers"])
        client = browser(open_to)
        begun = sent_to(client)
        flow = client.cookies["grove_flow"]
        answered = provider.sign_in(begun, name="cy")
        assert back(client, answered).status_code == 303

        assert back(client, answered).status_code == 401  # the browser has forgotten the sign-in
        client.cookies.set("grove_flow", flow, domain="localhost.local", path="/")
        replayed = back(client, answered)
        assert replayed.status_code == 401
        assert "does not take this code" in replayed.text

    def test_is_ended_by_the_browser_that_began_it(self, open_to: Door, provider: OpenIdProvider) -> None:
        provider.know("mal", groups=["developers"])
        answered = provider.sign_in(sent_to(browser(open_to)), name="mal")
        victim = browser(open_to)
        sent_to(victim)

        refused = back(victim, answered)

        assert refused.status_code == 401
        assert "grove_session" not in victim.cookies
        assert actions(open_to, "session")[0] == "session.refuse"

    def test_survives_new_keys_of_the_provider(self, open_to: Door, provider: OpenIdProvider) -> None:
        provider.know("dan", groups=["developers"])
        assert sign_in(open_to, provider, "dan")[1].status_code == 303
        provider.stop()
        away = browser(open_to).get("/login/oidc")
        assert away.status_code == 303  # what it said of itself is still known
        provider.start()
        provider.know("dan", groups=["developers"])
        assert sign_in(open_to, provider, "dan")[1].status_code == 303

    def test_tells_why_the_provider_let_nobody_in(self, open_to: Door, provider: OpenIdProvider) -> None:
        client = browser(open_to)
        state = dict(httpx2.URL(sent_to(client)).params)["state"]
        refused = client.get(CALLBACK, params={"error": "access_denied", "state": state, "iss": provider.issuer})
        assert refused.status_code == 403
        sent_to(client)
        client = browser(open_to)
        state = dict(httpx2.URL(sent_to(client)).params)["state"]
        other = client.get(CALLBACK, params={"code": "x", "state": state, "iss": "https://evil.test"})
        assert other.status_code == 401


class TestAnInvitation:
    @pytest.fixture
    def by_invitation(self, tmp_path: Path, provider: OpenIdProvider) -> Iterator[Door]:
        yield from open_door(tmp_path, oidc_sign_up=False, **provider.settings)

    def test_is_a_user_with_the_address_whom_nobody_has_been(
        self, by_invitation: Door, provider: OpenIdProvider
    ) -> None:
        admin = by_invitation.admin
        made = admin.post("/api/v1/users", json={"name": "Fay", "role": "maintainer", "email": "Fay@example.org"})
        provider.know("fay", email="fay@example.org", email_verified=False)
        assert sign_in(by_invitation, provider, "fay")[1].status_code == 403
        provider.know("fay", email="fay@example.org", email_verified=True)
        client, _ = sign_in(by_invitation, provider, "fay")
        me = client.get("/api/v1/me").json()
        assert (me["id"], me["role"]) == (made.json()["id"], "maintainer")
        refused = admin.put(f"/api/v1/users/{me['id']}/password", json={"password": "seventeen green bottles"})
        assert refused.status_code == 422

    def test_is_no_way_into_the_account_of_somebody_else(self, by_invitation: Door, provider: OpenIdProvider) -> None:
        provider.know("gus", email="admin@example.org", email_verified=True)
        assert sign_in(by_invitation, provider, "gus")[1].status_code == 403


class TestAProviderThatKeepsGroupsToItself:
    @pytest.mark.parametrize("secret", [None, "another secret: &+%=, of a client"])
    def test_is_asked_for_them(self, tmp_path: Path, secret: str | None) -> None:
        with running_provider(tmp_path / "provider", groups_in_token=False, client_secret=secret) as provider:
            provider.know("hal", groups=["grove-admins"])
            for door in open_door(tmp_path, oidc_roles=ROLES, **provider.settings):
                client, _ = sign_in(door, provider, "hal")
                assert client.get("/api/v1/me").json()["role"] == "admin"


class TestADoorWithoutAProvider:
    def test_says_so(self, door: Door) -> None:
        assert "/login/oidc" not in door.anonymous.get("/login").text
        assert browser(door).get("/login/oidc").status_code == 404
        assert browser(door).get(CALLBACK).status_code == 401
