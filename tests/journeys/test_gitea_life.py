"""What becomes of a repository at a real Gitea: rewritten, renamed, archived, hidden from somebody, and deleted."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support.gitea import Gitea
from tests.support.gitea_place import GiteaPlace, place_at
from tests.support.install_gitea import WHY_NOT, program

pytestmark = [pytest.mark.skipif(program() is None, reason=WHY_NOT), pytest.mark.xdist_group("gitea")]


@pytest.fixture(scope="module")
def place(gitea: Gitea, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GiteaPlace]:
    with place_at(gitea, tmp_path_factory.mktemp("grove"), owner="life", access_grace_hours="1") as made:
        yield made


def git(place: GiteaPlace, folder: Path, *words: str) -> None:
    """Run git as somebody who works at the forge."""
    who = ["-c", "user.name=Eve", "-c", "user.email=eve@example.org"]
    command = ["git", "-c", f"http.sslCAInfo={place.gitea.ca_file}", *who, *words]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


class Colleague:
    """Somebody with a token of Grove's, and an account at the forge."""

    def __init__(self, place: GiteaPlace, name: str) -> None:
        self.place = place
        self.name = name
        place.gitea.user(name)
        made = place.grove.post("/users", json={"name": name, "role": "developer"})
        wanted = {"principal_id": made["id"], "name": name, "scopes": ["read", "write"]}
        self.token: str = place.grove.post("/tokens", json=wanted)["secret"]
        host = f"localhost:{place.gitea.port}"
        place.grove.post("/forge-accounts", json={"user": name, "host": host, "login": name})
        headers = {"Authorization": f"Bearer {self.token}"}
        self.client = httpx2.Client(base_url=f"{place.grove.address}/api/v1", headers=headers, timeout=60)

    def sees(self) -> dict[str, bool]:
        """Through which doors the repository is seen."""
        refs = "git/shop.git/info/refs?service=git-upload-pack"
        found = self.client.get("search", params={"q": "total_of_cart", "mode": "text"}).json()["files"]
        return {
            "search": bool(found),
            "list": bool(self.client.get("repositories").json()["items"]),
            "workspace": self.client.get(f"workspaces/{self.name}").is_success,
            "git": self.client.get(f"{self.place.grove.address}/{refs}").is_success,
            "mcp": "total_of_cart = "
            in self.place.grove.ask_tool("search_code", self.token, query="total_of_cart").text,
        }


class TestARepositoryOfARealGitea:
    def test_that_is_rewritten_by_force_is_found_as_it_is_now(self, place: GiteaPlace, tmp_path: Path) -> None:
        place.push("src/regret.py", "never_again = 1\n")
        place.wait_found("never_again")
        address = f"{place.gitea.address}/life/shop.git"
        git(place, tmp_path, "clone", "-q", address.replace("//", f"//ada:{place.gitea.token}@"), "shop")
        folder = tmp_path / "shop"
        git(place, folder, "reset", "-q", "--hard", "HEAD~1")
        (folder / "better.py").write_text("much_better = 1\n")
        git(place, folder, "add", "better.py")
        git(place, folder, "commit", "-q", "-m", "Better")
        git(place, folder, "push", "-q", "--force", "origin", "main")

        assert place.wait_found("much_better") == ["better.py"]
        assert place.found("never_again") == []
        assert place.found("total_of_cart") == ["src/cart.py"]

    def test_is_seen_by_those_alone_whom_gitea_lets_read_it(self, place: GiteaPlace) -> None:
        kim, lou = Colleague(place, "kim"), Colleague(place, "lou")
        for each in (kim, lou):
            place.gitea.client.put(f"{place.shop[1:]}/collaborators/{each.name}", json={"permission": "read"})
            each.client.post("workspaces", json={"repository": "shop", "name": each.name}).raise_for_status()
        place.see_by("forge")
        place.checked()
        assert set(kim.sees().values()) == set(lou.sees().values()) == {True}

        place.gitea.delete(f"{place.shop}/collaborators/lou")
        place.checked()

        assert set(kim.sees().values()) == {True}
        assert set(lou.sees().values()) == {False}
        place.see_by("grove")  # the administrator, who has no account there, sees into it again

    def test_that_is_archived_or_made_public_is_so_at_the_next_check(self, place: GiteaPlace) -> None:
        place.gitea.patch(place.shop, {"archived": True})
        assert place.checked()["archived"] is True
        place.gitea.patch(place.shop, {"archived": False})
        assert place.checked()["archived"] is False

    def test_that_is_renamed_is_followed_with_its_deliveries(self, place: GiteaPlace) -> None:
        before = place.shown()["url"]
        place.gitea.patch(place.shop, {"name": "store"})
        place.checked()
        moved = place.grove.wait_for(
            lambda: (shown := place.shown())["url"] != before and shown, what="the new address"
        )
        assert moved["url"] == f"{place.gitea.address}/life/store.git"

        place.shop_name = "store"
        commit = place.push("src/after.py", "after_the_rename = 1\n")
        place.grove.wait_for(lambda: place.refs()["refs/heads/main"] == commit, what="the push after it")
        place.grove.wait_for_jobs(place.repository)
        assert place.found("after_the_rename") == ["src/after.py"]

    def test_that_is_deleted_is_shown_to_nobody(self, place: GiteaPlace) -> None:
        place.gitea.delete(place.shop)
        place.wait_delivered("repository.deleted")
        place.grove.wait_for(lambda: place.shown()["access"] == "refused", what="the end of access")

        assert place.found("total_of_cart") == []
        assert "404" in place.shown()["why"]
