import json

from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine


class TestFreshness:
    def test_is_shown(self, grove: CommandLine) -> None:
        grove("repo", "freshness", "hostile", "--preset", "watch")
        shown = json.loads(grove("repo", "freshness", "hostile", "--json").stdout)

        assert shown == {"preset": "watch", "on_hook": False, "poll_seconds": 3600, "watch": True}

    def test_is_set_by_a_preset_or_switch_by_switch(self, grove: CommandLine) -> None:
        preset = json.loads(grove("repo", "freshness", "hostile", "--preset", "job", "--json").stdout)
        switched = json.loads(
            grove("repo", "freshness", "hostile", "--hook", "--no-watch", "--poll", "2h", "--json").stdout
        )
        off = json.loads(grove("repo", "freshness", "hostile", "--poll", "never", "--json").stdout)

        assert preset["preset"] == "job"
        assert (switched["on_hook"], switched["poll_seconds"]) == (True, 7_200)
        assert (off["on_hook"], off["poll_seconds"]) == (True, None)

    def test_refuses_what_is_no_interval(self, grove: CommandLine) -> None:
        refused = grove("repo", "freshness", "hostile", "--poll", "often")

        assert refused.exit_code == Exit.INVALID
        assert "such as 15m" in refused.stderr


class TestHooks:
    def test_are_made_listed_and_removed(self, grove: CommandLine) -> None:
        made = json.loads(grove("hook", "create", "github", "https://github.com/Acme", "--json").stdout)
        listed = json.loads(grove("hook", "list", "--json").stdout)
        deliveries = grove("hook", "deliveries", "https://github.com/acme", "--json")
        removed = grove("hook", "rm", made["id"], "--yes")

        assert made["secret"].startswith("whsec_")
        assert [hook["id"] for hook in listed] == [made["id"]]
        assert json.loads(deliveries.stdout) == []
        assert removed.exit_code == Exit.DONE
        assert json.loads(grove("hook", "list", "--json").stdout) == []

    def test_that_are_unknown_are_named(self, grove: CommandLine) -> None:
        refused = grove("hook", "rm", "nothing", "--yes")

        assert refused.exit_code == Exit.NOT_FOUND
        assert "nothing" in refused.stderr
