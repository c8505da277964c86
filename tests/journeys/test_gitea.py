"""The whole way at a real Gitea, which delivers, takes pushes, opens pull requests and merges them by itself."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.gitea import PASSWORD, Gitea, running_gitea
from tests.support.install_gitea import WHY_NOT, program
from tests.support.server import ServerProcess
from tests.support.server import serving as serving_grove

pytestmark = pytest.mark.skipif(program() is None, reason=WHY_NOT)

SHOP = "/repos/acme/shop"
EVENTS = ["push", "create", "delete", "pull_request", "repository"]


@dataclass
class Place:
    """A Grove that mirrors a repository of a Gitea, and heeds its webhook."""

    gitea: Gitea
    grove: ServerProcess
    repository: str
    hook: str

    def push(self, path: str, text: str, *, branch: str = "main") -> str:
        """Commit a file at the forge, as somebody does who edits in the browser; the commit."""
        content = base64.b64encode(text.encode()).decode()
        body = {"content": content, "message": f"Add {path}", "branch": branch}
        commit: str = self.gitea.post(f"{SHOP}/contents/{path}", body)["commit"]["sha"]
        return commit

    def found(self, query: str) -> list[str]:
        return [file["path"] for file in self.grove.get("/search", params={"q": query})["files"]]

    def wait_found(self, query: str) -> list[str]:
        found: list[str] = self.grove.wait_for(lambda: self.found(query), what=f"that {query} is found")
        return found

    def delivered(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.grove.get(f"/hooks/{self.hook}/deliveries")["items"]
        return items

    def wait_delivered(self, event: str) -> None:
        def came() -> bool:
            return any(each["event"].startswith(event) and each["outcome"] == "syncing" for each in self.delivered())

        self.grove.wait_for(came, what=f"a delivery of {event}")

    def refs(self) -> dict[str, str]:
        return {
            each["name"]: each["commit"] for each in self.grove.get(f"/repositories/{self.repository}/refs")["items"]
        }

    def commit_in(self, workspace: str, path: str, text: str) -> None:
        edit = {"kind": "write", "path": path, "text": text}
        self.grove.post(f"/workspaces/{workspace}/edits", json={"edits": [edit]})
        self.grove.post(f"/workspaces/{workspace}/commits", json={"message": f"Change {path}"})

    def promotion(self, workspace: str) -> dict[str, Any]:
        told: dict[str, Any] = self.grove.get(f"/workspaces/{workspace}/promotion")
        return told


@pytest.fixture(scope="module")
def gitea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gitea]:
    with running_gitea(tmp_path_factory.mktemp("gitea")) as server:
        server.post("/orgs", {"username": "acme"})
        bob = {"username": "bob", "email": "bob@example.org", "password": PASSWORD, "must_change_password": False}
        server.post("/admin/users", bob)
        yield server


@pytest.fixture(scope="module")
def place(gitea: Gitea, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    gitea.post("/orgs/acme/repos", {"name": "shop", "private": True, "auto_init": True, "default_branch": "main"})
    gitea.client.put(f"{SHOP[1:]}/collaborators/bob", json={"permission": "write"})
    settings = {
        "git_ca_file": str(gitea.ca_file),
        "allowed_networks": "127.0.0.0/8",
        "forges": f"localhost:{gitea.port}=gitea",
    }
    with serving_grove(tmp_path_factory.mktemp("grove") / "data", **settings) as grove:
        wanted = {"url": f"{gitea.address}/acme/shop.git", "access_token": gitea.token}
        repository = grove.post("/repositories", json=wanted)["repository"]["id"]
        hook = grove.post("/hooks", json={"provider": "gitea", "covers": f"{gitea.address}/acme"})
        config = {"url": hook["url"], "content_type": "json", "secret": hook["secret"]}
        gitea.post(f"{SHOP}/hooks", {"type": "gitea", "active": True, "events": EVENTS, "config": config})
        made = Place(gitea=gitea, grove=grove, repository=repository, hook=hook["id"])
        grove.wait_for_jobs(repository)
        made.push(".gitea/CODEOWNERS", "src/.* @bob\n")
        made.push("src/cart.py", "total_of_cart = 1\n")
        made.wait_found("total_of_cart")
        yield made


class TestAtARealGitea:
    def test_a_push_is_delivered_and_found(self, place: Place) -> None:
        commit = place.push("src/fresh.py", "freshly_pushed = 1\n")

        assert place.wait_found("freshly_pushed") == ["src/fresh.py"]
        assert place.refs()["refs/heads/main"] == commit
        assert {each["event"] for each in place.delivered()} >= {"push"}

    def test_branches_and_tags_come_and_go(self, place: Place) -> None:
        place.gitea.post(f"{SHOP}/branches", {"new_branch_name": "side", "old_ref_name": "main"})
        place.gitea.post(f"{SHOP}/tags", {"tag_name": "v1", "target": "main"})
        place.wait_delivered("create")
        place.grove.wait_for(
            lambda: {"refs/heads/side", "refs/tags/v1"} <= place.refs().keys(), what="the branch and the tag"
        )

        place.gitea.delete(f"{SHOP}/branches/side")
        place.gitea.delete(f"{SHOP}/tags/v1")
        place.wait_delivered("delete")
        place.grove.wait_for(
            lambda: not {"refs/heads/side", "refs/tags/v1"} & place.refs().keys(), what="the end of both"
        )

    def test_a_workspace_is_promoted_searched_as_a_pull_request_and_seen_merged(self, place: Place) -> None:
        place.grove.client.put(f"/repositories/{place.repository}/pulls", json={"tracked": True}).raise_for_status()
        place.grove.post("/workspaces", json={"repository": "shop", "name": "fix"})
        place.commit_in("fix", "src/cart.py", "total_of_cart = 2\n\n\ndef made_in_a_workspace():\n    pass\n")

        promoted = place.grove.post("/workspaces/fix/promotion", json={"title": "Count from two", "body": "So."})
        number = promoted["number"]
        pull = place.gitea.get(f"{SHOP}/pulls/{number}")
        assert (pull["state"], pull["draft"], pull["body"]) == ("open", True, "So.")
        assert (promoted["state"], promoted["draft"], promoted["url"]) == ("open", True, pull["html_url"])
        assert pull["head"]["sha"] == promoted["pushed"]
        asked = [each["login"] for each in pull["requested_reviewers"]]
        assert asked == promoted["reviewers"] == ["bob"]
        place.wait_delivered("pull_request")

        assert place.wait_found(f"rev:pr/{number} made_in_a_workspace") == ["src/cart.py"]
        delta = place.grove.get(f"/repositories/{place.repository}/pulls/{number}")
        assert [file["path"] for file in delta["files"]] == ["src/cart.py"]
        assert "made_in_a_workspace" in {symbol["name"] for symbol in delta["symbols"]}

        status = {"context": "ci/test", "state": "success", "target_url": "https://ci.example.org/1"}
        place.gitea.post(f"{SHOP}/statuses/{promoted['pushed']}", status)
        (check,) = place.promotion("fix")["checks"]
        assert (check["name"], check["state"]) == ("ci/test", "passed")

        again = place.grove.post("/workspaces/fix/promotion", json={"title": "Count from two", "draft": False})
        assert (again["number"], again["draft"]) == (number, False)
        assert not place.gitea.get(f"{SHOP}/pulls/{number}")["draft"]
        assert len(place.gitea.get(f"{SHOP}/pulls", params={"state": "open"})) == 1

        place.gitea.post(f"{SHOP}/pulls/{number}/merge", {"Do": "merge"})
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

    def test_a_pull_request_that_is_closed_is_seen_closed(self, place: Place) -> None:
        place.grove.post("/workspaces", json={"repository": "shop", "name": "vain"})
        place.commit_in("vain", "docs/vain.md", "In vain.\n")
        promoted = place.grove.post("/workspaces/vain/promotion", json={})

        place.gitea.patch(f"{SHOP}/pulls/{promoted['number']}", {"state": "closed"})

        assert place.promotion("vain")["state"] == "closed"

    def test_a_rejected_token_is_told(self, place: Place) -> None:
        place.gitea.post("/orgs/acme/repos", {"name": "hidden", "private": True, "auto_init": True})
        wanted = {"url": f"{place.gitea.address}/acme/hidden.git", "access_token": "0" * 40}

        refused = place.grove.client.post("repositories", json=wanted)

        assert refused.is_client_error, refused.text
        assert "0" * 40 not in refused.text
