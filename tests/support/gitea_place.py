"""A Grove and a real Gitea beside each other: what is done at the one is seen at the other."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.gitea import Gitea
from tests.support.server import ServerProcess
from tests.support.server import serving as serving_grove

EVENTS = ["push", "create", "delete", "pull_request", "repository"]


@dataclass
class GiteaPlace:
    """A Grove that mirrors the repository `shop` of an organisation, and heeds the webhook of that organisation."""

    gitea: Gitea
    grove: ServerProcess
    owner: str
    repository: str
    hook: str
    shop_name: str = "shop"

    @property
    def shop(self) -> str:
        """The repository's resource at the forge."""
        return f"/repos/{self.owner}/{self.shop_name}"

    def push(self, path: str, text: str, *, branch: str = "main") -> str:
        """Commit a file at the forge, as somebody does who edits in the browser; the commit."""
        content = base64.b64encode(text.encode()).decode()
        body = {"content": content, "message": f"Add {path}", "branch": branch}
        commit: str = self.gitea.post(f"{self.shop}/contents/{path}", body)["commit"]["sha"]
        return commit

    def found(self, query: str, **asked: str) -> list[str]:
        return [
            file["path"] for file in self.grove.get("/search", params={"q": query, "mode": "text", **asked})["files"]
        ]

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

    def pulls(self, state: str = "open") -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.gitea.get(f"{self.shop}/pulls", params={"state": state})
        return told

    def merge(self, number: int, how: str) -> None:
        """Have it merged, as soon as Gitea has found out whether it can be."""
        resource = f"{self.shop[1:]}/pulls/{number}/merge"
        self.grove.wait_for(
            lambda: self.gitea.client.post(resource, json={"Do": how}).is_success, what=f"the merge of {number}"
        )

    def shown(self) -> dict[str, Any]:
        told: dict[str, Any] = self.grove.get(f"/repositories/{self.repository}")
        return told

    def see_by(self, permissions: str) -> None:
        """Have those see the repository whom the forge lets read it, or those whom Grove does."""
        wanted = {"permissions": permissions}
        self.grove.client.put(f"repositories/{self.repository}/permissions", json=wanted).raise_for_status()

    def checked(self) -> dict[str, Any]:
        """The repository after the forge was asked whether it may be read."""
        self.grove.post(f"/repositories/{self.repository}/access/check")
        self.grove.wait_for_jobs(self.repository)
        return self.shown()


@contextmanager
def place_at(gitea: Gitea, folder: Path, *, owner: str, **settings: str) -> Iterator[GiteaPlace]:
    """Start a Grove for a new organisation of a Gitea, and have the forge's events delivered to it."""
    gitea.post("/orgs", {"username": owner})
    wanted = {"name": "shop", "private": True, "auto_init": True, "default_branch": "main"}
    gitea.post(f"/orgs/{owner}/repos", wanted)
    given = {
        "git_ca_file": str(gitea.ca_file),
        "allowed_networks": "127.0.0.0/8",
        "forges": f"localhost:{gitea.port}=gitea",
        **settings,
    }
    with serving_grove(folder / "data", **given) as grove:
        source = {"url": f"{gitea.address}/{owner}/shop.git", "access_token": gitea.token}
        repository = grove.post("/repositories", json=source)["repository"]["id"]
        hook = grove.post("/hooks", json={"provider": "gitea", "covers": f"{gitea.address}/{owner}"})
        config = {"url": hook["url"], "content_type": "json", "secret": hook["secret"]}
        gitea.post(f"/orgs/{owner}/hooks", {"type": "gitea", "active": True, "events": EVENTS, "config": config})
        made = GiteaPlace(gitea=gitea, grove=grove, owner=owner, repository=repository, hook=hook["id"])
        grove.wait_for_jobs(repository)
        made.push("src/cart.py", "total_of_cart = 1\n")
        made.wait_found("total_of_cart")
        yield made
