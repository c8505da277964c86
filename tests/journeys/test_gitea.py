"""The whole way at a real Gitea, which delivers, takes pushes, opens pull requests and merges them by itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.gitea import Gitea
from tests.support.gitea_place import GiteaPlace, place_at
from tests.support.install_gitea import WHY_NOT, program

pytestmark = [pytest.mark.skipif(program() is None, reason=WHY_NOT), pytest.mark.xdist_group("gitea")]


@pytest.fixture(scope="module")
def place(gitea: Gitea, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GiteaPlace]:
    with place_at(gitea, tmp_path_factory.mktemp("grove"), owner="acme") as made:
        gitea.user("bob")
        gitea.client.put(f"{made.shop[1:]}/collaborators/bob", json={"permission": "write"}).raise_for_status()
        commit = made.push(".gitea/CODEOWNERS", "src/.* @bob @ghost @acme/readers @acme/nobody\n")
        made.grove.wait_for(lambda: made.refs()["refs/heads/main"] == commit, what="the owners in the mirror")
        yield made


class TestAtARealGitea:
    def test_a_push_is_delivered_and_found(self, place: GiteaPlace) -> None:
        commit = place.push("src/fresh.py", "freshly_pushed = 1\n")

        assert place.wait_found("freshly_pushed") == ["src/fresh.py"]
        assert place.refs()["refs/heads/main"] == commit
        assert {each["event"] for each in place.delivered()} >= {"push"}

    def test_branches_and_tags_come_and_go(self, place: GiteaPlace) -> None:
        place.gitea.post(f"{place.shop}/branches", {"new_branch_name": "side", "old_ref_name": "main"})
        place.gitea.post(f"{place.shop}/tags", {"tag_name": "v1", "target": "main"})
        place.wait_delivered("create")
        place.grove.wait_for(
            lambda: {"refs/heads/side", "refs/tags/v1"} <= place.refs().keys(), what="the branch and the tag"
        )

        place.gitea.delete(f"{place.shop}/branches/side")
        place.gitea.delete(f"{place.shop}/tags/v1")
        place.wait_delivered("delete")
        place.grove.wait_for(
            lambda: not {"refs/heads/side", "refs/tags/v1"} & place.refs().keys(), what="the end of both"
        )

    def test_a_workspace_is_promoted_searched_as_a_pull_request_and_seen_merged(self, place: GiteaPlace) -> None:
        place.grove.client.put(f"/repositories/{place.repository}/pulls", json={"tracked": True}).raise_for_status()
        place.grove.post("/workspaces", json={"repository": "shop", "name": "fix"})
        place.commit_in("fix", "src/cart.py", "total_of_cart = 2\n\n\ndef made_in_a_workspace():\n    pass\n")

        promoted = place.grove.post("/workspaces/fix/promotion", json={"title": "Count from two", "body": "So."})
        number = promoted["number"]
        pull = place.gitea.get(f"{place.shop}/pulls/{number}")
        assert (pull["state"], pull["draft"], pull["body"]) == ("open", True, "So.")
        assert (promoted["state"], promoted["draft"], promoted["url"]) == ("open", True, pull["html_url"])
        assert pull["head"]["sha"] == promoted["pushed"]
        place.wait_delivered("pull_request")

        assert place.wait_found(f"rev:pr/{number} made_in_a_workspace") == ["src/cart.py"]
        delta = place.grove.get(f"/repositories/{place.repository}/pulls/{number}")
        assert [file["path"] for file in delta["files"]] == ["src/cart.py"]
        assert "made_in_a_workspace" in {symbol["name"] for symbol in delta["symbols"]}

        status = {"context": "ci/test", "state": "success", "target_url": "https://ci.example.org/1"}
        place.gitea.post(f"{place.shop}/statuses/{promoted['pushed']}", status)
        (check,) = place.promotion("fix")["checks"]
        assert (check["name"], check["state"]) == ("ci/test", "passed")

        again = place.grove.post("/workspaces/fix/promotion", json={"title": "Count from two", "draft": False})
        assert (again["number"], again["draft"]) == (number, False)
        assert not place.gitea.get(f"{place.shop}/pulls/{number}")["draft"]
        assert len(place.gitea.get(f"{place.shop}/pulls", params={"state": "open"})) == 1

        place.merge(number, "merge")
        place.wait_found("made_in_a_workspace")

        def is_followed() -> bool:
            # Asked of the rows alone, so that it is the server that has followed it.
            jobs = place.grove.get("/jobs", params={"target": place.repository})["items"]
            return any(job["kind"] == "promotion.follow" and job["state"] == "succeeded" for job in jobs)

        place.grove.wait_for(is_followed, what="a look at the pull request")
        assert place.promotion("fix")["state"] == "merged"
        place.grove.wait_for(
            lambda: not place.grove.get(f"/repositories/{place.repository}/pulls")["items"], what="its end here"
        )

    def test_a_push_reaches_a_workspace_and_comes_back_merged(self, place: GiteaPlace) -> None:
        for name in ("story", "rest"):
            place.grove.post("/workspaces", json={"repository": "shop", "name": name})
        place.push("src/story.py", "told_at_the_forge = 1\n")
        place.wait_found("told_at_the_forge")
        states = {each["name"]: each["state"] for each in place.grove.get("/workspaces")["items"]}
        assert (states["story"], states["rest"]) == ("stale", "stale")

        place.grove.post("/workspaces/story/refresh")
        agent = place.grove.call_tool
        edit = {"action": "replace", "path": "src/story.py", "old": "= 1", "text": "= 2  # told_by_an_agent"}
        agent("edit_workspace", name="story", edits=[edit])
        assert "told_by_an_agent" in agent("search_code", query="told_by_an_agent", workspace="story")
        assert place.found("told_by_an_agent") == []
        agent("change_workspace", name="story", action="commit", message="Tell it")
        assert "draft" in agent("promote_workspace", workspace="story", title="A story")

        first = place.promotion("story")
        agent(
            "edit_workspace", name="story", edits=[{"action": "write", "path": "src/end.py", "text": "the_end = 1\n"}]
        )
        agent("change_workspace", name="story", action="commit", message="End it")
        second = place.grove.post("/workspaces/story/promotion", json={})
        assert (second["number"], second["title"]) == (first["number"], "A story")
        assert second["pushed"] != first["pushed"]
        assert place.gitea.get(f"{place.shop}/pulls/{first['number']}")["title"] == "WIP: A story"

        place.gitea.patch(f"{place.shop}/pulls/{first['number']}", {"title": "A story"})
        place.merge(first["number"], "squash")
        assert place.wait_found("the_end") == ["src/end.py"]
        assert place.found("told_by_an_agent") == ["src/story.py"]
        assert place.promotion("story")["state"] == "merged"

    def test_owners_are_asked_for_reviews_and_those_whom_gitea_does_not_know_are_told_of(
        self, place: GiteaPlace
    ) -> None:
        team = {"name": "readers", "permission": "write", "units": ["repo.code", "repo.pulls"]}
        place.gitea.post("/orgs/acme/teams", team | {"includes_all_repositories": True})
        place.grove.post("/workspaces", json={"repository": "shop", "name": "owned"})
        place.commit_in("owned", "src/owned.py", "owned = 1\n")

        promoted = place.grove.post("/workspaces/owned/promotion", json={})

        pull = place.gitea.get(f"{place.shop}/pulls/{promoted['number']}")
        assert [each["login"] for each in pull["requested_reviewers"]] == ["bob"]
        assert [each["name"] for each in pull["requested_reviewers_teams"]] == ["readers"]
        assert promoted["reviewers"] == ["bob", "acme/readers"]
        assert {each["name"] for each in promoted["unasked"]} == {"ghost", "acme/nobody"}
        assert all(each["reason"] for each in promoted["unasked"])

    def test_a_forge_that_is_away_is_told_and_the_next_try_opens_one_pull_request(self, place: GiteaPlace) -> None:
        place.grove.post("/workspaces", json={"repository": "shop", "name": "patient"})
        place.commit_in("patient", "docs/patient.md", "Patience.\n")
        place.gitea.stop()
        try:
            refused = place.grove.client.post("workspaces/patient/promotion", json={})
            assert refused.status_code in {502, 503}, refused.text
            assert place.grove.client.get("workspaces/patient/promotion").is_server_error
            assert place.found("total_of_cart")
        finally:
            place.gitea.start()
        assert place.promotion("patient")["state"] == "stopped"

        opened = place.grove.wait_for(lambda: self._promoted(place, "patient"), what="that the forge is asked again")

        assert opened["state"] == "open"
        assert [pull["number"] for pull in place.pulls() if pull["head"]["ref"] == opened["branch"]] == [
            opened["number"]
        ]

    def _promoted(self, place: GiteaPlace, workspace: str) -> dict[str, Any] | None:
        answer = place.grove.client.post(f"workspaces/{workspace}/promotion", json={})
        return answer.json() if answer.is_success else None

    def test_a_pull_request_that_is_closed_is_seen_closed(self, place: GiteaPlace) -> None:
        place.grove.post("/workspaces", json={"repository": "shop", "name": "vain"})
        place.commit_in("vain", "docs/vain.md", "In vain.\n")
        promoted = place.grove.post("/workspaces/vain/promotion", json={})

        place.gitea.patch(f"{place.shop}/pulls/{promoted['number']}", {"state": "closed"})

        assert place.promotion("vain")["state"] == "closed"

    def test_a_rejected_token_is_told(self, place: GiteaPlace) -> None:
        place.gitea.post("/orgs/acme/repos", {"name": "hidden", "private": True, "auto_init": True})
        wanted = {"url": f"{place.gitea.address}/acme/hidden.git", "access_token": "0" * 40}

        refused = place.grove.client.post("repositories", json=wanted)

        assert refused.is_client_error, refused.text
        assert "0" * 40 not in refused.text
