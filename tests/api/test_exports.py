"""Exports and contexts behind the HTTP door."""

import json
import time

import pytest

from grove.accounts import Role
from tests.api.conftest import Door


class TestExports:
    @pytest.mark.usefixtures("payments")
    def test_are_made_watched_fetched_and_removed(self, shared: Door) -> None:
        made = shared.admin.post("/api/v1/exports", json={"q": "retr", "lang": ["python"]})
        assert made.status_code == 202
        address = f"/api/v1/exports/{made.json()['id']}"
        assert shared.admin.get(f"{address}/file").json()["code"] == "export_unfinished"

        shared.made.work()
        assert shared.admin.get(f"/api/v1/jobs/{made.json()['job_id']}").json()["state"] == "succeeded"
        told = shared.admin.get(address).json()
        fetched = shared.admin.get(f"{address}/file")
        assert fetched.headers["content-type"] == "application/jsonl"
        assert "attachment" in fetched.headers["content-disposition"]
        assert told["rows"] == len(fetched.text.splitlines())
        assert {json.loads(line)["path"] for line in fetched.text.splitlines()} == {"src/retry.py"}
        assert [each["id"] for each in shared.admin.get("/api/v1/exports").json()["items"]] == [told["id"]]

        assert shared.of(Role.MAINTAINER).get(f"{address}/file").status_code == 404
        assert shared.stranger().get(address).status_code == 404
        assert shared.admin.delete(address).status_code == 200
        assert shared.admin.get(address).status_code == 404

    def test_of_a_mistake_are_refused_at_once(self, shared: Door) -> None:
        refused = shared.admin.post("/api/v1/exports", json={"q": "langg:x y"}).json()

        assert (refused["code"], refused["facts"]["nearest"]) == ("filter_unknown", "lang")


class TestContexts:
    @pytest.mark.usefixtures("payments")
    def test_are_set_read_searched_and_removed(self, shared: Door) -> None:
        address = "/api/v1/contexts/pay"
        made = shared.admin.put(address, json={"entries": ["repo:=payments"]})
        assert (made.status_code, made.json()["entries"]) == (200, ["repo:=payments"])

        assert shared.of(Role.VIEWER).get(address).json()["name"] == "pay"
        assert [each["name"] for each in shared.admin.get("/api/v1/contexts").json()["items"]] == ["pay"]
        answer = shared.admin.get("/api/v1/search", params={"q": "context:pay 'retry_call'"}).json()
        assert answer["truth"]["files_found"] == 1
        assert shared.stranger().get(address).status_code == 404
        assert shared.admin.delete(address).status_code == 200
        assert shared.admin.get("/api/v1/search", params={"q": "context:pay x"}).status_code == 404


class TestAHostileDownload:
    def test_is_answered_at_once(self, shared: Door, payments: str) -> None:
        made = shared.admin.post("/api/v1/exports", json={"q": "retry"}).json()
        shared.made.work()
        ranges = "bytes=" + ",".join(["0-"] * 100_000)
        began = time.process_time()

        told = shared.admin.get(f"/api/v1/exports/{made['id']}/file", headers={"Range": ranges})

        assert time.process_time() - began < 3
        assert told.status_code in {200, 206, 400, 416}
        assert len(told.content) < 1_000_000

    @pytest.mark.parametrize("question", ["x" * 10_000, "../../../etc/cron.d/x", "a\nb"])
    def test_names_no_file_of_its_own(self, shared: Door, payments: str, question: str) -> None:
        answer = shared.admin.post("/api/v1/exports", json={"q": question})

        assert answer.status_code in {202, 413, 422}
        if answer.status_code == 202:
            shared.made.work()
            told = shared.admin.get(f"/api/v1/exports/{answer.json()['id']}/file")
            assert (
                told.headers["content-disposition"] == f'attachment; filename="grove-{answer.json()["id"][:8]}.jsonl"'
            )
