"""What the door refuses before anybody is asked, and what every answer carries."""

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from anyio import BrokenResourceError
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from grove.api import create_app
from grove.api.guard import Guard
from grove.api.hosts import Hosts
from grove.api.metrics import Metrics
from grove.kit.logging import configure
from tests.api.conftest import ADDRESS, Door, bearer
from tests.support.grove import House, house


class TestEveryAnswer:
    @pytest.mark.parametrize("path", ["/", "/livez", "/api/v1/repositories", "/nowhere", "/setup"])
    def test_carries_the_security_headers(self, shared: Door, path: str) -> None:
        headers = shared.anonymous.get(path).headers

        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers

    def test_echoes_the_name_of_the_request(self, shared: Door) -> None:
        named = shared.anonymous.get("/nowhere", headers={"X-Request-Id": "abc-123"})

        assert named.headers["x-request-id"] == named.json()["request_id"] == "abc-123"

    @pytest.mark.parametrize("given", ["a b", "x" * 65, 'a"b', ""])
    def test_makes_a_name_where_none_is_fit(self, shared: Door, given: str) -> None:
        made = shared.anonymous.get("/livez", headers={"X-Request-Id": given}).headers["x-request-id"]

        assert made != given
        assert len(made) == 36

    def test_is_logged_with_its_name_and_without_what_it_asked(
        self, shared: Door, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level("INFO", logger="grove"):
            shared.admin.get("/api/v1/search?q=CANARY", headers={"X-Request-Id": "the-name"})

        [line] = [record.getMessage() for record in caplog.records if record.name == "grove.api.guard"]
        assert "the-name" in line
        assert "'route': '/api/v1/search'" in line
        assert "CANARY" not in line


class TestAStreamWhoseReaderHasGone:
    def listen(self, made: House, capsys: pytest.CaptureFixture[str], *errors: Exception) -> int:
        """How many crashes are logged when that goes wrong in the middle of an answer."""

        async def break_off(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise ExceptionGroup("in two tasks", list(errors))

        guard = Guard(break_off, hosts=Hosts.of(made.grove.settings), metrics=Metrics(made.grove))
        configure(level="INFO")
        with suppress(ExceptionGroup):
            TestClient(guard, base_url=ADDRESS).get("/livez")
        return capsys.readouterr().err.count("request_crashed")

    def test_is_no_crash(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with house(tmp_path) as made:
            assert self.listen(made, capsys, BrokenResourceError()) == 0
            assert self.listen(made, capsys, BrokenResourceError(), ValueError()) == 1


class TestUnknownAddresses:
    def test_are_problems(self, shared: Door) -> None:
        answer = shared.admin.get("/api/v1/nothing")

        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["status"], problem["code"], problem["instance"]) == (404, "not_found", "/api/v1/nothing")
        assert problem["type"] == "urn:grove:problem:not_found"

    def test_are_problems_for_wrong_methods_too(self, shared: Door) -> None:
        answer = shared.admin.put("/api/v1/repositories")

        assert answer.status_code == 405
        assert answer.json()["code"] == "method_not_allowed"
        assert answer.headers["allow"] == "GET, POST"


class TestTokens:
    @pytest.mark.parametrize(
        "headers",
        [{}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}],
    )
    def test_are_asked_for(self, shared: Door, headers: dict[str, str]) -> None:
        refused = shared.anonymous.get("/api/v1/repositories", headers=headers)

        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == 'Bearer realm="grove"'
        assert refused.json()["code"] == "token_missing"

    @pytest.mark.parametrize("token", ["grove_wrong", "x" * 100_000, "grove_\x7f"])
    def test_are_refused_when_nobody_has_them(self, shared: Door, token: str) -> None:
        refused = shared.anonymous.get("/api/v1/repositories", headers=bearer(token))

        assert refused.status_code == 401
        assert refused.json()["code"] == "token_invalid"
        assert token not in refused.text

    def test_are_needed_by_every_route_that_is_not_public(self, shared: Door) -> None:
        app: Any = shared.anonymous.app
        for path, operations in app.openapi()["paths"].items():
            for method, operation in operations.items():
                if operation["x-permission"] == "public":
                    continue
                answer = shared.anonymous.request(method, re.sub(r"{\w+}", str(uuid4()), path), json={})
                assert answer.status_code == 401, f"{method} {path}"


class TestBodies:
    def test_set_nothing_that_is_not_theirs_to_set(self, shared: Door) -> None:
        app: Any = shared.anonymous.app
        foreign = {"is_admin": True, "owner_id": str(uuid4()), "clone_status": "COMPLETED", "token_ciphertext": "x"}
        tried = 0
        for path, operations in app.openapi()["paths"].items():
            for method, operation in operations.items():
                sent = operation.get("requestBody", {}).get("content", {}).get("application/json")
                if sent is None or path.startswith(("/api/v1/webhooks", "/opal")):
                    continue
                answer = shared.admin.request(method, re.sub(r"{\w+}", str(uuid4()), path), json=foreign)
                assert answer.status_code == 422, f"{method} {path}"
                assert all(name in answer.text for name in foreign), f"{method} {path}: {answer.text}"
                tried += 1
        assert tried > 50

    def test_may_not_be_large(self, shared: Door) -> None:
        refused = shared.admin.post("/api/v1/projects", content=b'{"name": "' + b"x" * 1_100_000 + b'"}')

        assert refused.status_code == 413
        assert refused.json()["code"] == "body_too_large"

    def test_may_not_be_large_when_they_do_not_say_so(self, shared: Door) -> None:
        def parts() -> Iterator[bytes]:
            for _ in range(20):
                yield b" " * 100_000

        refused = shared.admin.post("/api/v1/projects", content=parts(), headers={"Content-Type": "application/json"})

        assert refused.status_code == 413
        assert refused.headers["content-type"] == "application/problem+json"

    def test_are_not_unpacked(self, shared: Door) -> None:
        packed = gzip.compress(b'{"name": "packed"}')
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

        refused = shared.admin.post("/api/v1/projects", content=packed, headers=headers)

        assert refused.status_code == 400, refused.text

    @pytest.mark.parametrize(
        "body",
        [
            b'{"name": "a", "name": "b"}',
            b'{"name": NaN}',
            b'{"name": "a"',
            b"[" * 100_000,
            b"\xff\xfe",
            b'{"name": "\\ud800"}',
            b'{"\\ud800": 1}',
            b'{"name": "a\\u0000b"}',
            b'"name"',
            b"",
        ],
        ids=["twice", "NaN", "cut off", "deep", "no UTF-8", "half", "half a name", "NUL", "no object", "nothing"],
    )
    def test_are_refused_when_they_are_no_sound_json(self, shared: Door, body: bytes) -> None:
        refused = shared.admin.post("/api/v1/projects", content=body, headers={"Content-Type": "application/json"})

        assert refused.status_code in {400, 422}
        assert refused.headers["content-type"] == "application/problem+json"
        json.loads(refused.content)

    @pytest.mark.parametrize("length", ["x", "-1", "9" * 5_000])
    def test_have_a_length_that_is_a_number(self, shared: Door, length: str) -> None:
        refused = shared.admin.get("/livez", headers={"Content-Length": length})

        assert refused.status_code == 400

    def test_are_refused_when_they_are_forms(self, shared: Door) -> None:
        assert shared.admin.post("/api/v1/projects", data={"name": "a"}).status_code == 422


class TestHosts:
    @pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:9", "LOCALHOST."])
    def test_are_served_when_they_are_ours(self, shared: Door, host: str) -> None:
        assert shared.anonymous.get("/livez", headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize(
        "host", ["rebind.test", "localhost.evil.test", "192.0.2.1", "localhost@evil.test", "localhost:x", "[::1", ""]
    )
    def test_are_refused_when_they_are_not(self, shared: Door, host: str) -> None:
        refused = shared.anonymous.get("/livez", headers={"Host": host})

        assert refused.status_code == 421
        assert refused.json()["code"] == "host_not_served"
        assert refused.headers["x-content-type-options"] == "nosniff"

    def test_are_ours_when_the_settings_say_so(self, tmp_path: Path) -> None:
        settings = {"base_url": "https://grove.example.org/", "allowed_hosts": ("git.example.org",), "bind": "0.0.0.0"}
        with house(tmp_path, **settings) as made, TestClient(create_app(made.grove), base_url=ADDRESS) as client:
            for host in ("grove.example.org", "git.example.org:443", "10.1.2.3:8080"):
                assert client.get("/livez", headers={"Host": host}).status_code == 200
            assert client.get("/livez", headers={"Host": "rebind.test"}).status_code == 421


class TestOrigins:
    @pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://localhost:3000", "http://localhost.evil"])
    def test_of_others_may_change_nothing(self, shared: Door, origin: str) -> None:
        refused = shared.admin.post("/api/v1/projects", json={"name": "x"}, headers={"Origin": origin})

        assert refused.status_code == 403
        assert refused.json()["code"] == "origin_refused"

    def test_of_others_may_look(self, shared: Door) -> None:
        answer = shared.admin.get("/api/v1/projects", headers={"Origin": "https://evil.test"})

        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers

    def test_of_ours_may_change_things(self, door: Door) -> None:
        answer = door.admin.post("/api/v1/projects", json={"name": "x"}, headers={"Origin": ADDRESS})

        assert answer.status_code == 201
