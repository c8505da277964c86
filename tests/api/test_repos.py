"""The routes below `/repos`, and `/search`, in the words of the interface that they come from."""

import pytest

from grove.accounts import Role
from tests.api.conftest import Door
from tests.support.git_repositories import Repository


class TestAnIndex:
    def test_is_built_anew_and_kept_up_by_jobs(self, door: Door) -> None:
        door.connect_ready()
        name = door.admin.get("/registry/payments").json()["repo_id"]
        assert door.admin.get("/repos").json() == [name]
        first = door.admin.get(f"/repos/{name}/index/status").json()
        assert (first["last_index_mode"], first["last_index_status"]) == ("update", "completed")
        assert first["last_indexed_commit"]
        assert first["last_index_error"] is None

        started = door.admin.post("/repos/payments/index/full")
        assert (started.status_code, started.json()["status"]) == (202, "started")
        assert door.admin.get("/repos/payments/index/status").json()["last_index_status"] == "running"
        assert door.admin.get(f"/api/v1/jobs/{started.json()['job_id']}").json()["kind"] == "index.rebuild"
        door.made.work()
        assert door.admin.get("/repos/payments/index/status").json()["last_index_mode"] == "full"

        commit = door.upstream.commit({"CHANGES.md": "one more\n"})
        assert door.admin.post("/repos/payments/index/update").status_code == 202
        door.made.work()
        assert door.admin.get("/repos/payments/index/status").json()["last_indexed_commit"] == commit

    def test_says_what_the_mirror_has_otherwise(self, door: Door) -> None:
        door.connect_ready()
        same = {"modified": [], "added": [], "deleted": [], "renamed": [], "more": False}
        assert door.admin.get("/repos/payments/status").json() == same

        door.upstream.commit({"CHANGES.md": "one more\n", "README.md": "# Other\n"})
        job = door.admin.post("/repos/payments/index/update").json()["job_id"]
        worker = door.made.worker()
        while door.admin.get(f"/api/v1/jobs/{job}").json()["state"] == "queued":
            assert worker.run_one()
        shown = door.admin.get("/repos/payments/status").json()
        assert (shown["added"], shown["modified"]) == (["CHANGES.md"], ["README.md"])
        door.made.work()
        assert door.admin.get("/repos/payments/status").json() == same

    def test_is_not_there_before_the_first(self, door: Door) -> None:
        door.connect()

        assert door.admin.get("/repos").json() == []
        assert door.admin.get("/repos/payments/status").status_code == 409
        assert door.admin.get("/repos/payments/index/status").json()["last_index_status"] is None
        assert door.admin.post("/repos/payments/index/full").status_code == 409

    def test_of_an_empty_repository_lacks_nothing(self, door: Door) -> None:
        empty = Repository.new(door.upstream.path.parent / "empty.git")
        door.connect(url=str(empty.path))
        door.made.work()

        pending = door.admin.get("/repos/empty/status")
        assert (pending.status_code, pending.json()["added"]) == (200, [])

    def test_is_for_those_who_may(self, door: Door) -> None:
        door.connect_ready()
        viewer, stranger = door.of(Role.VIEWER), door.stranger()

        assert viewer.get("/repos/payments/index/status").status_code == 200
        for route in ("full", "update"):
            assert viewer.post(f"/repos/payments/index/{route}").status_code == 403
            assert stranger.post(f"/repos/payments/index/{route}").status_code == 404
            assert door.anonymous.post(f"/repos/payments/index/{route}").status_code == 401
        assert stranger.get("/repos").json() == []


class TestSearch:
    def test_gives_the_best_places_and_tells_what_was_searched(self, shared: Door, payments: str) -> None:
        answer = shared.admin.post(
            "/search", json={"query": "retry a payment with backoff", "repo_id": payments, "k": 2}
        )

        hits = answer.json()
        assert answer.status_code == 200, answer.text
        assert 0 < len(hits) <= 2
        assert {hit["payload"]["path"] for hit in hits} <= {"README.md", "src/retry.py"}
        assert all(hit["block_text"] and len(hit["payload"]["commit_sha"]) == 40 for hit in hits)
        assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
        assert "; searched 1 at its default branch" in answer.headers["X-Grove-Truth"]

    @pytest.mark.parametrize("name", ["stack_type", "component_type", "screen_name", "tags", "output"])
    def test_says_what_to_write_instead_of_what_is_not_here(self, shared: Door, name: str) -> None:
        refused = shared.admin.post("/search", json={"query": "retry", name: "markdown"})

        [wrong] = refused.json()["errors"]
        assert (refused.status_code, wrong["code"]) == (422, "not_here")
        assert wrong["message"].startswith(f"{name}: ")

    def test_finds_nothing_of_others(self, shared: Door, payments: str) -> None:
        stranger = shared.stranger()

        assert stranger.post("/search", json={"query": "retry", "repo_id": payments}).status_code == 404
        assert stranger.post("/search", json={"query": "retry"}).json() == []
        assert shared.anonymous.post("/search", json={"query": "retry"}).status_code == 401
