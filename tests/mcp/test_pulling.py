"""Pull requests by MCP: what one changes, and the one of a workspace."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grove import mirrors
from grove.kit.gate import Source
from grove.mcp import Caller
from grove.promotions import Wish
from tests.mcp.client import Tools
from tests.navigation.test_pull_requests import open_pull
from tests.promotions.test_promotions import Place, asking, place_at


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    yield from place_at(tmp_path, "github")


@pytest.fixture
def tools(place: Place) -> Tools:
    actor = replace(place.made.admin, source=Source.MCP)
    return Tools(lambda _request: Caller(grove=place.made.grove, actor=actor))


class TestPullRequest:
    def test_lists_those_that_are_open_and_tells_what_one_changes(self, place: Place, tools: Tools) -> None:
        open_pull(place, "github")
        assert "not mirrored" in tools.call("pull_request", repo="shop").truth
        with place.made.grove.database.transaction() as tx:
            mirrors.track_pulls(
                tx, actor=place.made.admin, repository_id=place.repository.id, tracked=True, now=place.made.now
            )
        place.made.work()

        assert tools.call("pull_request", repo="shop").lines == ["#1 Arrive  fork -> main"]
        told = tools.call("pull_request", repo="shop", number=1)
        assert "changed src/work.py +3 -3" in told.lines
        assert any(line.startswith("added function fresh_arrival src/work.py:") for line in told.lines)
        assert "rev:pr/1" in told.truth
        assert "no open pull request" in tools.call("pull_request", repo="shop", number=9).error


class TestPromoteWorkspace:
    def test_opens_a_pull_request_and_tells_how_it_is(self, place: Place, tools: Tools) -> None:
        place.opened()
        assert "no commit" in tools.call("promote_workspace", workspace="fix").error
        place.commit()
        told = tools.call("promote_workspace", workspace="fix", title="Count")
        assert told.lines == ["#1 Count  https://forge.test/pulls/1"]
        assert told.truth.startswith("draft · ws/fix-")

        place.forge.checks = [{"name": "test", "status": "completed", "conclusion": "failure", "html_url": ""}]
        assert "failed test" in tools.call("promote_workspace", workspace="fix", action="status").lines[1]


class TestCommitsThatWait:
    def test_are_listed_rejected_and_approved(self, place: Place, tools: Tools) -> None:
        developer, workspace = asking(place)
        about = {"workspace": workspace.id, "commit": workspace.head}

        listed = tools.call("promote_workspace", action="inbox")
        assert listed.truth == "1 wait for approval"
        assert listed.lines[0].startswith(f"{workspace.id} {workspace.head}  ")
        assert listed.lines[0].endswith("One of them  you may decide")
        assert "say a reason" in tools.call("promote_workspace", action="reject", **about).error
        assert "refused: Not so." in tools.call("promote_workspace", action="reject", reason="Not so.", **about).truth
        assert "No commit of the workspace waits" in tools.call("promote_workspace", action="approve", **about).error

        wish = Wish(title="Again", draft=False)
        place.made.grove.promotions.promote(developer, workspace.id, wish=wish, now=place.made.now)
        assert tools.call("promote_workspace", action="approve", **about).lines == [
            "#1 Again  https://forge.test/pulls/1"
        ]
        assert tools.call("promote_workspace", action="inbox").truth == "0 wait for approval"
