"""Workspaces as an agent uses them: opened, edited, compared, committed and merged, in few calls."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from grove.accounts import Role
from grove.mcp import Caller
from grove.repositories import find_repository, request_sync
from tests.mcp.client import Tools
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect

PATCH = "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-{old}\n+patched\n"


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    made = Repository.new(tmp_path / "up" / "shop.git")
    made.commit({"src/cart.py": "total = 0\nrate = 19\n", "README.md": "shop\n"})
    return made


@pytest.fixture
def site(tmp_path: Path, upstream: Repository) -> Iterator[House]:
    with house(tmp_path / "data", local_roots=(tmp_path,)) as site:
        connect(site, str(upstream.path), name="acme/shop")
        site.work()
        yield site


@pytest.fixture
def tools(site: House) -> Tools:
    tools = Tools(lambda _request: Caller(grove=site.grove, actor=site.admin))
    assert "Open." in tools.call("open_workspace", repo="shop", name="fix").truth
    return tools


def oid_of(text: str) -> str:
    found = re.search(r"oid=([0-9a-f]{40})", text)
    assert found
    return found[1]


class TestAWorkspace:
    def test_is_edited_compared_and_committed(self, tools: Tools) -> None:
        read = tools.call("read_file", workspace="fix", path="src/cart.py")
        assert read.lines == ["1: total = 0", "2: rate = 19"]
        edits = [
            {
                "action": "replace",
                "path": "src/cart.py",
                "old": "rate = 19",
                "text": "rate = 20",
                "expected": oid_of(read.truth),
            },
            {"action": "write", "path": "docs/rate.md", "text": "20\n", "expected": ""},
            {"action": "move", "path": "README.md", "to": "READ.md"},
        ]
        edited = tools.call("edit_workspace", name="fix", edits=edits)
        assert len(edited.lines) == 3
        diff = tools.call("workspace_status", name="fix", view="diff")
        assert "+rate = 20" in diff.lines
        assert "3 changed files · dirty · 0 ahead, 0 behind main" in diff.truth
        assert tools.call("list_tree", workspace="fix").lines == ["READ.md  5", "docs/", "src/"]
        assert "1 ahead" in tools.call("change_workspace", name="fix", action="commit", message="Rate").truth
        assert "Rate" in tools.call("workspace_status", name="fix", view="log").lines[0]
        assert "branch ws/fix" in tools.call("workspace_status").text

    def test_refuses_an_edit_that_was_made_for_another_state(self, tools: Tools) -> None:
        stale = oid_of(tools.call("read_file", workspace="fix", path="README.md").truth)
        write = {"action": "write", "path": "README.md", "text": "first\n", "expected": stale}
        tools.call("edit_workspace", name="fix", edits=[write])
        refused = tools.call("edit_workspace", name="fix", edits=[write])
        assert "not as expected" in refused.error
        twice = {"action": "replace", "path": "src/cart.py", "old": "0", "text": "1"}
        absent = {"action": "replace", "path": "src/cart.py", "old": "nothing", "text": "1"}
        assert tools.call("edit_workspace", name="fix", edits=[twice]).lines
        assert "exactly once" in tools.call("edit_workspace", name="fix", edits=[absent]).error

    def test_takes_a_patch_or_shows_the_hunk_that_does_not_fit(self, tools: Tools) -> None:
        refused = tools.call("edit_workspace", name="fix", patch=PATCH.format(old="other"))
        assert refused.truth.startswith("NOT APPLIED")
        assert refused.lines == ["README.md:1  the lines are not there", "@@ -1 +1 @@", "-other", "+patched"]
        tools.call("edit_workspace", name="fix", patch=PATCH.format(old="shop"))
        assert tools.call("read_file", workspace="fix", path="README.md").lines == ["1: patched"]

    def test_shows_conflicts_and_takes_what_they_are_to_be(
        self, tools: Tools, site: House, upstream: Repository
    ) -> None:
        write = {"action": "write", "path": "README.md", "text": "mine\n"}
        tools.call("edit_workspace", name="fix", edits=[write])
        tools.call("change_workspace", name="fix", action="commit", message="Mine")
        theirs = upstream.commit({"README.md": "theirs\n"})
        with site.grove.database.transaction() as tx:
            found = find_repository(tx, actor=site.admin, name="acme/shop")
            request_sync(tx, actor=site.admin, repository_id=found.id, now=site.now)
        site.work()

        conflicts = tools.call("change_workspace", name="fix", action="merge")
        assert conflicts.truth.startswith("NOT MERGED")
        assert {"conflict README.md", "mine", "theirs"} <= set(conflicts.lines)
        merged = tools.call(
            "change_workspace",
            name="fix",
            action="merge",
            upstream=theirs,
            resolutions=[{"path": "README.md", "text": "both\n"}],
        )
        assert "2 ahead, 0 behind" in merged.truth
        assert tools.call("read_file", workspace="fix", path="README.md").lines == ["1: both"]

    def test_has_stashes_that_are_brought_back_with_their_conflicts_settled(self, tools: Tools) -> None:
        write = {"action": "write", "path": "README.md", "text": "aside\n"}
        tools.call("edit_workspace", name="fix", edits=[write])
        tools.call("change_workspace", name="fix", action="stash", message="Later")
        (line,) = tools.call("workspace_status", name="fix", view="stashes").lines
        assert "on ws/fix" in line
        tools.call("edit_workspace", name="fix", edits=[write | {"text": "now\n"}])

        refused = tools.call("change_workspace", name="fix", action="unstash")
        assert refused.truth.startswith("NOT BROUGHT BACK")
        assert {"conflict README.md", "aside", "now"} <= set(refused.lines)
        tools.call(
            "change_workspace",
            name="fix",
            action="unstash",
            stash=line.split()[0],
            resolutions=[{"path": "README.md", "take": "theirs"}],
        )
        assert tools.call("read_file", workspace="fix", path="README.md").lines == ["1: aside"]
        assert tools.call("workspace_status", name="fix", view="stashes").lines == ["(none)"]

    def test_ends_and_is_restored(self, tools: Tools) -> None:
        tools.call("change_workspace", name="fix", action="branch", branch="trial")
        branches = tools.call("workspace_status", name="fix", view="branches")
        assert [line.split()[:2] for line in branches.lines] == [["*", "ws/trial"], ["ws/fix", "from"]]
        tools.call("change_workspace", name="fix", action="switch", branch="fix")
        ended = tools.call("change_workspace", name="fix", action="end")
        workspace_id = re.search(r"name='([0-9a-f-]{36})'", ended.truth)
        assert workspace_id
        assert tools.call("workspace_status").lines == ["(none)"]
        tools.call("change_workspace", name=workspace_id[1], action="restore")
        assert "branch ws/fix" in tools.call("workspace_status").text

    def test_is_nobody_elses(self, tools: Tools, site: House) -> None:
        other, _ = site.actor(Role.DEVELOPER)
        theirs = Tools(lambda _request: Caller(grove=site.grove, actor=other))
        assert tools.call("workspace_status").lines != ["(none)"]
        assert theirs.call("workspace_status").lines == ["(none)"]
        assert "no such workspace" in theirs.call("read_file", workspace="fix", path="README.md").error

    def test_takes_a_place_in_a_repository_or_in_a_workspace(self, tools: Tools) -> None:
        assert "repo or workspace" in tools.call("read_file", path="README.md").error
        assert "repo or workspace" in tools.call("read_file", repo="shop", workspace="fix", path="README.md").error
        assert "leave ref out" in tools.call("read_file", workspace="fix", path="README.md", ref="main").error

    def test_is_where_names_are_looked_up(self, tools: Tools) -> None:
        code = "def fresh_sum():\n    return 1\n\n\ndef caller():\n    return fresh_sum()\n"
        write = {"action": "write", "path": "src/sums.py", "text": code}
        tools.call("edit_workspace", name="fix", edits=[write])
        within = {"workspace": "fix"}
        assert "src/sums.py" in tools.call("find_symbol", name="fresh_sum", **within).text
        assert "caller" in tools.call("find_references", name="fresh_sum", relation="callers", **within).text
        assert "src/sums.py" in tools.call("find_files", pattern="sums", **within).text
        assert tools.call("find_files", pattern="sums").lines == ["(none)"]
        outline = tools.call("read_file", path="src/sums.py", view="outline", **within)
        assert [line.split()[-1] for line in outline.lines] == ["fresh_sum():", "caller():"]
        found = tools.call("read_file", path="src/sums.py", symbol="caller", **within)
        assert found.lines[0].startswith("5: def caller")


class TestACheckout:
    def test_runs_commands_whose_changes_are_then_in_the_workspace(self, site: House, tools: Tools) -> None:
        if site.grove.confiner.method is None:
            pytest.skip("nothing on this machine can confine a command")
        laid = tools.call("checkout_workspace", name="fix")
        assert "2 files" in laid.lines[0]
        ran = tools.call("run_in_workspace", name="fix", command="cat src/cart.py; echo new > new.txt; exit 3")
        assert ran.lines == ["total = 0", "rate = 19"]
        assert ran.truth.startswith("exit code 3 after")
        assert "now in the workspace: 1" in ran.truth
        assert tools.call("read_file", workspace="fix", path="new.txt").lines == ["1: new"]
        long = tools.call("run_in_workspace", name="fix", command="seq 100000; echo last", max_tokens=600)
        assert (long.lines[0], long.lines[-1]) == ("1", "last")
        assert "lines in the middle left out" in long.truth
        assert "brought into" not in tools.call("checkout_workspace", name="fix", action="collect").truth
        tools.call("checkout_workspace", name="fix", action="remove")
        assert "check it out first" in tools.call("checkout_workspace", name="fix", action="show").error
