"""Owners of what is promoted are asked for reviews at each forge, and who cannot be asked is told of."""

from pathlib import Path

import pytest

from grove.promotions import Promotion
from tests.promotions.test_promotions import OWNERS, Place, place_at
from tests.support.pull_forge import FORGES, GitLabForge

PLACES = {kind: next(iter(files)) for kind, files in OWNERS.items()}


def promoted_with(place: Place, owners: str) -> Promotion:
    """The promotion of a change of a file that these own."""
    pattern = "src/.*" if place.forge.name == "gitea" else "/src/"
    place.forge.repository.commit({PLACES[place.forge.name]: f"{pattern} {owners}\n"})
    place.sync()
    place.opened()
    place.commit()
    return place.promote()


def unasked(promotion: Promotion) -> dict[str, str]:
    return {each.name: each.reason for each in promotion.unasked}


@pytest.fixture(params=sorted(FORGES))
def kind(request: pytest.FixtureRequest) -> str:
    told: str = request.param
    return told


class TestReviewers:
    def test_whom_the_forge_does_not_know_keep_nobody_else_from_being_asked(self, tmp_path: Path, kind: str) -> None:
        for place in place_at(tmp_path, kind):
            promoted = promoted_with(place, "@ada @ghost @bob docs@example.org")

            assert sorted(promoted.reviewers) == sorted(place.forge.invited) == ["ada", "bob"]
            assert set(unasked(promoted)) == {"ghost", "docs@example.org"}
            assert "address" in unasked(promoted)["docs@example.org"]
            assert promoted.number == 1

    def test_that_are_teams_are_asked_where_forges_ask_teams(self, tmp_path: Path, kind: str) -> None:
        for place in place_at(tmp_path, kind):
            promoted = promoted_with(place, "@acme/core @other/people")

            asks_teams = kind in {"github", "gitea"}
            assert promoted.reviewers == (("acme/core",) if asks_teams else ())
            assert place.forge.invited == (["core"] if asks_teams else [])
            assert set(unasked(promoted)) == {"other/people"} | (set() if asks_teams else {"acme/core"})

    def test_are_asked_beside_those_who_were_asked_before(self, tmp_path: Path, kind: str) -> None:
        for place in place_at(tmp_path, kind):
            promoted_with(place, "@ada")
            place.forge.invited.append("bob")
            place.commit(text="total = 2\n")

            assert place.promote().reviewers == ("ada",)
            assert set(place.forge.invited) == {"ada", "bob"}

    def test_are_told_of_when_a_plan_has_one_reviewer_only(self, tmp_path: Path) -> None:
        for place in place_at(tmp_path, "gitlab"):
            assert isinstance(place.forge, GitLabForge)
            place.forge.reviewers_max = 1
            promoted = promoted_with(place, "@ada @bob")

            assert promoted.reviewers == ("ada",)
            assert "one reviewer" in unasked(promoted)["bob"]

    def test_of_one_name_that_several_have_are_not_guessed(self, tmp_path: Path) -> None:
        for place in place_at(tmp_path, "bitbucket"):
            place.forge.accounts = ("ada", "ada")
            promoted = promoted_with(place, "@ada")

            assert promoted.reviewers == ()
            assert "several" in unasked(promoted)["ada"]

    def test_are_told_of_when_the_forge_has_no_time_for_them(self, tmp_path: Path, kind: str) -> None:
        for place in place_at(tmp_path, kind):
            place.forge.busy_about = {"bitbucket": "/members", "gitlab": "/users"}.get(kind, "/requested_reviewers")
            promoted = promoted_with(place, "@ada")

            assert (promoted.number, promoted.reviewers) == (1, ())
            assert set(unasked(promoted)) == {"ada"}
