"""The history of files and the differences of revisions, over REST."""

from grove.accounts import Role
from tests.api.conftest import Door


class TestTracing:
    def test_tells_the_commits_of_a_file(self, shared: Door, payments: str) -> None:
        log = shared.admin.get(f"/api/v1/repositories/{payments}/log", params={"path": "README.md"}).json()
        assert [each["path"] for each in log["commits"]] == ["README.md"]
        assert log["more"] is False

    def test_tells_the_commit_of_each_line(self, shared: Door, payments: str) -> None:
        params: dict[str, str | int] = {"path": "src/retry.py", "start_line": 2, "end_line": 3}
        blame = shared.admin.get(f"/api/v1/repositories/{payments}/blame", params=params).json()
        assert [(each["first_line"], each["last_line"]) for each in blame["ranges"]] == [(2, 3)]

    def test_tells_how_two_revisions_differ(self, shared: Door, payments: str) -> None:
        params = {"before": "main", "after": "main"}
        found = shared.admin.get(f"/api/v1/repositories/{payments}/diff", params=params).json()
        assert (found["file_count"], found["files"], found["more"]) == (0, [], False)

    def test_refuses_what_is_not_there(self, shared: Door, payments: str) -> None:
        for route in ("log", "blame"):
            refused = shared.admin.get(f"/api/v1/repositories/{payments}/{route}", params={"path": "nowhere"})
            assert (refused.status_code, refused.json()["code"]) == (404, "path_missing")


class TestTrackedBranches:
    def test_are_changed_and_indexed_or_dropped_by_a_job(self, door: Door) -> None:
        identifier = door.connect_ready()
        at = f"/api/v1/repositories/{identifier}"
        door.upstream.commit({"next.py": "def upcoming():\n    return 1\n"}, branch="release/2")
        door.admin.post(f"{at}/sync")
        door.made.work()
        assert self._branches(door, at) == {"main", "release/2"}

        changed = door.admin.put(f"{at}/tracked", json={"branches": ["main"]})
        assert (changed.status_code, changed.json()) == (200, {"branches": ["main"]})
        door.made.work()
        assert self._branches(door, at) == {"main"}

        door.admin.put(f"{at}/tracked", json={"branches": ["main", "release/*"]})
        door.made.work()
        assert self._branches(door, at) == {"main", "release/2"}
        entry = door.admin.get("/api/v1/audit", params={"action": "repository.configure"}).json()["items"][0]
        assert entry["facts"]["tracked"] == ["main", "release/*"]

    def test_are_never_none_and_set_by_those_who_may(self, door: Door) -> None:
        at = f"/api/v1/repositories/{door.connect_ready()}/tracked"

        assert door.admin.put(at, json={"branches": []}).status_code == 422
        assert door.of(Role.DEVELOPER).put(at, json={"branches": ["main"]}).status_code == 403

    @staticmethod
    def _branches(door: Door, at: str) -> set[str]:
        return {head["branch"] for head in door.admin.get(at).json()["heads"]}


class TestHistory:
    def test_is_shown_and_set(self, door: Door) -> None:
        identifier = door.connect_ready()
        shown = door.admin.get(f"/api/v1/repositories/{identifier}").json()["history"]
        assert (shown["index"], shown["commits_waiting"]) == ("all", 0)
        assert shown["commits"] > 0

        changed = door.admin.put(f"/api/v1/repositories/{identifier}/history", json={"index": "12 months"})
        assert changed.json()["index"] == "12 months"
        refused = door.admin.put(f"/api/v1/repositories/{identifier}/history", json={"index": "everything"})
        assert (refused.status_code, refused.json()["code"]) == (422, "history_policy_invalid")

    def test_answers_questions_about_commits(self, shared: Door, payments: str) -> None:
        assert payments
        answer = shared.admin.get("/api/v1/search", params={"q": "type:commit file:README"}).json()
        assert [found["changes"][0]["kind"] for found in answer["commits"]] == ["added"]
        assert "1 commit in 1 repository" in answer["truth_line"]
