"""Connecting, looking at, bringing up to date and removing repositories."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from grove import repositories
from grove.accounts import Role
from tests.api.conftest import FILES, Door


class TestConnect:
    def test_answers_with_the_repository_and_its_job(self, door: Door) -> None:
        answer = door.admin.post("/api/v1/repositories", json={"url": str(door.upstream.path)})

        assert answer.status_code == 201
        connected = answer.json()
        repository = connected["repository"]
        assert answer.headers["location"] == f"/api/v1/repositories/{repository['id']}"
        assert repository["name"] == "payments"
        assert repository["status"] == "working"
        assert (repository["approval"], repository["clone"]) == ("approved", "queued")
        job = door.admin.get(f"/api/v1/jobs/{connected['job_id']}").json()
        assert (job["kind"], job["state"], job["target_id"]) == ("mirror.sync", "queued", repository["id"])

    def test_refuses_what_is_kept_already(self, door: Door) -> None:
        door.connect()

        again = door.admin.post("/api/v1/repositories", json={"url": str(door.upstream.path)})

        assert again.status_code == 409
        assert again.json()["code"] == "repository_exists"

    def test_tells_what_became_of_the_one_that_has_the_name(self, door: Door) -> None:
        repository = door.connect()["repository"]
        address = {"url": str(door.upstream.path)}
        door.admin.post(f"/api/v1/repositories/{repository['id']}/revoke", json={"reason": "who pays?"})
        revoked = door.admin.post("/api/v1/repositories", json=address).json()
        door.admin.delete(f"/api/v1/repositories/{repository['id']}")
        leaving = door.admin.post("/api/v1/repositories", json=address).json()

        assert revoked["facts"]["repository"] == repository["id"]
        assert revoked["facts"]["state"].startswith("The approval was revoked by admin: who pays?")
        assert leaving["code"] == "repository_leaving"

    def test_refuses_a_folder_that_is_not_allowed(self, door: Door, tmp_path: Path) -> None:
        refused = door.admin.post("/api/v1/repositories", json={"url": str(tmp_path)})

        assert refused.status_code == 403
        assert refused.json()["code"] == "local_path_refused"

    @pytest.mark.parametrize(
        ("url", "code"),
        [
            ("http://github.com/a/b", "url_scheme"),
            ("https://ghp_CANARY0123456789@github.com/a/b", "url_credentials"),
            ("--upload-pack=touch", "url_option"),
        ],
    )
    def test_refuses_an_address_that_cannot_be_mirrored(self, shared: Door, url: str, code: str) -> None:
        refused = shared.admin.post("/api/v1/repositories", json={"url": url})

        assert refused.status_code == 422
        assert refused.json()["code"] == code
        assert "CANARY" not in refused.text

    def test_is_not_for_viewers(self, door: Door) -> None:
        refused = door.of(Role.VIEWER).post("/api/v1/repositories", json={"url": str(door.upstream.path)})

        assert refused.status_code == 403
        assert refused.json()["code"] == "denied"

    @pytest.mark.parametrize("field", ["approval", "clone", "tenant_id", "requested_by", "id", "credential_id"])
    def test_takes_nothing_that_it_does_not_know(self, shared: Door, field: str) -> None:
        refused = shared.admin.post("/api/v1/repositories", json={"url": "/x", field: "approved"})

        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == f"/body/{field}"
        assert refused.json()["errors"][0]["code"] == "extra_forbidden"

    def test_never_echoes_a_token(self, shared: Door) -> None:
        refused = shared.admin.post(
            "/api/v1/repositories", json={"url": "", "access_token": ["ghp_CANARY0123456789"], "more": "CANARY"}
        )

        assert refused.status_code == 422
        assert "CANARY" not in refused.text

    def test_refuses_an_unknown_project(self, shared: Door) -> None:
        refused = shared.admin.post(
            "/api/v1/repositories", json={"url": str(shared.upstream.path), "project": "nowhere"}
        )

        assert refused.status_code == 404
        assert refused.json()["code"] == "project_not_found"


class TestCheck:
    def test_shows_what_a_look_has_shown_and_keeps_nothing(self, door: Door) -> None:
        card = door.admin.post("/api/v1/repositories/check", json={"url": str(door.upstream.path)})

        assert card.status_code == 200
        assert card.json()["default_branch"] == "main"
        assert card.json()["branches"] == ["main"]
        assert card.json()["local"] is True
        assert door.admin.get("/api/v1/repositories").json()["items"] == []


class TestGet:
    def test_shows_states_and_branches(self, shared: Door, payments: str) -> None:
        shown = shared.admin.get(f"/api/v1/repositories/{payments}").json()

        assert shown["status"] == "ready"
        assert (shown["approval"], shown["clone"], shown["index"]) == ("approved", "present", "ready")
        assert shown["problem"] is None
        [head] = shown["heads"]
        assert head["branch"] == "main"
        assert head["commit"] == shown["head_commit"]
        assert head["file_count"] == len(FILES)
        assert head["skipped"] == {"binary": 1}
        assert head["languages"]["python"] == 1

    @pytest.mark.parametrize("name", ["payments", "PAYMENTS"])
    def test_finds_by_name(self, shared: Door, payments: str, name: str) -> None:
        assert shared.admin.get(f"/api/v1/repositories/by-name/{name}").json()["id"] == payments

    def test_knows_no_other_name(self, shared: Door) -> None:
        assert shared.admin.get("/api/v1/repositories/by-name/nothing/here").status_code == 404

    def test_lists_refs_in_pages(self, door: Door) -> None:
        for branch in ("a", "b"):
            door.upstream.commit({"x": "y"}, branch=branch)
        identifier = door.connect_ready()
        path = f"/api/v1/repositories/{identifier}/refs"

        first = door.admin.get(path, params={"limit": 2}).json()
        second = door.admin.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()

        assert [ref["name"] for ref in first["items"]] == ["refs/heads/a", "refs/heads/b"]
        assert [ref["name"] for ref in second["items"]] == ["refs/heads/main"]
        assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)


class TestList:
    def test_pages_by_name(self, door: Door) -> None:
        for name in ("b", "C", "a"):
            door.connect(name=name)

        first = door.admin.get("/api/v1/repositories", params={"limit": 2}).json()
        second = door.admin.get("/api/v1/repositories", params={"limit": 2, "cursor": first["next_cursor"]}).json()

        assert [item["name"] for item in first["items"]] == ["a", "b"]
        assert [item["name"] for item in second["items"]] == ["C"]
        assert second["has_more"] is False

    def test_narrows_by_a_part_of_the_name_and_by_project(self, shared: Door, payments: str) -> None:
        def names(**params: str) -> list[str]:
            return [item["name"] for item in shared.admin.get("/api/v1/repositories", params=params).json()["items"]]

        assert names(query="AYMEN") == ["payments"]
        assert names(query="%") == []
        assert names(project="default") == ["payments"]

    @pytest.mark.parametrize("cursor", ["a", "_w", "AA"], ids=["no base64", "no UTF-8", "NUL"])
    def test_refuses_a_cursor_that_it_did_not_give(self, shared: Door, cursor: str) -> None:
        refused = shared.admin.get("/api/v1/repositories", params={"cursor": cursor})

        assert refused.status_code == 422
        assert refused.json()["code"] == "list_cursor_invalid"

    def test_refuses_a_limit_out_of_range(self, shared: Door) -> None:
        for limit in (0, 201, 10**30):
            assert shared.admin.get("/api/v1/repositories", params={"limit": limit}).status_code == 422


class TestSync:
    def test_begins_a_job(self, door: Door) -> None:
        identifier = door.connect_ready()

        answer = door.admin.post(f"/api/v1/repositories/{identifier}/sync")

        assert answer.status_code == 202
        assert answer.headers["location"] == f"/api/v1/jobs/{answer.json()['job']['id']}"
        assert answer.json()["job"]["kind"] == "mirror.sync"
        assert answer.json()["repository"]["id"] == identifier

    def test_refuses_what_is_not_approved(self, door: Door) -> None:
        identifier = _waiting(door)

        refused = door.of(Role.DEVELOPER).post(
            f"/api/v1/repositories/{identifier}/sync", json={"accept_ref_loss": True}
        )

        assert door.admin.get(f"/api/v1/repositories/{identifier}").json()["approval"] == "pending_approval"
        assert refused.status_code == 409
        assert refused.json()["code"] == "repository_state_conflict"


class TestApproval:
    def test_lets_a_request_be_mirrored(self, door: Door) -> None:
        identifier = _waiting(door)

        approved = door.admin.post(f"/api/v1/repositories/{identifier}/approve")

        assert approved.status_code == 200
        assert approved.json()["approval"] == "approved"
        assert door.admin.get("/api/v1/jobs", params={"target": identifier}).json()["items"][0]["kind"] == "mirror.sync"

    def test_keeps_the_reason_of_a_rejection(self, door: Door) -> None:
        identifier = _waiting(door)

        rejected = door.admin.post(f"/api/v1/repositories/{identifier}/reject", json={"reason": "too large"})

        assert rejected.json()["approval"] == "rejected"
        assert rejected.json()["status"] == "attention"
        entries = door.admin.get("/api/v1/audit", params={"target": identifier}).json()["items"]
        assert entries[0]["facts"]["reason"] == "too large"

    def test_needs_a_reason_to_reject(self, shared: Door) -> None:
        refused = shared.admin.post(f"/api/v1/repositories/{uuid4()}/reject", json={"reason": ""})

        assert refused.status_code == 422


class TestRemove:
    def test_leaves_nothing_but_the_trail(self, door: Door) -> None:
        identifier = door.connect_ready()

        removed = door.admin.delete(f"/api/v1/repositories/{identifier}")
        door.made.work()

        assert removed.status_code == 202
        assert removed.json()["job"]["kind"] == "repository.remove"
        assert door.admin.get(f"/api/v1/repositories/{identifier}").status_code == 404
        actions = [
            entry["action"] for entry in door.admin.get("/api/v1/audit", params={"target": identifier}).json()["items"]
        ]
        assert "repository.remove" in actions


class TestAnotherTenant:
    def test_sees_the_same_as_if_it_were_not_there(self, shared: Door, payments: str) -> None:
        stranger = shared.stranger()

        for method, suffix, body in _EVERY_WAY:
            theirs = stranger.request(method, f"/api/v1/repositories/{payments}{suffix}", json=body)
            nobodys = stranger.request(method, f"/api/v1/repositories/{(other := str(uuid4()))}{suffix}", json=body)

            assert theirs.status_code == nobodys.status_code == 404, suffix
            assert _comparable(theirs.json(), payments) == _comparable(nobodys.json(), other), suffix
        assert stranger.get("/api/v1/repositories").json()["items"] == []
        assert stranger.get("/api/v1/repositories/by-name/payments").status_code == 404


_EVERY_WAY: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "", None),
    ("GET", "/refs", None),
    ("GET", "/tree", None),
    ("GET", "/files?path=README.md", None),
    ("GET", "/raw?path=README.md", None),
    ("POST", "/sync", {}),
    ("POST", "/approve", None),
    ("POST", "/reject", {"reason": "no"}),
    ("POST", "/revoke", {"reason": "no"}),
    ("POST", "/request", {"reason": "no"}),
    ("POST", "/archive", None),
    ("POST", "/restore", None),
    ("DELETE", "", None),
]


def _comparable(problem: dict[str, Any], identifier: str) -> dict[str, Any]:
    told = {name: value for name, value in problem.items() if name != "request_id"}
    return {name: str(value).replace(identifier, "ID") for name, value in told.items()}


def _waiting(door: Door) -> str:
    """A repository that a developer asked for and nobody approved: a local one is approved by itself."""
    actor, _ = door.made.actor(Role.DEVELOPER)
    with door.made.grove.database.transaction() as tx:
        wanted = repositories.NewRepository(
            name="forge.test/acme/waiting",
            url="https://forge.test/acme/waiting",
            host="forge.test",
            forge="generic",
            project_id=_default_project(door),
        )
        return repositories.connect_repository(tx, actor=actor, wanted=wanted, now=door.made.now).id


def _default_project(door: Door) -> str:
    project: str = door.admin.get("/api/v1/projects").json()["items"][0]["id"]
    return project
