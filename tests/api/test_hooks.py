"""Webhooks through the door: made by people, called by forges."""

import hmac
import json
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha1, sha256
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from grove.accounts import Role
from grove.api import create_app
from grove.api.edge import LARGE_DELIVERIES_MAX, LARGE_DELIVERY_BYTES, Edge
from grove.freshness import Provider
from grove.freshness.signed import HOOKS_TRIED_MAX
from tests.api.conftest import ADDRESS, Door, bearer
from tests.freshness.deliveries import body_of, content_of, headers_of
from tests.support.git_repositories import Repository
from tests.support.git_server import GitServer, serving
from tests.support.grove import ADMIN_TOKEN, house

every_provider = pytest.mark.parametrize("provider", list(Provider), ids=str)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "upstream").mkdir()
    with serving(tmp_path / "upstream") as running:
        yield running


@pytest.fixture
def remote(tmp_path: Path, server: GitServer) -> Iterator[Door]:
    """A door with a repository that comes from an HTTPS server."""
    upstream = Repository.new(server.root / "acme" / "pay.git")
    upstream.commit({"pay.py": "pay = 1\n"})
    with house(tmp_path / "data", git_ca_file=server.ca_file, allowed_networks=(ip_network("127.0.0.0/8"),)) as made:
        app = create_app(made.grove)
        with TestClient(app, base_url=ADDRESS) as anonymous:
            admin = TestClient(app, base_url=ADDRESS, headers=bearer(ADMIN_TOKEN))
            door = Door(made=made, upstream=upstream, anonymous=anonymous, admin=admin)
            connected = door.connect(url=server.url("acme/pay.git"))
            assert connected["repository"]["clone"] == "queued"
            made.work()
            yield door


def create(door: Door, provider: Provider, covers: str) -> dict[str, Any]:
    answer = door.admin.post("/api/v1/hooks", json={"provider": provider, "covers": covers})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def deliver(
    door: Door, hook: dict[str, Any], body: dict[str, Any], *, delivery: str = "", event: str = "push", secret: str = ""
) -> Response:
    content = content_of(body)
    headers = headers_of(
        Provider(hook["provider"]),
        content,
        secret=secret or hook["secret"],
        delivery=delivery or str(uuid4()),
        event=event,
    )
    return door.anonymous.post(hook["url"], content=content, headers=headers)


def syncs(door: Door) -> int:
    jobs = door.admin.get("/api/v1/jobs", params={"state": "queued"}).json()["items"]
    return sum(job["kind"] == "mirror.sync" for job in jobs)


class TestCreating:
    def test_shows_the_secret_once(self, shared: Door) -> None:
        hook = create(shared, Provider.GITHUB, "https://github.com/Acme/")

        assert hook["covers"] == "https://github.com/acme"
        assert hook["secret"].startswith("whsec_")
        assert hook["url"].endswith(f"/api/v1/webhooks/github/{hook['id']}")
        listed = shared.admin.get("/api/v1/hooks")
        assert hook["secret"] not in listed.text
        assert hook["id"] in listed.text

    def test_of_the_same_twice_is_refused(self, shared: Door) -> None:
        create(shared, Provider.GITEA, "https://git.example.org/acme")
        body = {"provider": "gitea", "covers": "https://git.example.org/acme"}

        assert shared.admin.post("/api/v1/hooks", json=body).status_code == 409

    @pytest.mark.parametrize("covers", ["http://github.com/a", "github.com/a", "https://a:b@github.com/x", "/etc"])
    def test_for_something_else_than_an_address_is_refused(self, shared: Door, covers: str) -> None:
        refused = shared.admin.post("/api/v1/hooks", json={"provider": "github", "covers": covers})

        assert (refused.status_code, refused.json()["code"]) == (422, "hook_invalid")

    def test_is_not_for_developers(self, shared: Door) -> None:
        developer = shared.of(Role.DEVELOPER)

        assert (
            developer.post("/api/v1/hooks", json={"provider": "github", "covers": "https://x.org"}).status_code == 403
        )
        assert developer.get("/api/v1/hooks").status_code == 403


class TestADelivery:
    @every_provider
    def test_has_the_repository_synced(self, remote: Door, server: GitServer, provider: Provider) -> None:
        hook = create(remote, provider, server.url("acme"))

        answer = deliver(remote, hook, body_of(provider, server.url("acme/pay.git")))

        assert (answer.status_code, answer.json()["outcome"]) == (202, "syncing")
        assert syncs(remote) == 1

    def test_brings_what_was_pushed(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme/pay"))
        remote.upstream.commit({"fresh.py": "freshly_pushed = True\n"})

        deliver(remote, hook, body_of(Provider.GITHUB, server.url("acme/pay.git")))
        remote.made.work()

        found = remote.admin.get("/api/v1/search", params={"q": '"freshly_pushed"'}).json()
        assert [file["path"] for file in found["files"]] == ["fresh.py"]

    @every_provider
    def test_that_is_not_signed_by_the_hooks_secret_is_refused(
        self, remote: Door, server: GitServer, provider: Provider
    ) -> None:
        hook = create(remote, provider, server.url("acme"))

        refused = deliver(remote, hook, body_of(provider, server.url("acme/pay.git")), secret="whsec_wrong")

        assert (refused.status_code, refused.json()["code"]) == (401, "delivery_unsigned")
        assert syncs(remote) == 0

    @pytest.mark.parametrize("form", ["none", "short", "sha1", "prefix", "digits", "written anew"])
    def test_that_is_signed_in_another_way_is_refused(self, remote: Door, server: GitServer, form: str) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))
        body = content_of(body_of(Provider.GITHUB, server.url("acme/pay.git")))
        headers = headers_of(Provider.GITHUB, body, secret=hook["secret"], delivery=str(uuid4()))
        name, key = "X-Hub-Signature-256", hook["secret"].encode()
        mac = headers.pop(name).removeprefix("sha256=")
        anew = hmac.new(key, json.dumps(json.loads(body), indent=1).encode(), sha256).hexdigest()
        shown = {
            "none": {},
            "short": {name: f"sha256={mac[:20]}"},
            "sha1": {"X-Hub-Signature": f"sha1={hmac.new(key, body, sha1).hexdigest()}"},
            "prefix": {name: f"SHA256={mac}"},
            "digits": {name: f"sha256={mac.upper()}"},
            "written anew": {name: f"sha256={anew}"},
        }

        refused = remote.anonymous.post(hook["url"], content=body, headers={**headers, **shown[form]})

        assert (refused.status_code, refused.json()["code"]) == (401, "delivery_unsigned")
        assert syncs(remote) == 0

    def test_that_something_is_gone_which_the_hook_does_not_cover_is_ignored(
        self, remote: Door, server: GitServer
    ) -> None:
        hook = create(remote, Provider.GITHUB, server.url("other"))
        body = {**body_of(Provider.GITHUB, server.url("acme/pay.git")), "action": "deleted"}

        assert deliver(remote, hook, body, event="repository").json()["outcome"] == "ignored"
        [kept] = remote.admin.get("/api/v1/repositories").json()["items"]
        assert kept["lifecycle"] == "active"

    def test_to_an_unknown_hook_looks_like_one_that_is_not_signed(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))
        elsewhere = {**hook, "url": hook["url"].replace(hook["id"], str(uuid4()))}

        assert deliver(remote, elsewhere, {}).json()["code"] == "delivery_unsigned"

    def test_signed_by_another_hook_is_refused(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))
        other = create(remote, Provider.GITHUB, "https://github.com/other")

        assert deliver(remote, hook, {}, secret=other["secret"]).status_code == 401

    def test_that_is_large_waits_for_room_and_keeps_no_small_one_from_being_taken(
        self, remote: Door, server: GitServer
    ) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))
        body = body_of(Provider.GITHUB, server.url("acme/pay.git"))
        large = {**body, "padding": "x" * LARGE_DELIVERY_BYTES}
        edge: Edge = remote.anonymous.app.state.edge  # type: ignore[attr-defined]

        with ExitStack() as taken:
            for _ in range(LARGE_DELIVERIES_MAX):
                taken.enter_context(edge.large_deliveries.one())
            refused = deliver(remote, hook, large)
            assert (refused.status_code, refused.json()["code"]) == (503, "too_busy")
            assert deliver(remote, hook, body).json()["outcome"] == "syncing"

        assert deliver(remote, hook, large).status_code == 202

    def test_again_changes_nothing(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))
        body = body_of(Provider.GITHUB, server.url("acme/pay.git"))
        deliver(remote, hook, body, delivery="one")
        remote.made.work()

        by_id = deliver(remote, hook, {**body, "after": "b" * 40}, delivery="one")
        by_body = deliver(remote, hook, body, delivery="two")

        assert [answer.json()["outcome"] for answer in (by_id, by_body)] == ["duplicate", "duplicate"]
        assert syncs(remote) == 0

    def test_while_a_sync_waits_queues_no_other(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))
        for number in range(5):
            deliver(remote, hook, body_of(Provider.GITHUB, server.url("acme/pay.git"), commit=f"{number:040}"))

        assert syncs(remote) == 1

    def test_about_what_the_hook_does_not_cover_is_ignored(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("other"))

        answer = deliver(remote, hook, body_of(Provider.GITHUB, server.url("acme/pay.git")))

        assert answer.json()["outcome"] == "ignored"
        assert syncs(remote) == 0

    def test_is_ignored_where_hooks_are_not_heeded(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))
        [repository] = remote.admin.get("/api/v1/repositories").json()["items"]
        remote.admin.put(f"/api/v1/repositories/{repository['id']}/freshness", json={"preset": "job"})

        answer = deliver(remote, hook, body_of(Provider.GITHUB, server.url("acme/pay.git")))

        assert "does not heed hooks" in answer.json()["reason"]

    def test_of_a_ping_is_ignored(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))

        assert deliver(remote, hook, {"zen": "."}, event="ping").json()["outcome"] == "ignored"

    def test_that_is_not_json_is_refused(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITLAB, server.url("acme"))

        refused = remote.anonymous.post(hook["url"], content=b"{", headers={"X-Gitlab-Token": hook["secret"]})

        assert (refused.status_code, refused.json()["code"]) == (422, "delivery_malformed")

    def test_that_is_too_large_is_refused(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))

        refused = remote.anonymous.post(hook["url"], content=b" " * (25 * 1024 * 1024 + 1))

        assert refused.status_code == 413

    def test_is_shown_with_what_came_of_it(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))
        deliver(remote, hook, body_of(Provider.GITHUB, server.url("acme/pay.git")), delivery="shown")

        [shown] = remote.admin.get(f"/api/v1/hooks/{hook['id']}/deliveries").json()["items"]

        assert (shown["delivery"], shown["event"], shown["outcome"]) == ("shown", "push", "syncing")


class TestWatching:
    def test_is_refused_for_what_lies_on_another_machine(self, remote: Door) -> None:
        [repository] = remote.admin.get("/api/v1/repositories").json()["items"]

        refused = remote.admin.put(f"/api/v1/repositories/{repository['id']}/freshness", json={"watch": True})

        assert (refused.status_code, refused.json()["code"]) == (422, "watch_refused")


class TestRemoving:
    def test_ends_its_deliveries(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))
        assert remote.admin.delete(f"/api/v1/hooks/{hook['id']}").status_code == 200

        assert deliver(remote, hook, body_of(Provider.GITHUB, server.url("acme/pay.git"))).status_code == 401
        assert remote.admin.get("/api/v1/hooks").json()["items"] == []

    def test_of_another_tenants_hook_finds_nothing(self, shared: Door) -> None:
        hook = create(shared, Provider.GITHUB, "https://github.com/to-be-kept")

        assert shared.stranger().delete(f"/api/v1/hooks/{hook['id']}").status_code == 404


class TestFreshness:
    def test_takes_presets_and_switches(self, door: Door) -> None:
        path = f"/api/v1/repositories/{door.connect_ready()}/freshness"

        assert door.admin.get(path).json()["preset"] == "watch"
        preset = door.admin.put(path, json={"preset": "manual"}).json()
        custom = door.admin.put(path, json={"poll_seconds": 90, "on_hook": True}).json()

        assert preset == {"preset": "manual", "on_hook": False, "poll_seconds": None, "watch": False}
        assert custom == {"preset": None, "on_hook": True, "poll_seconds": 90, "watch": False}

    @pytest.mark.parametrize(
        ("body", "code"),
        [({"poll_seconds": 1}, "freshness_invalid"), ({"preset": "job", "watch": True}, "request_invalid")],
    )
    def test_refuses_what_makes_no_sense(self, shared: Door, payments: str, body: dict[str, Any], code: str) -> None:
        refused = shared.admin.put(f"/api/v1/repositories/{payments}/freshness", json=body)

        assert refused.status_code == 422
        assert refused.json()["code"] == code


class TestTheRegistrysOwnRoute:
    def test_takes_what_is_signed_and_nothing_else(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GENERIC, server.url("acme"))
        content = content_of({"action": "push", "repo_id": "pay", "url": server.url("acme/pay.git")})
        headers = headers_of(Provider.GENERIC, content, secret=hook["secret"], delivery=str(uuid4()), event="push")
        route = f"/registry/webhook?hook={hook['id']}"

        assert remote.anonymous.post(route, content=content).status_code == 401
        assert remote.anonymous.post(route, content=content + b" ", headers=headers).status_code == 401
        assert syncs(remote) == 0
        taken = remote.anonymous.post(route, content=content, headers=headers)
        assert (taken.status_code, taken.json()["outcome"]) == (202, "syncing")
        assert syncs(remote) == 1

    def test_removes_nothing_because_a_delivery_says_so(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GENERIC, server.url("acme"))
        content = content_of({"action": "delete", "url": server.url("acme/pay.git")})
        headers = headers_of(Provider.GENERIC, content, secret=hook["secret"], delivery=str(uuid4()), event="delete")

        remote.anonymous.post(f"/registry/webhook?hook={hook['id']}", content=content, headers=headers)

        [kept] = remote.admin.get("/api/v1/repositories").json()["items"]
        assert kept["lifecycle"] == "active"


class TestTheAddressThatNamesNoHook:
    def deliver(self, door: Door, provider: Provider, body: dict[str, Any] | bytes, *, secret: str) -> Response:
        content = body if isinstance(body, bytes) else content_of(body)
        headers = headers_of(provider, content, secret=secret, delivery=str(uuid4()))
        return door.anonymous.post(f"/api/v1/codesearch/webhook/{provider}", content=content, headers=headers)

    @every_provider
    def test_takes_what_a_hook_has_signed(self, remote: Door, server: GitServer, provider: Provider) -> None:
        for number in range(HOOKS_TRIED_MAX):
            create(remote, provider, f"https://github.com/other{number}")
        hook = create(remote, provider, server.url("acme"))
        body = body_of(provider, server.url("acme/pay.git"))

        answer = self.deliver(remote, provider, body, secret=hook["secret"])
        assert (answer.status_code, answer.json()["outcome"]) == (202, "syncing"), answer.text
        [listed] = remote.admin.get(f"/api/v1/hooks/{hook['id']}/deliveries").json()["items"]
        assert listed["id"] == answer.json()["id"]

    def test_tells_nobody_what_is_covered_here(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))
        covered = body_of(Provider.GITHUB, server.url("acme/pay.git"))
        answers = [
            self.deliver(remote, Provider.GITHUB, body, secret="whsec_wrong")
            for body in (covered, body_of(Provider.GITHUB, "https://github.com/else/where"), b"{", b"[" * 100_000)
        ]
        answers.append(self.deliver(remote, Provider.GITLAB, covered, secret=hook["secret"]))

        assert {(each.status_code, each.json()["code"]) for each in answers} == {(401, "delivery_unsigned")}
        assert len({each.text.replace(each.json()["request_id"], "") for each in answers[:4]}) == 1
        assert syncs(remote) == 0

    def test_says_what_is_wrong_to_whoever_has_the_secret(self, remote: Door, server: GitServer) -> None:
        hook = create(remote, Provider.GITHUB, server.url("acme"))

        assert self.deliver(remote, Provider.GITHUB, b"{", secret=hook["secret"]).json()["code"] == "delivery_malformed"
        elsewhere = body_of(Provider.GITHUB, "https://github.com/else/where")
        assert self.deliver(remote, Provider.GITHUB, elsewhere, secret=hook["secret"]).json()["outcome"] == "ignored"
