"""An agent asks for a repository; a person decides."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grove.accounts import Role
from grove.freshness import PRESETS, Freshness, Preset, freshness_of
from grove.kit.gate import Source
from grove.mcp import Caller
from grove.quotas import Holder, HolderKind, Sort, set_quota
from grove.repositories import find_repository
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

    def test_keeps_up_as_it_is_told(self, own: House, upstream: str) -> None:
        answer = tools_of(own, "user").call(
            "codesearch_repo_request", name="b", type="local", path=upstream, strategy="job", interval=5, reason="x"
        )

        assert "keeps up: polled every 5 min" in answer.lines
        with own.grove.database.reading() as tx:
            kept = find_repository(tx, actor=own.admin, name="b")
            told = freshness_of(tx, actor=own.admin, repository_id=kept.id)
        assert told == Freshness(poll_seconds=300)

    def test_of_a_hybrid_one_keeps_its_folder(self, own: House, upstream: str) -> None:
        answer = tools_of(own, "user").call(
            "repo_request", type="hybrid", path=upstream, url="https://h.example/x", strategy="watch", reason="x"
        )

        assert "is not fetched" in "".join(answer.lines)
        with own.grove.database.reading() as tx:
            kept = find_repository(tx, actor=own.admin, name="billing")
            assert freshness_of(tx, actor=own.admin, repository_id=kept.id) == PRESETS[Preset.WATCH]

    def test_refuses_what_contradicts_itself(self, own: House, upstream: str) -> None:
        tools = tools_of(own, "user")
        for given in (
            {"path": ""},
            {"type": "remote"},
            {"type": "local", "url": "https://h.example/x", "path": ""},
            {"type": "mirror"},
            {"strategy": "often"},
            {"strategy": "manual", "interval": 5},
            {"interval": 0},
            {"url": "https://h.example/x"},
        ):
            assert tools.call("repo_request", **{"path": upstream, "reason": "x", **given}).error, given


class TestUsageAndLimits:
    def test_tells_what_is_used_and_may_be_had_and_holds(self, own: House) -> None:
        tools = tools_of(own, "user")
        with own.grove.database.transaction() as tx:
            holder = Holder(kind=HolderKind.TENANT, id=own.admin.tenant_id)
            set_quota(tx, actor=own.admin, holder=holder, sort=Sort.REPOSITORIES, limit=7, now=own.now)

        assert "repositories  0 of 7" in tools.call("usage_and_limits", about="quotas", tenant=True).lines
        assert "retention  off" in tools.call("usage_and_limits", about="policies").lines
        assert tools.call("usage_and_limits").truth.startswith("Uses by repository, your own")

    def test_tells_those_of_the_tenant_to_those_who_may_see_them(self, own: House) -> None:
        viewer, _ = own.actor(Role.VIEWER)
        tools = Tools(lambda _request: Caller(grove=own.grove, actor=replace(viewer, source=Source.MCP)))

        assert tools.call("usage_and_limits", about="quotas").truth.startswith("Quotas, your own")
        assert tools.call("usage_and_limits", about="quotas", tenant=True).error
        assert tools.call("usage_and_limits", tenant=True).error
