"""Errors tell an agent what is wrong, why, and what to call next; what nobody foresaw tells nothing of the inside."""

import pytest
from mcp import Client, MCPError
from starlette.requests import Request

from grove.kit.errors import GroveError, error_classes
from grove.mcp import Caller
from grove.mcp.failures import explain
from grove.repositories import RepositoryAmbiguous
from grove.search import FilterUnknown
from tests.mcp.client import Tools
from tests.support.grove import House


class TestExplain:
    @pytest.mark.parametrize("error", error_classes(), ids=lambda error: str(error.code))
    def test_is_one_paragraph_with_a_next_step(self, error: type[GroveError]) -> None:
        sentence = explain(error(), given={"repo": "payments", "path": "src/a.py"})

        assert sentence.startswith(error().message)
        assert len(sentence) > len(error().message) + 10
        assert "\n" not in sentence

    def test_tells_which_one_of_several_to_call(self) -> None:
        error = RepositoryAmbiguous(repository="web", candidates="acme/web, other/web")

        assert explain(error, given={}).endswith('Call again with repo="acme/web" or another of them.')

    def test_tells_where_in_the_query_and_what_was_probably_meant(self) -> None:
        error = FilterUnknown(filter="fiel", nearest="file", known=["file", "lang"], position=3)

        assert "(filter=fiel) It is at character 4 of the query. Nearest: file." in explain(error, given={})

    def test_writes_out_what_cannot_be_seen_in_a_fact(self) -> None:
        assert r"a\u{202E}b\u{A}c" in explain(RepositoryAmbiguous(repository="a\u202eb\nc"), given={})

    def test_shortens_a_fact_that_is_long(self) -> None:
        assert len(explain(RepositoryAmbiguous(repository="x" * 10_000), given={})) < 1_000


class TestWhatNobodyForesaw:
    def test_tells_nothing_of_the_inside(self, made: House) -> None:
        def enter(_request: Request | None) -> Caller:
            raise ValueError("a secret of the inside")

        async def ask(client: Client) -> str:
            with pytest.raises(MCPError) as failed:
                await client.call_tool("list_repos", {})
            return failed.value.error.message

        told = Tools(enter).use(ask)

        assert told == "The server failed in a way nobody foresaw; its log says how."
