"""Agents see who owns a file, so that they know whom to ask."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grove.kit.gate import Source
from grove.mcp import Caller
from tests.mcp.client import Tools
from tests.support.git_repositories import Repository
from tests.support.grove import house
from tests.support.sources import connect


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    upstream = Repository.new(tmp_path / "pay.git")
    rules = "* @acme/all\n/src/ @ada @bob\n"
    upstream.commit({"CODEOWNERS": rules, "src/a.py": "a = 1\n", "b.py": "b = 1\n"})
    bare = Repository.new(tmp_path / "bare.git")
    bare.commit({"a.py": "a = 1\n"})
    with house(tmp_path / "data", local_roots=(tmp_path,)) as made:
        for each in (upstream, bare):
            connect(made, str(each.path))
        made.work()
        yield Tools(lambda _request: Caller(grove=made.grove, actor=replace(made.admin, source=Source.MCP)))


class TestOwners:
    def test_are_told_with_the_lines_that_say_so(self, tools: Tools) -> None:
        answer = tools.call("read_file", repo="pay", path="src/a.py", view="owners")
        assert answer.lines == ["@ada  CODEOWNERS:2  /src/", "@bob  CODEOWNERS:2  /src/"]
        assert answer.truth.startswith("2 owners · pay@")
        assert tools.call("read_file", repo="pay", path="b.py", view="owners").lines == ["@acme/all  CODEOWNERS:1  *"]

    def test_are_nobody_where_no_file_says_so(self, tools: Tools) -> None:
        assert "it has no CODEOWNERS file" in tools.call("read_file", repo="bare", path="a.py", view="owners").truth

    def test_are_a_repositorys(self, tools: Tools) -> None:
        assert "not workspace" in tools.call("read_file", workspace="w", path="a.py", view="owners").error
