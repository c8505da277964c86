"""Jobs: listing, stopping, trying again, and watching."""

import threading
from uuid import uuid4

import pytest

from grove.accounts import Role
from tests.api.conftest import Door
from tests.api.streams import watch
from tests.api.test_policies import HIDE, put


class TestJobs:
    def test_are_listed_newest_first_in_pages(self, door: Door) -> None:
        identifier = door.connect_ready()
        door.admin.post(f"/api/v1/repositories/{identifier}/sync")

        first = door.admin.get("/api/v1/jobs", params={"limit": 2}).json()
        second = door.admin.get("/api/v1/jobs", params={"limit": 2, "cursor": first["next_cursor"]}).json()

        kinds = [(job["kind"], job["state"]) for job in first["items"] + second["items"]]
        assert kinds == [
            ("mirror.sync", "queued"),
            ("history.index", "succeeded"),
            ("snapshot.index", "succeeded"),
            ("mirror.sync", "succeeded"),
        ]
        assert second["has_more"] is False

    def test_can_be_cancelled_once(self, door: Door) -> None:
        job = door.connect()["job_id"]

        cancelled = door.admin.post(f"/api/v1/jobs/{job}/cancel")
        again = door.admin.post(f"/api/v1/jobs/{job}/cancel")

        assert cancelled.json()["state"] == "cancelled"
        assert (again.status_code, again.json()["code"]) == (409, "job_state_conflict")

    def test_can_be_tried_again(self, door: Door) -> None:
        job = door.connect()["job_id"]
        door.admin.post(f"/api/v1/jobs/{job}/cancel")

        assert door.admin.post(f"/api/v1/jobs/{job}/retry").json()["state"] == "queued"

    def test_cannot_be_stopped_by_viewers(self, door: Door) -> None:
        job = door.connect()["job_id"]

        assert door.of(Role.VIEWER).post(f"/api/v1/jobs/{job}/cancel").status_code == 403

    @pytest.mark.parametrize("suffix", ["", "/events"])
    def test_of_other_tenants_are_not_there(self, shared: Door, payments: str, suffix: str) -> None:
        job = shared.admin.get("/api/v1/jobs", params={"target": payments}).json()["items"][0]["id"]
        stranger = shared.stranger()

        assert stranger.get(f"/api/v1/jobs/{job}{suffix}").status_code == 404
        assert stranger.get(f"/api/v1/jobs/{uuid4()}{suffix}").status_code == 404
        assert stranger.get("/api/v1/jobs").json()["items"] == []

    def test_about_what_one_may_not_see_are_not_there(self, door: Door) -> None:
        payments = door.connect_ready()
        developer = door.of(Role.DEVELOPER)
        export = door.admin.post("/api/v1/exports", json={"q": "retry"}).json()
        hers = developer.post("/api/v1/exports", json={"q": "retry"}).json()["job_id"]
        job = developer.get("/api/v1/jobs", params={"target": payments}).json()["items"][0]["id"]

        put(door.admin, HIDE)

        for each in (job, export["job_id"]):
            answers = [
                developer.get(f"/api/v1/jobs/{each}"),
                developer.get(f"/api/v1/jobs/{each}/events"),
                developer.post(f"/api/v1/jobs/{each}/cancel"),
                developer.post(f"/api/v1/jobs/{each}/retry"),
            ]
            assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "job_not_found")}
        listed = developer.get("/api/v1/jobs", params={"limit": 1}).json()
        assert ([each["id"] for each in listed["items"]], listed["has_more"]) == ([hers], False)
        assert developer.get("/api/v1/jobs", params={"target": payments}).json()["items"] == []
        assert door.admin.get(f"/api/v1/jobs/{job}").status_code == 200

    def test_about_what_is_gone_are_known_to_those_alone_who_asked_or_audit(self, door: Door) -> None:
        payments = door.connect_ready()
        developer = door.of(Role.DEVELOPER)
        job = door.admin.get("/api/v1/jobs", params={"target": payments}).json()["items"][0]["id"]
        put(door.admin, HIDE)
        assert developer.get(f"/api/v1/jobs/{job}").status_code == 404

        assert door.admin.delete(f"/api/v1/repositories/{payments}").status_code == 202
        door.made.work()

        assert developer.get(f"/api/v1/jobs/{job}").json()["code"] == "job_not_found"
        assert developer.get("/api/v1/jobs").json()["items"] == []
        assert developer.get("/api/v1/jobs", params={"target": payments}).json()["items"] == []
        assert door.admin.get(f"/api/v1/jobs/{job}").status_code == 200

    def test_are_not_continued_from_a_cursor_of_another_list(self, shared: Door) -> None:
        assert shared.admin.get("/api/v1/jobs", params={"cursor": "YQ"}).json()["code"] == "list_cursor_invalid"


class TestWatching:
    def test_replays_the_whole_story(self, door: Door) -> None:
        job = door.connect()["job_id"]
        door.made.work()

        told, text = watch(door.admin, f"/api/v1/jobs/{job}/events")

        assert "retry: 3000" in text
        assert (told[0].name, told[-1].name) == ("status", "done")
        assert told[-1].data["state"] == "succeeded"
        assert [int(event.id) for event in told] == sorted(int(event.id) for event in told)

    def test_goes_on_where_it_broke(self, door: Door) -> None:
        job = door.connect()["job_id"]
        door.made.work()
        path = f"/api/v1/jobs/{job}/events"
        whole, _ = watch(door.admin, path)

        by_header, _ = watch(door.admin, path, headers={"Last-Event-ID": whole[1].id})
        by_parameter, _ = watch(door.admin, path, params={"after": whole[1].id})
        past_the_end, _ = watch(door.admin, path, params={"after": whole[-1].id})

        assert by_header == by_parameter == whole[2:]
        assert past_the_end == []

    def test_tells_what_happens_meanwhile(self, door: Door) -> None:
        job = door.connect()["job_id"]
        worker = threading.Timer(0.3, door.made.work)
        worker.start()

        told, _ = watch(door.admin, f"/api/v1/jobs/{job}/events")
        worker.join()

        assert [event.data["state"] for event in told if event.name == "status"] == ["queued", "running", "succeeded"]

    def test_ends_when_the_token_does(self, door: Door) -> None:
        job = door.connect()["job_id"]
        client = door.of(Role.VIEWER)
        [token] = client.get("/api/v1/tokens").json()["items"]
        revoking = threading.Timer(0.3, lambda: door.admin.delete(f"/api/v1/tokens/{token['id']}"))
        revoking.start()

        told, _ = watch(client, f"/api/v1/jobs/{job}/events")
        revoking.join()

        assert (told[-1].name, told[-1].data["code"]) == ("alert", "token_invalid")

    @pytest.mark.parametrize("given", ["-1", "x", str(2**63)])
    def test_refuses_a_place_that_cannot_be(self, shared: Door, payments: str, given: str) -> None:
        job = shared.admin.get("/api/v1/jobs", params={"target": payments}).json()["items"][0]["id"]

        assert shared.admin.get(f"/api/v1/jobs/{job}/events", params={"after": given}).status_code == 422
