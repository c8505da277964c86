"""Probes, measures, set-up, the start page, and what else is served beside the API."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from grove import accounts, migrations
from grove.api import create_app
from grove.api.edge import Seats
from grove.api.errors import TooBusy
from grove.wiring import Grove, build
from tests.api.conftest import ADDRESS, Door, bearer
from tests.support.grove import ADMIN_TOKEN, house, settings_for


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Grove]:
    """A Grove that nobody has set up."""
    grove = build(settings_for(tmp_path))
    migrations.migrate(grove.database.engine)
    yield grove
    grove.close()


class TestProbes:
    def test_say_that_all_is_well(self, shared: Door) -> None:
        assert shared.anonymous.get("/livez").json() == {"status": "pass"}
        assert shared.anonymous.get("/startupz").status_code == 200
        assert shared.anonymous.get("/readyz").json() == {"status": "pass"}
        checks = shared.anonymous.get("/readyz?verbose").json()["checks"]
        assert {name: check[0]["status"] for name, check in checks.items()} == dict.fromkeys(
            ("database", "migrations", "disk", "workers"), "pass"
        )

    def test_warn_without_failing_while_workers_are_replaced(self, tmp_path: Path) -> None:
        with house(tmp_path) as made:
            app = create_app(made.grove, workers_alive=lambda: False)
            with TestClient(app, base_url=ADDRESS) as client:
                answer = client.get("/readyz?verbose")

        assert (answer.status_code, answer.json()["status"]) == (200, "warn")

    def test_fail_when_the_disk_is_full(self, tmp_path: Path) -> None:
        with house(tmp_path, disk_free_mb_min=2**40) as made, TestClient(create_app(made.grove)) as client:
            answer = client.get("/readyz?verbose", headers={"Host": "localhost"})

        assert (answer.status_code, answer.json()["checks"]["disk"][0]["status"]) == (503, "fail")

    def test_fail_before_the_schema_is_there(self, tmp_path: Path) -> None:
        grove = build(settings_for(tmp_path))
        with TestClient(create_app(grove), base_url=ADDRESS) as client:
            before = [client.get(path).status_code for path in ("/livez", "/startupz", "/readyz")]
            migrations.migrate(grove.database.engine)
            after = [client.get(path).status_code for path in ("/livez", "/startupz", "/readyz")]
        grove.close()

        assert (before, after) == ([200, 503, 503], [200, 200, 200])

    def test_fail_when_the_database_cannot_be_read(self, tmp_path: Path) -> None:
        with house(tmp_path / "data") as made, TestClient(create_app(made.grove), base_url=ADDRESS) as client:
            made.grove.database.close()
            (tmp_path / "data").rename(tmp_path / "gone")
            (tmp_path / "data").mkdir(mode=0o500)
            (tmp_path / "data" / "grove.db").mkdir()
            answer = client.get("/readyz?verbose")
            asked = client.get("/api/v1/me", headers=bearer(ADMIN_TOKEN))

        assert (answer.status_code, answer.json()["checks"]["database"][0]["status"]) == (503, "fail")
        assert (asked.status_code, asked.json()["code"]) == (503, "storage_faulty")

    def test_tell_of_each_part_that_older_interfaces_ask_about(self, tmp_path: Path) -> None:
        with house(tmp_path, disk_free_mb_min=2**40) as made, TestClient(create_app(made.grove)) as client:
            asked = {
                part: client.get(f"/health/{part}", headers={"Host": "localhost"})
                for part in ("registry", "sandboxes", "reports", "nothing")
            }

        assert {part: answer.status_code for part, answer in asked.items()} == {
            "registry": 200,
            "sandboxes": 503,
            "reports": 503,
            "nothing": 422,
        }
        assert set(asked["registry"].json()["checks"]) == {"database", "migrations", "workers"}
        assert asked["sandboxes"].json()["checks"]["disk"][0]["status"] == "fail"


class TestMetrics:
    def test_measure_workspaces_and_what_was_done_with_them(self, door: Door) -> None:
        def measured() -> dict[str, float]:
            lines = re.findall(r"^grove_(workspace\S+) (\S+)$", door.admin.get("/metrics").text, re.MULTILINE)
            return {name: float(value) for name, value in lines}

        repository = door.connect_ready()
        before = measured()
        assert (before['workspaces{state="open"}'], before['workspace_acts_total{act="create"}']) == (0, 0)
        for name in ("one", "two"):
            door.admin.post("/api/v1/workspaces", json={"repository": repository, "name": name})
        door.admin.delete("/api/v1/workspaces/two")
        for _ in range(2):  # what was counted is not counted again
            after = measured()
            assert (after['workspaces{state="open"}'], after['workspaces{state="ended"}']) == (1, 1)
            assert (after['workspace_acts_total{act="create"}'], after['workspace_acts_total{act="end"}']) == (2, 1)
        assert set(before) == set(after)

    def test_measure_requests_searches_and_state(self, shared: Door, payments: str) -> None:
        shared.anonymous.get("/nowhere/CANARY")
        shared.anonymous.get("/api/v1/me")
        shared.admin.get(f"/api/v1/repositories/{payments}")
        shared.admin.get("/api/v1/search", params={"q": "retry"})

        text = shared.admin.get("/metrics").text

        assert 'grove_build_info{version="' in text
        route = 'route="/api/v1/repositories/{repository_id}"'
        assert f'grove_http_request_duration_seconds_count{{code="200",method="GET",{route}}}' in text
        assert 'grove_http_request_duration_seconds_count{code="404",method="GET",route="unmatched"}' in text
        assert 'grove_search_duration_seconds_count{mode="auto",source="api"}' in text
        assert 'grove_repos{status="ready"} 1.0' in text
        assert 'grove_jobs{kind="mirror.sync",state="succeeded"} 1.0' in text
        assert "grove_job_queue_oldest_seconds 0.0" in text
        assert 'grove_index_bytes{kind="segments"}' in text
        assert "grove_disk_free_bytes" in text
        assert 'grove_auth_failures_total{kind="missing"}' in text
        assert "CANARY" not in text
        assert payments not in text

    def test_are_for_this_machine_or_a_token(self, shared: Door) -> None:
        here = TestClient(shared.anonymous.app, base_url=ADDRESS, client=("127.0.0.1", 1))

        assert here.get("/metrics").status_code == 200
        assert here.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 401
        elsewhere = TestClient(shared.anonymous.app, base_url=ADDRESS, client=("192.0.2.1", 1))
        assert elsewhere.get("/metrics").status_code == 401

    def test_are_for_this_machine_alone_where_there_are_several_tenants(self, door: Door) -> None:
        stranger = door.stranger()
        here = TestClient(door.anonymous.app, base_url=ADDRESS, client=("127.0.0.1", 1))

        asked = stranger.get("/metrics")

        assert (asked.status_code, asked.json()["code"]) == (403, "measures_of_others")
        assert here.get("/metrics").status_code == 200


class TestSetup:
    def test_makes_the_first_administrator_in_a_browser_without_scripts(self, new: Grove) -> None:
        with TestClient(create_app(new), base_url=ADDRESS) as client:
            secret = _link(new)
            form = client.get("/setup", params={"token": secret})
            client.get("/setup", params={"token": secret})
            fields = dict(re.findall(r'name="(\w+)" value="([^"]+)"', form.text))
            done = client.post(
                "/setup", data={**fields, "name": "<b>Ada</b>", "email": ""}, headers={"Origin": ADDRESS}
            )
            token = re.findall(r"grove_[\w-]+", done.text)[0]
            me = client.get("/api/v1/me", headers=bearer(token)).json()
            again = client.post("/setup", data={**fields, "name": "Eve"})

        assert "<script" not in form.text
        assert form.headers["referrer-policy"] == "same-origin"
        assert "form-action 'self'" in form.headers["content-security-policy"]
        assert (me["name"], me["role"]) == ("<b>Ada</b>", "admin")
        assert again.status_code == 401

    def test_signs_the_first_administrator_in_with_the_browser(self, new: Grove) -> None:
        with TestClient(create_app(new), base_url=ADDRESS) as client:
            fields = {"token": _link(new), "name": "Ada"}
            unfit = client.post("/setup", data={**fields, "password": "short"})
            done = client.post("/setup", data={**fields, "password": "seventeen green bottles"})
            me = client.get("/api/v1/me").json()
            sessions = client.get("/api/v1/sessions").json()["items"]
            body = {"name": "Ada", "password": "seventeen green bottles"}
            later = TestClient(client.app, base_url=ADDRESS).post("/api/v1/login", json=body)

        assert (unfit.status_code, done.status_code, later.status_code) == (422, 200, 201)
        assert me["name"] == "Ada"
        assert [session["method"] for session in sessions] == ["set-up"]

    def test_makes_the_first_administrator_for_a_program(self, new: Grove) -> None:
        with TestClient(create_app(new), base_url=ADDRESS) as client:
            body = {"token": _link(new), "name": "Ada", "email": "ada@example.org"}
            made = client.post("/api/v1/setup", json=body)
            again = client.post("/api/v1/setup", json=body)

        assert made.status_code == 201
        assert made.json()["secret"].startswith("grove_")
        assert (again.status_code, again.json()["code"]) == (401, "setup_link_invalid")

    def test_asks_again_for_what_is_missing_and_uses_nothing_up(self, new: Grove) -> None:
        with TestClient(create_app(new), base_url=ADDRESS) as client:
            secret = _link(new)
            missing = client.post("/setup", data={"token": secret})
            broken = client.post("/setup", content=b"\xff&" * 20)
            good = client.post("/setup", data={"token": secret, "name": "Ada"})

        assert (missing.status_code, broken.status_code, good.status_code) == (422, 422, 200)
        assert secret in missing.text

    def test_cannot_be_sent_by_another_page(self, new: Grove) -> None:
        with TestClient(create_app(new), base_url=ADDRESS) as client:
            body = {"token": _link(new), "name": "Eve"}
            refused = client.post("/setup", data=body, headers={"Origin": "https://evil.test"})

        assert refused.status_code == 403

    def test_escapes_what_the_link_holds(self, shared: Door) -> None:
        shown = shared.anonymous.get("/setup", params={"token": '"><script>alert(1)</script>'})

        assert "<script>" not in shown.text


class TestStartPage:
    def test_says_how_to_connect(self, shared: Door) -> None:
        shown = shared.anonymous.get("/")

        assert f"grove login {ADDRESS}" in shown.text
        assert f"{ADDRESS}/mcp" in shown.text
        assert "<script" not in shown.text
        assert "waits for its first administrator" not in shown.text

    def test_says_that_nobody_has_set_it_up(self, new: Grove) -> None:
        with TestClient(create_app(new), base_url=ADDRESS) as client:
            assert "waits for its first administrator" in client.get("/").text


class TestDescription:
    def test_names_every_operation_and_what_it_needs(self, shared: Door) -> None:
        description = shared.anonymous.get("/api/v1/openapi.json").json()

        operations = [found for path in description["paths"].values() for found in path.values()]
        identifiers = [operation["operationId"] for operation in operations]
        assert description["openapi"].startswith("3.1")
        assert len(set(identifiers)) == len(identifiers)
        assert all(operation["x-permission"] and operation["description"] for operation in operations)


class TestBesideTheApi:
    def test_other_apps_see_their_requests_whole(self, tmp_path: Path) -> None:
        begun: list[str] = []

        async def other(scope: Scope, receive: Receive, send: Send) -> None:
            await PlainTextResponse(f"{scope['path']} {scope.get('root_path')}")(scope, receive, send)

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            begun.append("begun")
            yield
            begun.append("over")

        with house(tmp_path) as made:
            app = create_app(made.grove, mounts=[("/mcp", other)], lifespans=[lifespan])
            with TestClient(app, base_url=ADDRESS) as client:
                answers = [client.post(path).text for path in ("/mcp", "/mcp/all")]
                unknown = client.get("/mcpx")
                foreign = client.post("/mcp", headers={"Origin": "https://evil.test"})

        assert answers == ["/mcp ", "/mcp/all "]
        assert (unknown.status_code, foreign.status_code) == (404, 403)
        assert begun == ["begun", "over"]


class TestSeats:
    def test_are_not_without_number_and_come_free_again(self) -> None:
        seats = Seats("streams", count_max=1)

        for _ in range(2):
            with seats.one(), pytest.raises(TooBusy), seats.one():
                pass


def _link(grove: Grove) -> str:
    with grove.database.transaction() as tx:
        return accounts.open_setup_link(tx, now=datetime.now(UTC))
