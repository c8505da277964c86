"""Signing in as people do: in a real browser, at a real server, with a real OpenID provider at another site."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest
import uvicorn

from grove.api import create_app
from tests.support import browser
from tests.support.browser import Chromium, chromium
from tests.support.grove import ADMIN_TOKEN, house
from tests.support.oidc_provider import OpenIdProvider, needed, running_provider

pytestmark = [needed, browser.needed]
PASSWORD = "seventeen green bottles"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A server, its provider, and its administrator."""

    address: str
    provider: OpenIdProvider
    admin: httpx2.Client


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("signing-in")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    address = f"http://localhost:{port}"  # to a browser another site than the provider's 127.0.0.1
    with (
        running_provider(folder / "provider", redirect_uri=f"{address}/login/oidc/callback") as provider,
        house(folder / "data", oidc_roles={"developers": "developer"}, oidc_name="Acme", **provider.settings) as made,
    ):
        server = uvicorn.Server(uvicorn.Config(create_app(made.grove), host="127.0.0.1", port=port, log_config=None))
        listening = threading.Thread(target=server.run)
        listening.start()
        while not server.started:
            time.sleep(0.01)
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        with httpx2.Client(base_url=f"{address}/api/v1", headers=headers, trust_env=False) as admin:
            user = admin.post("/users", json={"name": "ada", "role": "developer"}).json()
            assert admin.put(f"/users/{user['id']}/password", json={"password": PASSWORD}).is_success
            yield Place(address=address, provider=provider, admin=admin)
        server.should_exit = True
        listening.join()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def page(opened: Chromium) -> Chromium:
    """A browser that nobody has signed in with."""
    opened.forget()
    return opened


def sign_in(page: Chromium, place: Place, *, password: str = PASSWORD) -> None:
    page.open(f"{place.address}/account")
    page.fill("name", "ada")
    page.fill("password", password)
    page.press("Sign in")


class TestABrowser:
    def test_signs_in_by_password_lets_a_command_in_and_signs_out(self, place: Place, page: Chromium) -> None:
        sign_in(page, place, password="wrong, wrong, wrong")
        assert "The name or the password is wrong." in page.text
        sign_in(page, place)
        assert page.address == f"{place.address}/account"
        assert "You are ada, developer." in page.text
        cookie = page.cookies["grove_session"]
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
        assert page.run("document.cookie") == ""

        asked = httpx2.post(f"{place.address}/api/v1/device/authorization", data={"scope": "read"}).json()
        page.open(asked["verification_uri_complete"])
        assert asked["user_code"] in page.text
        page.press("Let it in")
        assert "go back to your terminal" in page.text
        fields = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": asked["device_code"]}
        told = httpx2.post(f"{place.address}/api/v1/device/token", data=fields)
        assert told.is_success, told.text

        page.open(f"{place.address}/account")
        page.press("Sign out")
        assert page.address == f"{place.address}/login"
        assert "grove_session" not in page.cookies
        page.open(f"{place.address}/account")
        assert page.address == f"{place.address}/login?next=%2Faccount"

    def test_signs_in_at_the_provider_and_comes_back(self, place: Place, page: Chromium) -> None:
        place.provider.know("grace", groups=["developers"])
        page.open(f"{place.address}/account")
        page.press("sign in with Acme")
        assert page.address.startswith(place.provider.issuer)
        page.fill("login", "grace")
        page.fill("password", "x")
        page.press("Sign-in")
        page.press("Continue")
        assert page.address == f"{place.address}/account"
        assert "You are grace, developer." in page.text
        assert "grove_flow" not in page.cookies

    def test_is_told_when_the_provider_knows_somebody_whom_nobody_let_in(self, place: Place, page: Chromium) -> None:
        place.provider.know("mallory", groups=["guests"])
        page.open(f"{place.address}/login")
        page.press("sign in with Acme")
        page.fill("login", "mallory")
        page.fill("password", "x")
        page.press("Sign-in")
        page.press("Continue")
        assert "nobody has let you in here" in page.text
        assert "grove_session" not in page.cookies

    def test_does_nothing_for_the_page_of_another_site(self, place: Place, page: Chromium) -> None:
        sign_in(page, place)
        asked = httpx2.post(f"{place.address}/api/v1/device/authorization", data={"scope": "read"}).json()
        forms = {
            "/logout": "",
            "/device": f'<input name="code" value="{asked["user_code"]}"><input name="decision" value="approve">',
            "/login": '<input name="name" value="ada"><input name="password" value="x">',
        }
        for path, fields in forms.items():
            with elsewhere(
                f'<form method="post" action="{place.address}{path}">{fields}<button>Win</button></form>'
            ) as at:
                page.open(at)
                page.press("Win")
                assert "origin_refused" in page.text
        page.open(f"{place.address}/account")
        assert "You are ada, developer." in page.text


class elsewhere:  # noqa: N801 - a context manager that reads as a word
    """A page of another site."""

    def __init__(self, body: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = f"<!doctype html><body>{body}</body>".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        # A browser opens connections before it needs them: one alone must not keep the others waiting.
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
