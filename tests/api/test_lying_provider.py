"""A provider that answers with tokens that nobody should believe; every one is refused alike."""

import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import ADDRESS, Door, open_door
from tests.oidc.test_id_token import GOOD, KEY, OTHER, public, raw, truly_signed

HEADER = {"alg": "RS256", "kid": "one"}


@dataclass(eq=False)
class Liar:
    """A provider that says whatever it is told to say."""

    server: ThreadingHTTPServer = field(init=False)
    id_token: str = ""

    def __post_init__(self) -> None:
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.tell({"keys": public(KEY)} if self.path == "/keys" else liar.description)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.tell({"id_token": liar.id_token, "access_token": "opaque", "token_type": "Bearer"})

            def tell(self, document: dict[str, Any]) -> None:
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_parts: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def description(self) -> dict[str, Any]:
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": self.issuer, **{name: f"{self.issuer}/{path}" for name, path in places.items()}}


@pytest.fixture(scope="module")
def liar() -> Iterator[Liar]:
    made = Liar()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, liar: Liar) -> Iterator[Door]:
    yield from open_door(tmp_path_factory.mktemp("told"), oidc_issuer=liar.issuer, oidc_default_role="viewer")


def come_back(door: Door, liar: Liar, *, header: Any = HEADER, key: Any = KEY, **claims: Any) -> tuple[int, str, bool]:
    """What a browser gets when the provider answers with such a token, and whether it is signed in then."""
    browser = TestClient(door.anonymous.app, base_url=ADDRESS, follow_redirects=False)
    asked = parse_qs(urlsplit(browser.get("/login/oidc").headers["location"]).query)
    now = int(time.time())
    right = {**GOOD, "iat": now, "exp": now + 300, "iss": liar.issuer, "nonce": asked["nonce"][0]}
    said = {name: value for name, value in {**right, **claims}.items() if value is not None}
    liar.id_token = truly_signed(header, said, key=key) if key is not None else raw(header, said)
    answer = browser.get("/login/oidc/callback", params={"code": "c", "state": asked["state"][0]})
    body = re.sub(r'name="csrf" value="[0-9a-f]+"', "", answer.text)
    return answer.status_code, body, browser.get("/api/v1/me").status_code == 200


class TestATokenThatNobodyShouldBelieve:
    def test_is_answered_by_the_same_refusal_whatever_is_wrong_with_it(self, told: Door, liar: Liar) -> None:
        assert come_back(told, liar)[2]
        now = int(time.time())
        answers = [
            come_back(told, liar, header={"alg": "none"}, key=None),
            come_back(told, liar, header={"alg": "HS256", "kid": "one"}),
            come_back(told, liar, key=OTHER),
            come_back(told, liar, header={**HEADER, "kid": "../../dev/null"}),
            come_back(told, liar, header={**HEADER, "kid": "https://evil.test/keys"}),
            come_back(told, liar, header={**HEADER, "crit": ["x"], "x": 1}),
            come_back(told, liar, header={**HEADER, "jku": f"{liar.issuer}/keys"}, key=OTHER),
            come_back(told, liar, exp=now - 3_600),
            come_back(told, liar, nbf=now + 86_400),
            come_back(told, liar, aud="another"),
            come_back(told, liar, iss="https://evil.test"),
            come_back(told, liar, nonce="another"),
            come_back(told, liar, padding="y" * 500_000),
            *(come_back(told, liar, **{name: None}) for name in ("exp", "aud", "iss", "sub", "nonce")),
        ]
        assert {(status, signed_in) for status, _, signed_in in answers} == {(401, False)}
        assert len({body for _, body, _ in answers}) == 1
        assert "cannot be believed" in answers[0][1]
