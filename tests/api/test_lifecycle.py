"""Archived, restored, revoked, asked for again: what is served then, and what is not."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from grove.accounts import Role
from tests.api.conftest import Door

REASON = {"reason": "contains customer data"}


def act(client: TestClient, identifier: str, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = client.post(f"/api/v1/repositories/{identifier}/{what}", json=body)
    assert answer.status_code in {200, 202}, answer.text
    told: dict[str, Any] = answer.json()
    return told


def search(door: Door) -> tuple[int, list[str]]:
    """How many files are found, and why repositories were skipped."""
    answer = door.admin.get("/api/v1/search", params={"q": "retry_call"}).json()
    return len(answer["files"]), [skipped["reason"] for skipped in answer["truth"]["skipped"]]


def reads(door: Door, identifier: str) -> list[int]:
    """The status of every way to read a repository."""
    paths = ("files?path=src/retry.py", "raw?path=src/retry.py", "outline?path=src/retry.py", "tree", "refs")
    return [door.admin.get(f"/api/v1/repositories/{identifier}/{path}").status_code for path in paths]


class TestAnArchivedRepository:
    def test_is_skipped_by_searches_that_say_so(self, door: Door) -> None:
        identifier = door.connect_ready()

        archived = act(door.admin, identifier, "archive", {"reason": "replaced by v2"})

        assert (archived["status"], archived["lifecycle"]) == ("archived", "archived")
        assert archived["why"] == "It was archived by admin: replaced by v2; grove repo restore."
        assert search(door) == (0, ["archived"])
        assert set(reads(door, identifier)) == {200}

    def test_is_not_synced_whoever_asks(self, door: Door) -> None:
        identifier = door.connect_ready()
        [done] = [job for job in door.admin.get("/api/v1/jobs").json()["items"] if job["kind"] == "mirror.sync"]
        act(door.admin, identifier, "sync")
        act(door.admin, identifier, "archive")

        jobs = door.admin.get("/api/v1/jobs", params={"target": identifier}).json()["items"]
        cancelled = next(job for job in jobs if job["kind"] == "mirror.sync" and job["id"] != done["id"])
        door.admin.post(f"/api/v1/jobs/{cancelled['id']}/retry")
        door.made.work_until_idle()

        assert cancelled["state"] == "cancelled"
        assert door.admin.get(f"/api/v1/jobs/{cancelled['id']}").json()["error"]["code"] == "repository_state_conflict"
        assert door.admin.post(f"/api/v1/repositories/{identifier}/sync").status_code == 409

    def test_is_as_before_when_it_is_restored(self, door: Door) -> None:
        identifier = door.connect_ready()
        act(door.admin, identifier, "archive")
        door.upstream.commit({"more.py": "def retry_call_again(): ...\n"})

        act(door.admin, identifier, "restore")
        door.made.work_until_idle()

        restored = door.admin.get(f"/api/v1/repositories/{identifier}").json()
        assert (restored["status"], restored["why"]) == ("ready", "")
        assert search(door)[0] >= 1

    def test_can_be_removed(self, door: Door) -> None:
        identifier = door.connect_ready()
        act(door.admin, identifier, "archive")

        door.admin.delete(f"/api/v1/repositories/{identifier}")
        door.made.work()

        assert door.admin.get(f"/api/v1/repositories/{identifier}").status_code == 404


class TestARevokedApproval:
    def test_ends_all_reading_at_once(self, door: Door) -> None:
        identifier = door.connect_ready()
        assert search(door)[0] >= 1

        revoked = act(door.admin, identifier, "revoke", REASON)

        assert (revoked["approval"], revoked["status"]) == ("revoked", "attention")
        assert "contains customer data" in revoked["why"]
        assert search(door) == (0, ["revoked"])
        assert set(reads(door, identifier)) == {403}
        assert door.admin.get(f"/api/v1/repositories/{identifier}").json()["heads"] == []
        past = door.admin.get("/api/v1/search", params={"q": "retry_call rev:*"}).json()
        assert past["files"] == []

    def test_given_again_serves_what_was_there(self, door: Door) -> None:
        identifier = door.connect_ready()
        act(door.admin, identifier, "revoke", REASON)
        act(door.of(Role.DEVELOPER), identifier, "request", {"reason": "cleaned up"})
        assert door.admin.get(f"/api/v1/repositories/{identifier}").json()["request_reason"] == "cleaned up"

        act(door.admin, identifier, "approve")
        door.made.work_until_idle()

        assert door.admin.get(f"/api/v1/repositories/{identifier}").json()["status"] == "ready"
        assert search(door)[0] >= 1

    def test_asked_for_again_is_not_approved_by_whoever_asked(self, door: Door) -> None:
        identifier = door.connect_ready()
        act(door.admin, identifier, "revoke", REASON)
        act(door.admin, identifier, "request", {"reason": "cleaned up"})

        assert door.admin.post(f"/api/v1/repositories/{identifier}/approve").status_code == 403

    def test_is_in_the_audit_trail_with_the_states(self, door: Door) -> None:
        identifier = door.connect_ready()
        act(door.admin, identifier, "revoke", REASON)

        facts = door.admin.get("/api/v1/audit", params={"action": "repository.revoke"}).json()["items"][0]["facts"]
        assert (facts["before"], facts["after"], facts["reason"]) == ("approved", "revoked", REASON["reason"])


class TestEveryMove:
    @pytest.mark.parametrize("what", ["archive", "restore", "revoke", "approve", "reject"])
    def test_is_refused_to_developers(self, shared: Door, payments: str, what: str) -> None:
        developer = shared.of(Role.DEVELOPER)

        assert developer.post(f"/api/v1/repositories/{payments}/{what}", json=REASON).status_code == 403

    @pytest.mark.parametrize("what", ["restore", "approve", "reject", "request"])
    def test_that_does_not_follow_is_refused(self, shared: Door, payments: str, what: str) -> None:
        with_body = REASON if what in {"reject", "request"} else None
        maintainer = shared.of(Role.MAINTAINER)

        refused = maintainer.post(f"/api/v1/repositories/{payments}/{what}", json=with_body)

        assert (refused.status_code, refused.json()["code"]) == (409, "repository_state_conflict")


class TestACancelledJob:
    def test_is_told_as_the_reason(self, door: Door) -> None:
        connected = door.connect()
        door.admin.post(f"/api/v1/jobs/{connected['job_id']}/cancel")

        told = door.admin.get(f"/api/v1/repositories/{connected['repository']['id']}").json()

        assert told["why"].startswith("It waits to be cloned. Its job was cancelled; grove job retry ")
