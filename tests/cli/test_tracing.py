"""`grove log`, `grove blame`, `grove diff` and questions about commits, as people use them."""

import json

from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine

RETRY = "payments-api:src/net/retry.py"


class TestTracing:
    def test_shows_the_commits_of_a_file(self, grove: CommandLine) -> None:
        shown = grove("log", RETRY, "--json")
        assert shown.exit_code == Exit.DONE
        assert all(commit["path"] == "src/net/retry.py" for commit in json.loads(shown.stdout))

    def test_shows_the_commit_of_each_line(self, grove: CommandLine) -> None:
        rows = [line.split("\t") for line in grove("blame", f"{RETRY}:4-5").stdout.splitlines()]
        assert (rows[0][3], rows[0][4]) == ("4", "def retry_call(call, *, tries=5, base=0.2):")
        assert len(rows) == 2

    def test_shows_how_two_refs_differ(self, grove: CommandLine) -> None:
        shown = grove("diff", "payments-api", "main", "main")
        assert (shown.exit_code, shown.stdout) == (Exit.DONE, "")

    def test_says_what_is_not_there(self, grove: CommandLine) -> None:
        assert grove("blame", "payments-api:nowhere.py").exit_code == Exit.NOT_FOUND


class TestCommits:
    def test_are_found(self, grove: CommandLine) -> None:
        rows = [line.split("\t") for line in grove("search", "type:commit file:retry").stdout.splitlines()]
        assert [row[4] for row in rows] == ["commit"]

    def test_are_found_by_the_lines_that_they_added(self, grove: CommandLine) -> None:
        rows = [line.split("\t") for line in grove("search", "type:diff 'def retry_call'").stdout.splitlines()]
        assert [(row[4], row[5]) for row in rows] == [("added", "src/net/retry.py")]


class TestSettingWhatIsIndexedAhead:
    def test_is_shown(self, grove: CommandLine) -> None:
        assert "history\tall" in grove("repo", "view", "payments-api").stdout

    def test_refuses_what_makes_no_sense(self, grove: CommandLine) -> None:
        assert grove("repo", "set", "payments-api", "--index", "everything").exit_code == Exit.INVALID
        tracking = grove("repo", "set", "payments-api", "--track", "main", "--track", "rel/*", "--json=tracked")
        assert json.loads(tracking.stdout) == {"tracked": ["main", "rel/*"]}
        assert grove("repo", "set", "payments-api", "--track", "*").exit_code == Exit.DONE

    def test_puts_a_repository_into_another_project(self, grove: CommandLine) -> None:
        before = json.loads(grove("repo", "set", "payments-api", "--json=project_id").stdout)["project_id"]
        assert grove("repo", "set", "payments-api", "--project", "no-such-project").exit_code != Exit.DONE
        assert grove("project", "create", "regrouped-things").exit_code == Exit.DONE
        there = json.loads(grove("repo", "set", "payments-api", "--project", "regrouped-things", "--json").stdout)
        assert there["project_id"] != before
        back = grove("repo", "set", "payments-api", "--project", before, "--json=project_id")
        assert json.loads(back.stdout)["project_id"] == before
