"""An agent asks for a repository; a person decides."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grove.kit.gate import Source
from grove.mcp import Caller
from tests.mcp.client import Tools
from tests.support.git_repositories import Repository
from tests.support.grove import House, house


@pytest.fixture
def upstream(tmp_path: Path) -> str:
    made = Repository.new(tmp_path / "src" / "billing.git")
    made.commit({"README.md": "# Billing\n"})
    return str(made.path)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "data", local_roots=(tmp_path / "src",), large_repo_size_mb=0) as running:
        yield running


def tools_of(made: House, kind: str) -> Tools:
    actor = replace(made.admin, source=Source.MCP, kind=kind, acts_for=made.admin if kind == "agent" else None)
    return Tools(lambda _request: Caller(grove=made.grove, actor=actor))


class TestRepoRequest:
    def test_of_an_agent_waits_for_a_person(self, own: House, upstream: str) -> None:
        answer = tools_of(own, "agent").call("repo_request", url=upstream, reason="the user asked for it")

        assert answer.lines == [f"billing  needs_approval  {upstream}"]
        assert answer.truth.startswith("It waits for somebody who may approve it: ")

    def test_of_somebody_who_may_decide_is_mirrored(self, own: House, upstream: str) -> None:
        answer = tools_of(own, "user").call("codesearch_repo_request", path=upstream, why="needed")

        assert "is being mirrored" in answer.truth
        assert 'job_status(job_id="' in answer.truth

    def test_tells_what_is_wrong(self, own: House, upstream: str) -> None:
        tools = tools_of(own, "user")
        tools.call("repo_request", url=upstream, reason="needed")

        assert "kept already" in tools.call("repo_request", url=upstream, reason="needed").error
        assert "reason" in tools.call("repo_request", url=upstream).error
        assert tools.call("repo_request", url="file:///etc", reason="needed").error
