"""`grove request` as a maintainer uses it."""

import json

from grove.accounts import Role
from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine, Site


class TestTheInbox:
    def test_is_worked_off(self, grove: CommandLine, site: Site) -> None:
        address = site.remote("inbox.git", {"a.txt": "a\n"})
        developer = site.user(Role.DEVELOPER)

        added = grove("add", address, "--reason", "for the audit", "--name", "acme/inbox", GROVE_TOKEN=developer)
        assert added.exit_code == Exit.DONE, added.stderr
        listed = grove("request", "list").stdout
        assert "acme/inbox" in listed
        assert "for the audit" in listed
        assert grove("request", "approve", "acme/inbox", GROVE_TOKEN=developer).exit_code == Exit.DENIED
        shown = grove("request", "show", "acme/inbox", "--json", GROVE_TOKEN=developer).stdout
        assert json.loads(shown)["why_not"] == "it is your own request"
        rejected = grove("request", "reject", "acme/inbox", "--reason", "not now")
        assert "rejected\tadmin: not now" in rejected.stdout
        assert "acme/inbox" in grove("request", "list", "--state", "rejected").stdout
        assert "acme/inbox" not in grove("request", "list").stdout
        grove("repo", "remove", "acme/inbox", "--yes")
