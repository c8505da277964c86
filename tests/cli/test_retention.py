"""`grove retention` and `grove quota`, as an administrator uses them, and what others are told."""

import json
from collections.abc import Iterator

import pytest

from grove.accounts import Role
from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine, Site


@pytest.fixture
def policy(grove: CommandLine) -> Iterator[None]:
    """Idle repositories become cold after 30 days; afterwards everything is kept again."""
    assert grove("retention", "set", "--idle-days", "30", "--notice-days", "7").exit_code == Exit.DONE
    yield
    assert grove("retention", "set", "--idle-days", "0").exit_code == Exit.DONE


class TestThePolicy:
    @pytest.mark.usefixtures("policy")
    def test_keeps_what_is_not_named(self, grove: CommandLine) -> None:
        before = json.loads(grove("retention", "show", "--json").stdout)
        after = json.loads(grove("retention", "set", "--decision-days", "30", "--fate", "removed", "--json").stdout)
        again = json.loads(grove("retention", "set", "--decision-days", "365", "--fate", "cold", "--json").stdout)

        assert (before["idle_days"], before["notice_days"]) == (30, 7)
        assert after == {**before, "decision_days": 30, "fate": "removed"}
        assert again == before

    def test_is_not_set_to_nothing(self, grove: CommandLine) -> None:
        refused = grove("retention", "set")

        assert refused.exit_code == Exit.INVALID
        assert "nothing was said of it" in refused.stderr


class TestRetention:
    @pytest.mark.usefixtures("policy")
    def test_says_what_it_comes_to_and_why(self, grove: CommandLine) -> None:
        shown = json.loads(grove("retention", "preview", "--all", "--json").stdout)

        assert {each["repository"]: each["reason"] for each in shown}["hostile"] == "it was used today"

    @pytest.mark.usefixtures("policy")
    def test_leaves_alone_what_somebody_holds(self, grove: CommandLine) -> None:
        held = grove("retention", "hold", "payments-api", "--reason", "the auditors")
        during = grove("retention", "preview", "--all").stdout
        released = grove("retention", "release", "payments-api")
        after = grove("retention", "preview", "--all").stdout

        assert (held.exit_code, released.exit_code) == (Exit.DONE, Exit.DONE), held.output + released.output
        assert "it is held: the auditors" in during
        assert "it is held" not in after

    def test_is_for_those_who_may(self, grove: CommandLine, site: Site) -> None:
        for words in (("set", "--idle-days", "1"), ("apply",), ("hold", "payments-api", "--reason", "mine")):
            refused = grove("retention", *words, GROVE_TOKEN=site.user(Role.VIEWER))
            assert refused.exit_code == Exit.DENIED
            assert "it needs the role" in refused.stderr


class TestQuotas:
    def test_are_set_for_somebody_and_told_to_them_in_numbers(self, grove: CommandLine, site: Site) -> None:
        actor, token = site.house.actor(Role.DEVELOPER, name="hoarder")
        assert grove("quota", "set", "repositories", "0", "--user", "hoarder").stdout == "user\trepositories\t0\t0\n"
        address = str(site.source("hoard", {"a.py": "a = 1\n"}))
        refused = grove("add", address, "--yes", GROVE_TOKEN=token)
        shown = json.loads(grove("quota", "show", "--json", GROVE_TOKEN=token).stdout)

        assert refused.exit_code == Exit.CONFLICT
        assert "(sort=repositories, holder=user, limit=0, wanted=1) (quota_exceeded)" in refused.stderr
        assert refused.stderr.endswith(" next: grove quota show\n")
        assert {each["sort"]: each["limit"] for each in shown}["repositories"] == 0
        assert grove("quota", "set", "repositories", "none", "--user", actor.id).exit_code == Exit.DONE

    def test_of_searches_say_that_they_are_used_up(self, grove: CommandLine, site: Site) -> None:
        _, token = site.house.actor(Role.DEVELOPER, name="asker")
        grove("quota", "set", "queries", "0", "--user", "asker")
        refused = grove("search", "retry", GROVE_TOKEN=token)

        assert refused.exit_code == Exit.UNAVAILABLE
        assert "limit=0, used=0" in refused.stderr
        assert refused.stderr.endswith(" next: grove quota show\n")

    def test_are_numbers_of_what_is_counted(self, grove: CommandLine, site: Site) -> None:
        for words in (("jobs", "ten"), ("apples", "3"), ("jobs", "-1")):
            assert grove("quota", "set", *words).exit_code == Exit.INVALID
        assert grove("quota", "set", "jobs", "3", "--user", "nobody").exit_code == Exit.NOT_FOUND
        assert grove("quota", "set", "jobs", "3", GROVE_TOKEN=site.user(Role.MAINTAINER)).exit_code == Exit.DENIED
