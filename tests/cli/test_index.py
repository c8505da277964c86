import json

from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine


class TestIndex:
    def test_shows_each_repository_and_all_together(self, grove: CommandLine) -> None:
        shown = grove("index", "status", "--output", "table")
        one = json.loads(grove("index", "status", "hostile", "--json").stdout)

        assert "current" in shown.stdout
        assert "of unique source" in shown.stderr
        assert [item["current"] for item in one] == [True]

    def test_is_read_whole_and_built_anew(self, grove: CommandLine) -> None:
        verified = grove("index", "verify", "hostile", "--no-wait", "--json")
        rebuilt = grove("index", "rebuild", "hostile", "--no-wait")

        assert json.loads(verified.stdout)["kind"] == "index.verify"
        assert "grove job watch" in rebuilt.stderr

    def test_says_when_there_is_no_such_repository(self, grove: CommandLine) -> None:
        assert grove("index", "rebuild", "absent").exit_code == Exit.NOT_FOUND

    def test_keeps_commits(self, grove: CommandLine) -> None:
        pinned = json.loads(grove("index", "pin", "hostile", "main", "-m", "in production", "--json").stdout)
        listed = grove("index", "pins", "--output", "table")
        refused = grove("index", "unpin", "hostile", "absent")
        gone = grove("index", "unpin", "hostile", pinned["commit"][:8])

        assert pinned["reason"] == "in production"
        assert pinned["commit"][:12] in listed.stdout
        assert refused.exit_code == Exit.NOT_FOUND
        assert "0 pinned commits are meant by absent" in refused.stderr
        assert gone.exit_code == 0
        assert json.loads(grove("index", "pins", "hostile", "--json").stdout) == []
