"""A server that is killed while it promotes: one branch, one pull request at a real Gitea, and a state that is true."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.gitea import Gitea
from tests.support.gitea_place import GiteaPlace, place_at
from tests.support.install_gitea import WHY_NOT, program

pytestmark = [pytest.mark.skipif(program() is None, reason=WHY_NOT), pytest.mark.xdist_group("gitea")]

POINTS = {"promotion.pushed": ("pushing", 0), "promotion.opened": ("open", 1)}
"""Where it is killed; what is told after its restart, and how many pull requests there are then."""


@pytest.fixture(params=POINTS)
def point(request: pytest.FixtureRequest) -> str:
    told: str = request.param
    return told


@pytest.fixture
def place(gitea: Gitea, tmp_path: Path, point: str) -> Iterator[GiteaPlace]:
    with place_at(gitea, tmp_path, owner=point, fault=f"{point}:kill9") as made:
        yield made


class TestAServerKilledWhilePromotingAt:
    def test_this_point_opens_one_pull_request_and_tells_the_truth(self, place: GiteaPlace, point: str) -> None:
        place.grove.post("/workspaces", json={"repository": "shop", "name": "fix"})
        place.commit_in("fix", "src/fix.py", "fixed = 1\n")
        with pytest.raises(httpx2.TransportError):
            place.grove.client.post("workspaces/fix/promotion", json={})
        assert (place.grove.data / f"fault-{point}").exists(), "the point was never reached"
        place.grove.kill()
        place.grove.start()

        state, opened = POINTS[point]
        branches = [
            each["name"] for each in place.gitea.get(f"{place.shop}/branches") if each["name"].startswith("ws/fix-")
        ]
        assert len(branches) == 1
        assert len(self._pulls(place, branches[0])) == opened
        told = place.promotion("fix")
        assert (told["state"], told["branch"]) == (state, branches[0])
        assert (told["number"] is not None) == bool(opened)

        again = place.grove.post("/workspaces/fix/promotion", json={})
        assert (again["state"], again["branch"]) == ("open", branches[0])
        assert self._pulls(place, branches[0]) == [again["number"]]
        assert again["pushed"] == place.gitea.get(f"{place.shop}/branches/{branches[0]}")["commit"]["id"]

    def _pulls(self, place: GiteaPlace, branch: str) -> list[int]:
        return [pull["number"] for pull in place.pulls("all") if pull["head"]["ref"] == branch]
