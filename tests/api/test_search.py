"""Searching: one answer, or the same piece by piece."""

import pytest

from grove.accounts import Role
from tests.api.conftest import Door
from tests.api.streams import watch


class TestSearch:
    def test_answers_with_files_and_the_truth(self, shared: Door, payments: str) -> None:
        answer = shared.admin.get("/api/v1/search", params={"q": '"retry_call"'}).json()

        [match] = answer["files"]
        assert (match["repository_id"], match["path"], match["language"]) == (payments, "src/retry.py", "python")
        line = match["excerpts"][0]["lines"][0]
        assert (line["number"], line["text"]) == (1, "def retry_call(function):")
        assert line["highlights"][0]["first_character"] == 4
        assert answer["truth"]["searched"][0]["repository"] == "payments"
        assert answer["truth"]["more"] is False
        assert answer["truth_line"].startswith("1 file in 1 repository")
        assert answer["plan"] is None

    @pytest.mark.usefixtures("payments")
    @pytest.mark.parametrize(
        ("query", "mode"),
        [("def \\w+_call", "regex"), ("how is a payment retried", "semantic"), ("sym:retry_call", "auto")],
    )
    def test_finds_in_every_mode(self, shared: Door, query: str, mode: str) -> None:
        answer = shared.admin.get("/api/v1/search", params={"q": query, "mode": mode, "explain": True}).json()

        assert "src/retry.py" in [match["path"] for match in answer["files"]]
        assert answer["plan"]

    @pytest.mark.usefixtures("payments")
    def test_narrows_by_parameters(self, shared: Door) -> None:
        def paths(**params: str) -> list[str]:
            answer = shared.admin.get("/api/v1/search", params={"q": '"retr"', **params}).json()
            return sorted(match["path"] for match in answer["files"])

        assert paths() == ["README.md", "src/retry.py"]
        assert paths(lang="python") == ["src/retry.py"]
        assert paths(path="README.md") == ["README.md"]
        assert paths(repo="nowhere") == []

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({"q": "symbl:x"}, "filter_unknown"),
            ({"q": "/(/"}, "pattern_invalid"),
            ({"q": "lang:klingon x"}, "filter_value_invalid"),
            ({"q": "x", "mode": "psychic"}, "request_invalid"),
            ({"q": "x", "limit": 0}, "request_invalid"),
            ({"q": "x", "repos": "typo"}, "request_invalid"),
            ({}, "request_invalid"),
        ],
    )
    def test_never_answers_a_mistake_with_nothing(self, shared: Door, params: dict[str, str], code: str) -> None:
        for path in ("/api/v1/search", "/api/v1/search/stream"):
            refused = shared.admin.get(path, params=params)
            assert refused.status_code == 422
            assert refused.json()["code"] == code

    @pytest.mark.usefixtures("payments")
    def test_shows_nothing_of_other_tenants(self, shared: Door) -> None:
        answer = shared.stranger().get("/api/v1/search", params={"q": '"retry_call"'}).json()

        assert answer["files"] == []
        assert answer["truth"]["searched"] == []
        assert [skipped["reason"] for skipped in answer["truth"]["skipped"]] == ["no_repository"]

    @pytest.mark.usefixtures("payments")
    def test_is_for_viewers_too(self, shared: Door) -> None:
        assert shared.of(Role.VIEWER).get("/api/v1/search", params={"q": "retry"}).status_code == 200


class TestStream:
    @pytest.mark.usefixtures("payments")
    def test_ends_with_the_truth(self, shared: Door) -> None:
        told, _ = watch(shared.admin, "/api/v1/search/stream", params={"q": '"retry_call"'})

        names = [event.name for event in told]
        assert names[-1] == "done"
        assert set(names) <= {"matches", "progress", "filters", "alert", "done"}
        files = [file for event in told if event.name == "matches" for file in event.data["files"]]
        assert [file["path"] for file in files] == ["src/retry.py"]
        assert told[-1].data["truth"]["files_found"] == 1
        assert told[-1].data["truth_line"].startswith("1 file")

    def test_needs_a_token_before_it_begins(self, shared: Door) -> None:
        assert shared.anonymous.get("/api/v1/search/stream", params={"q": "x"}).status_code == 401


class TestAHostileQuestion:
    @pytest.mark.parametrize(
        "question",
        [
            *(
                "/(a+)+$/",
                "/(a|a)*$/",
                "/(.*a){12}$/",
                "/x{1000}{1000}/",
                "/x*/",
                "/^/",
                "*",
                "/" + "a" * 50_000 + "/",
            ),
            " OR ".join(f"w{number}" for number in range(4_000)),
        ],
        ids=lambda text: text[:12],
    )
    def test_is_answered_or_refused(self, shared: Door, payments: str, question: str) -> None:
        answer = shared.admin.get("/api/v1/search", params={"q": question})

        assert answer.status_code in {200, 400, 413, 414, 422}
