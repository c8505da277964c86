"""`grove policy` as somebody uses it who keeps policies in a folder."""

import json
from pathlib import Path

from grove.accounts import Role
from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine, Site

FORKS = """@id("no_forks")
@reason("forks are not kept")
forbid (principal, action == Grove::Action::"repository.connect", resource)
when { resource has fork && resource.fork };
"""
CASE = {
    "name": "a fork",
    "principal": {"role": "admin"},
    "action": "repository.connect",
    "resource": {"fork": True},
    "expect": "deny",
}


def folder_of(path: Path, *, text: str = FORKS, case: object = CASE) -> str:
    (path / "forks.cedar").write_text(text)
    (path / "cases.json").write_text(json.dumps([case]))
    return str(path)


class TestAFolderOfPolicies:
    def test_goes_from_the_first_look_to_the_rollback(self, grove: CommandLine, tmp_path: Path) -> None:
        folder = folder_of(tmp_path)

        assert grove("policy", "validate", folder).exit_code == Exit.DONE
        assert "a fork\ttrue\tdeny\tdeny\tno_forks" in grove("policy", "test", folder).stdout
        applied = grove("policy", "apply", folder, "--reason", "we keep originals", "--yes", "--json", "version")
        assert "no_forks\tforbid\tforks.cedar\tyours" in grove("policy", "list").stdout
        assert grove("policy", "show", "no_forks").stdout.strip() == FORKS.strip()
        assert grove("policy", "test").exit_code == Exit.DONE
        assert "we keep originals" in grove("policy", "history").stdout
        assert grove("policy", "rollback", "0", "--yes").exit_code == Exit.DONE
        assert "no_forks" not in grove("policy", "list").stdout
        assert json.loads(applied.stdout)["version"] >= 1

    def test_is_refused_when_it_is_wrong(self, grove: CommandLine, tmp_path: Path) -> None:
        folder = folder_of(tmp_path, text=FORKS.replace("has fork && resource.fork", "has fork && resource.colour"))

        looked = grove("policy", "validate", folder)
        assert looked.exit_code == Exit.FAILED
        assert "no_forks" in looked.stdout
        assert grove("policy", "apply", folder, "--yes").exit_code == Exit.INVALID

    def test_says_which_case_failed(self, grove: CommandLine, tmp_path: Path) -> None:
        tried = grove("policy", "test", folder_of(tmp_path, case={**CASE, "expect": "allow"}))

        assert tried.exit_code == Exit.FAILED
        assert "a fork\tfalse\tallow\tdeny" in tried.stdout


class TestExplaining:
    def test_says_who_may_and_why_not(self, grove: CommandLine, site: Site) -> None:
        viewer = site.user(Role.VIEWER)

        assert grove("policy", "explain", "repository.sync", "payments-api").stdout.startswith("decided\tallow")
        refused = grove("policy", "explain", "repository.sync", GROVE_TOKEN=viewer).stdout
        assert "reason\tit needs the role developer" in refused

    def test_of_an_action_that_is_not_there_names_those_that_are_like_it(self, grove: CommandLine) -> None:
        refused = grove("policy", "explain", "repo.sync", "payments-api")

        assert refused.exit_code == Exit.INVALID
        assert "similar=repository.sync" in refused.stderr
        assert refused.stderr.endswith("(action_unknown)\n next: grove policy schema\n")

    def test_of_a_policy_that_is_not_there_says_so(self, grove: CommandLine) -> None:
        assert grove("policy", "show", "nobody").exit_code == Exit.NOT_FOUND
        assert 'action "repository.approve"' in grove("policy", "schema").stdout


class TestFollowing:
    def test_takes_a_repository_or_opal_and_ends(self, grove: CommandLine, site: Site) -> None:
        nothing = grove("policy", "following")
        unclear = grove("policy", "follow")
        unknown = grove("policy", "follow", "nowhere", "rules")
        begun = grove("policy", "follow", "--opal", "--json", "source,version")
        shown = grove("policy", "following")
        assert grove("policy", "rollback", "0", "--yes").stderr.endswith(
            "is not applied any more, until: grove policy resume\n"
        )
        paused = grove("policy", "following")
        resumed = grove("policy", "resume", "--json", "paused_by")
        ended = grove("policy", "unfollow")
        again = grove("policy", "unfollow")

        assert "Nothing is followed" in nothing.stderr
        assert unclear.exit_code == Exit.INVALID
        assert unknown.exit_code == Exit.NOT_FOUND
        assert json.loads(begun.stdout) == {"source": "opal", "version": 0}
        assert shown.stdout.startswith("opal\t")
        assert "\tpaused: admin rolled back" in paused.stdout
        assert json.loads(resumed.stdout) == {"paused_by": ""}
        assert ended.exit_code == Exit.DONE
        assert again.exit_code == Exit.NOT_FOUND
