"""Definitions, references, callers, callees and outlines over HTTP."""

import pytest

from grove.api.navigation import NameIn
from tests.api.conftest import Door

PLACES = "/api/v1/navigation"


class TestNames:
    def test_are_answered_with_their_places_and_the_truth(self, shared: Door, payments: str) -> None:
        answer = shared.admin.get(f"{PLACES}/definitions", params={"name": "retry_call"}).json()

        [found] = answer["items"]
        assert (found["repository_id"], found["path"], found["line"], found["end_line"]) == (
            payments,
            "src/retry.py",
            1,
            4,
        )
        assert (found["kind"], found["basis"], found["signature"]) == ("function", "name", "def retry_call(function):")
        assert answer["truth"]["searched"][0]["commit"] == found["commit"]
        assert answer["truth_line"].startswith("1 file in 1 repository")

    @pytest.mark.usefixtures("payments")
    def test_are_found_where_they_are_used(self, shared: Door) -> None:
        answer = shared.admin.get(f"{PLACES}/references", params={"name": "wait"}).json()

        assert [(item["line"], item["role"], item["around"]["name"]) for item in answer["items"]] == [
            (2, "reference", "retry_call"),
            (3, "reference", "retry_call"),
        ]
        assert "by name" in answer["truth_line"]

    @pytest.mark.usefixtures("payments")
    def test_have_callers_and_callees(self, shared: Door) -> None:
        callers = shared.admin.get(f"{PLACES}/callers", params={"name": "function"}).json()
        callees = shared.admin.get(f"{PLACES}/callees", params={"name": "retry_call"}).json()

        assert [(item["around"]["name"], len(item["uses"])) for item in callers["items"]] == [("retry_call", 2)]
        assert callees["definition"]["name"] == "retry_call"
        assert [(item["name"], item["lines"]) for item in callees["items"]] == [("function", [3])]

    @pytest.mark.usefixtures("payments")
    @pytest.mark.parametrize("what", ["definitions", "references", "callers", "callees"])
    def test_of_one_tenant_are_nothing_to_another(self, shared: Door, what: str) -> None:
        answer = shared.stranger().get(f"{PLACES}/{what}", params={"name": "retry_call"}).json()

        assert answer["items"] == []
        assert answer["truth"]["searched"] == []

    @pytest.mark.parametrize(
        ("params", "status", "code"),
        [
            ({"name": ""}, 422, "name_invalid"),
            ({"name": "a", "repo": "("}, 422, "pattern_invalid"),
            ({}, 422, "request_invalid"),
            ({"name": "a", "limit": 1000}, 422, "request_invalid"),
        ],
    )
    def test_are_refused_when_they_make_no_sense(
        self, shared: Door, params: dict[str, str], status: int, code: str
    ) -> None:
        answer = shared.admin.get(f"{PLACES}/references", params=params)

        assert (answer.status_code, answer.json()["code"]) == (status, code)

    def test_need_a_token(self, shared: Door) -> None:
        assert shared.anonymous.get(f"{PLACES}/definitions", params={"name": "a"}).status_code == 401

    def test_are_asked_with_everything_that_the_core_takes(self) -> None:
        wanted = NameIn(
            name="a", repo=["r"], rev=["v"], path=["p"], lang=["go"], near="r:p", limit=3, offset=4
        ).question()

        assert (wanted.repositories, wanted.revisions, wanted.paths, wanted.languages) == (
            ("r",),
            ("v",),
            ("p",),
            ("go",),
        )
        assert (wanted.near, wanted.limit, wanted.offset) == ("r:p", 3, 4)


class TestOutline:
    def test_tells_what_a_file_defines(self, shared: Door, payments: str) -> None:
        answer = shared.admin.get(f"/api/v1/repositories/{payments}/outline", params={"path": "src/retry.py"}).json()

        assert [(item["name"], item["line"], item["end_line"]) for item in answer["items"]] == [("retry_call", 1, 4)]
        assert answer["is_known"]

    def test_is_not_given_to_strangers(self, shared: Door, payments: str) -> None:
        path = f"/api/v1/repositories/{payments}/outline"

        assert shared.stranger().get(path, params={"path": "src/retry.py"}).status_code == 404


class TestFiles:
    def test_are_found_by_some_characters(self, shared: Door, payments: str) -> None:
        answer = shared.admin.get(f"{PLACES}/files", params={"name": "rtry"}).json()

        assert [(item["repository_id"], item["path"]) for item in answer["items"]] == [(payments, "src/retry.py")]
        assert answer["items"][0]["columns"] == [4, 6, 7, 8]

    @pytest.mark.usefixtures("payments")
    def test_of_one_tenant_are_nothing_to_another(self, shared: Door) -> None:
        answer = shared.stranger().get(f"{PLACES}/files", params={"name": "rtry"}).json()

        assert (answer["items"], answer["truth"]["files_found"]) == ([], 0)


class TestSimilar:
    def test_names_the_lines_that_were_asked_for(self, shared: Door, payments: str) -> None:
        params: dict[str, str | int] = {"source_path": "src/retry.py", "start_line": 1, "end_line": 4}
        answer = shared.admin.get(f"/api/v1/repositories/{payments}/similar", params=params).json()

        assert (answer["path"], answer["start_line"], answer["end_line"]) == ("src/retry.py", 1, 4)
        assert answer["items"] == []
        assert "compared" in answer["truth_line"]

    def test_is_refused_for_lines_that_are_not_there(self, shared: Door, payments: str) -> None:
        params: dict[str, str | int] = {"source_path": "src/retry.py", "start_line": 40, "end_line": 50}
        answer = shared.admin.get(f"/api/v1/repositories/{payments}/similar", params=params)

        assert (answer.status_code, answer.json()["code"]) == (422, "range_invalid")
