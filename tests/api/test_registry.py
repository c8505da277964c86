"""The routes below `/registry`, in the words of the interfaces that they come from."""

from dataclasses import replace

import pytest

from grove.accounts import Role
from grove.repositories import Access, Approval, Clone, Index, Lifecycle, request_status_of
from tests.api.conftest import Door
from tests.repositories.test_model import NEW
from tests.support.people import NOON


class TestTheRegistry:
    def test_is_created_read_put_aside_and_removed_from(self, door: Door) -> None:
        body = {"url": str(door.upstream.path), "repo_id": "acme/payments"}
        created = door.admin.post("/registry", json=body)
        assert created.status_code == 200, created.text
        assert (created.json()["repo_id"], created.json()["status"]) == ("acme/payments", "approved")
        assert door.admin.post("/registry", json=body).json()["id"] == created.json()["id"]
        door.made.work()

        shown = door.admin.get("/registry/acme/payments").json()
        assert (shown["status"], shown["clone_status"], shown["name"]) == ("ready", "COMPLETED", "payments")
        assert shown["last_indexed_commit"]
        assert [each["repo_id"] for each in door.admin.get("/registry").json()] == ["acme/payments"]
        aside = door.admin.put("/registry/acme/payments", json={"archived": True}).json()
        assert (aside["archived"], aside["status"]) == (True, "archived")
        assert door.admin.get("/registry").json() == []
        assert len(door.admin.get("/registry", params={"include_archived": True}).json()) == 1
        assert not door.admin.put("/registry/payments", json={"archived": False}).json()["archived"]
        assert door.admin.delete("/registry/acme/payments").status_code == 204
        door.made.work()
        assert door.admin.get("/registry/acme/payments").status_code == 404
        assert door.admin.delete("/registry/acme/payments").status_code == 404

    def test_shows_what_registering_would_do(self, door: Door) -> None:
        body = {"url": str(door.upstream.path), "repo_id": "acme/payments"}

        shown = door.admin.post("/registry/preview", json=body).json()
        assert (shown["target"], shown["payload"]["repo_id"]) == ("create", "acme/payments")
        assert door.admin.get("/registry").json() == []
        assert door.of(Role.VIEWER).post("/registry/preview", json=body).status_code == 403

        door.admin.post("/registry", json=body)
        assert door.admin.post("/registry/preview", json=body).json()["target"] == "keep"

    def test_asks_who_it_is_and_takes_no_claims(self, door: Door) -> None:
        claims = {"url": str(door.upstream.path), "last_indexed_commit": "0" * 40}

        assert door.anonymous.get("/registry").status_code == 401
        assert door.admin.post("/registry", json=claims).status_code == 422
        assert door.of(Role.VIEWER).post("/registry", json={"url": claims["url"]}).status_code == 403
        door.admin.post("/registry", json={"url": claims["url"]})
        assert door.stranger().get("/registry/payments").status_code == 404


class TestTheWord:
    @pytest.mark.parametrize(
        ("states", "word"),
        [
            ({"approval": Approval.PENDING}, "pending"),
            ({"approval": Approval.REJECTED}, "rejected"),
            ({"approval": Approval.REVOKED}, "revoked"),
            ({"lifecycle": Lifecycle.ARCHIVED}, "archived"),
            ({"clone": Clone.QUEUED}, "approved"),
            ({"clone": Clone.CLONING}, "cloning"),
            ({"clone": Clone.PRESENT, "index": Index.BUILDING}, "indexing"),
            ({"clone": Clone.FAILED}, "error"),
            ({"clone": Clone.PRESENT, "index": Index.FAILED}, "error"),
            ({"clone": Clone.PRESENT, "index": Index.READY, "indexed_at": NOON}, "ready"),
            ({"access": Access.REFUSED, "clone": Clone.PRESENT, "index": Index.READY, "indexed_at": NOON}, "error"),
            ({"clone": Clone.PRESENT, "index": Index.BUILDING, "indexed_at": NOON}, "ready"),
        ],
        ids=str,
    )
    def test_follows_from_the_four_fields(self, states: dict[str, object], word: str) -> None:
        assert request_status_of(replace(NEW, **states)) == word  # type: ignore[arg-type]


class TestPuttingAside:
    def path(self, door: Door) -> str:
        return f"/registry/{door.connect_ready()}"

    def test_keeps_what_holds_already_and_tells_the_trail_nothing(self, door: Door) -> None:
        path = self.path(door)
        acts = {"action": "repository.*"}
        before = door.admin.get("/api/v1/audit", params=acts).json()["items"]

        answers = [door.admin.put(path, json={"archived": False}) for _ in range(2)]
        assert [(each.status_code, each.json()["archived"]) for each in answers] == [(200, False)] * 2
        assert door.admin.get("/api/v1/audit", params=acts).json()["items"] == before

        assert door.admin.put(path, json={"archived": True, "reason": "moved on"}).json()["archived"]
        assert door.admin.put(path, json={"archived": True}).json()["archived"]
        acts = door.admin.get("/api/v1/audit", params={"action": "repository.archive"}).json()["items"]
        assert [each["facts"]["reason"] for each in acts] == ["moved on"]

    @pytest.mark.parametrize("archived", [True, False])
    def test_is_for_maintainers_also_when_nothing_would_change(self, door: Door, archived: bool) -> None:
        path = self.path(door)
        refused = door.of(Role.DEVELOPER).put(path, json={"archived": archived})

        assert (refused.status_code, refused.json()["code"]) == (403, "denied")
        assert door.of(Role.MAINTAINER).put(path, json={"archived": archived}).status_code == 200

    @pytest.mark.parametrize("archived", [True, False])
    def test_needs_a_token_that_may_write_also_when_nothing_would_change(self, door: Door, archived: bool) -> None:
        path = self.path(door)
        reading = door.admin.post("/api/v1/tokens", json={"name": "reads", "scopes": ["read"]}).json()
        refused = door.client(reading["secret"]).put(path, json={"archived": archived})

        assert (refused.status_code, refused.json()["code"]) == (403, "denied")
        assert not door.admin.get(path).json()["archived"]

    def test_says_that_a_name_stays(self, door: Door) -> None:
        refused = door.admin.put(self.path(door), json={"archived": False, "name": "other"})
        [wrong] = refused.json()["errors"]
        assert (refused.status_code, wrong["code"]) == (422, "not_here")
        assert "keeps its name" in wrong["message"]

    def test_takes_nothing_else_and_knows_nothing_of_other_tenants(self, door: Door) -> None:
        path = self.path(door)

        assert door.anonymous.put(path, json={"archived": True}).status_code == 401
        assert door.stranger().put(path, json={"archived": True}).status_code == 404
        assert door.admin.put("/registry/none", json={"archived": True}).status_code == 404
        for body in ({}, {"archived": "maybe"}, {"archived": True, "last_indexed_commit": "0" * 40}):
            assert door.admin.put(path, json=body).status_code == 422
        assert not door.admin.get(path).json()["archived"]
