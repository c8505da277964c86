"""Names that models use for the same argument are accepted; names that mean nothing are refused."""

from typing import Any

import pydantic
import pytest

from grove.mcp.arguments import FindSymbol, JobStatus, ListTree, ReadFile, SearchCode


class TestArguments:
    @pytest.mark.parametrize("name", ["q", "pattern", "question", "query"])
    def test_a_query_may_be_called_otherwise(self, name: str) -> None:
        assert SearchCode.model_validate({name: "refund"}).query == "refund"

    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("repository", "repo"),
            ("repo_name", "repo"),
            ("branch", "ref"),
            ("rev", "ref"),
            ("revision", "ref"),
            ("sha", "ref"),
            ("file", "path"),
            ("file_path", "path"),
            ("relative_path", "path"),
        ],
    )
    def test_a_place_may_be_called_otherwise(self, name: str, meant: str) -> None:
        given = {"repo": "r", "path": "p", "ref": "v"}
        del given[meant]

        arguments = ReadFile.model_validate({**given, name: "mine"})

        assert getattr(arguments, meant) == "mine"

    @pytest.mark.parametrize("name", ["top_k", "max_results", "count"])
    def test_a_limit_may_be_called_otherwise(self, name: str) -> None:
        assert SearchCode.model_validate({"query": "x", name: 3}).limit == 3

    def test_an_offset_is_the_first_line(self) -> None:
        assert ReadFile.model_validate({"repo": "r", "path": "p", "offset": 501}).start_line == 501

    def test_a_query_for_a_symbol_is_its_name(self) -> None:
        assert FindSymbol.model_validate({"query": "Refund"}).name == "Refund"

    def test_a_symbol_of_a_file_stays_a_symbol(self) -> None:
        assert ReadFile.model_validate({"repo": "r", "path": "p", "symbol": "Refund"}).symbol == "Refund"

    def test_nothing_given_is_as_good_as_left_out(self) -> None:
        assert SearchCode.model_validate({"query": "x", "repo": None, "ref": None}).ref == ""

    @pytest.mark.parametrize(
        "given",
        [
            {"query": "x", "q": "y"},
            {"query": "x", "embedder": "large"},
            {"query": ""},
            {},
            {"query": "x" * 5_000},
            {"query": "x", "limit": 10_000},
            {"query": "x", "max_tokens": 20_001},
            {"query": "x", "mode": "magic"},
            {"query": {"$ref": "http://evil.test/schema"}},
            {"query": "x", "repo": ["a"] * 51},
        ],
    )
    def test_what_makes_no_sense_is_refused(self, given: dict[str, Any]) -> None:
        with pytest.raises(pydantic.ValidationError):
            SearchCode.model_validate(given)

    def test_a_job_is_asked_for_by_its_id_or_by_its_repository(self) -> None:
        for given in ({}, {"job_id": "1", "repo": "r"}):
            with pytest.raises(pydantic.ValidationError, match="one of them"):
                JobStatus.model_validate(given)

    def test_numbers_may_come_as_text(self) -> None:
        assert ListTree.model_validate({"repo": "r", "depth": "3"}).depth == 3
