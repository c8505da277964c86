"""Pull requests at stand-ins of the forges: each speaks its forge's own dialect, over one small store."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.git_repositories import Repository

Answer = tuple[int, Any]


@dataclass
class PullForge:
    """The pull requests of one repository, which lies at `repository`."""

    repository: Repository
    token: str
    pulls: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    invited: list[Any] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    before_opening: Callable[[], None] = lambda: None

    def __call__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer a request to the API."""
        if self.token not in headers.get("Authorization", ""):
            return 401, {"message": "Bad credentials"}
        parts = urlsplit(target)
        self.asked.append((method, parts.path))
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        told = json.loads(body) if body else {}
        return self.answer(method, unquote(parts.path), asked, told)

    def answer(self, method: str, path: str, asked: dict[str, str], told: dict[str, Any]) -> Answer:
        """What the forge of this dialect says."""
        raise NotImplementedError

    def opened(self, *, branch: str, target: str, title: str, body: str, draft: bool) -> dict[str, Any] | None:
        """A new pull request; none if there is one of these branches."""
        self.before_opening()
        if any(pull["state"] == "open" and pull["branch"] == branch for pull in self.pulls):
            return None
        made = {
            "number": len(self.pulls) + 1,
            "state": "open",
            "branch": branch,
            "target": target,
            "title": title,
            "body": body,
            "draft": draft,
        }
        self.pulls.append(made)
        return made

    def head(self, pull: dict[str, Any]) -> str:
        """The commit at its branch."""
        return self.repository.refs()[f"refs/heads/{pull['branch']}"]


class GitHubForge(PullForge):
    """As GitHub Enterprise Server speaks."""

    def answer(self, method: str, path: str, asked: dict[str, str], told: dict[str, Any]) -> Answer:
        if path.endswith("/check-runs"):
            return 200, {"total_count": len(self.checks), "check_runs": self.checks}
        if path.endswith("/status"):
            return 200, {"state": "pending", "statuses": []}
        if path.endswith("/requested_reviewers"):
            self.invited.append(told)
            return 201, self.shown(self.pulls[-1])
        if found := re.search(r"/pulls/(\d+)$", path):
            pull = self.pulls[int(found[1]) - 1]
            pull.update({name: told[name] for name in ("title", "body") if name in told})
            return 200, self.shown(pull)
        if method == "POST":
            made = self.opened(
                branch=told["head"],
                target=told["base"],
                title=told["title"],
                body=told["body"],
                draft=told.get("draft", told["title"].startswith("WIP: ")),
            )
            return (201, self.shown(made)) if made else (422, {"message": "A pull request already exists"})
        branch = asked.get("head", "").partition(":")[2]
        return 200, [
            self.shown(pull) for pull in self.pulls if pull["state"] == "open" and branch in {"", pull["branch"]}
        ]

    def shown(self, pull: dict[str, Any]) -> dict[str, Any]:
        return {
            "number": pull["number"],
            "html_url": f"https://forge.test/pulls/{pull['number']}",
            "title": pull["title"],
            "state": "open" if pull["state"] == "open" else "closed",
            "merged": pull["state"] == "merged",
            "merged_at": "2026-01-01T00:00:00Z" if pull["state"] == "merged" else None,
            "draft": pull["draft"],
            "head": {"ref": pull["branch"], "sha": self.head(pull)},
            "base": {"ref": pull["target"]},
        }


class GiteaForge(GitHubForge):
    """As Gitea and Forgejo speak."""

    def answer(self, method: str, path: str, asked: dict[str, str], told: dict[str, Any]) -> Answer:
        if path.endswith("/statuses"):
            return 200, [
                {"context": check["name"], "status": check["conclusion"] or "pending", "target_url": check["html_url"]}
                for check in self.checks
            ]
        return super().answer(method, path, asked, told)


class GitLabForge(PullForge):
    """As GitLab speaks."""

    def answer(self, method: str, path: str, asked: dict[str, str], told: dict[str, Any]) -> Answer:
        if path.endswith("/statuses"):
            return 200, [
                {"name": check["name"], "status": check["conclusion"] or "pending", "target_url": check["html_url"]}
                for check in self.checks
            ]
        if path.endswith("/notes"):
            self.invited.append(told)
            return 201, {"id": 1, "body": told["body"]}
        if found := re.search(r"/merge_requests/(\d+)$", path):
            pull = self.pulls[int(found[1]) - 1]
            pull.update({"title": told.get("title", pull["title"]), "body": told.get("description", pull["body"])})
            return 200, self.shown(pull)
        if method == "POST":
            made = self.opened(
                branch=told["source_branch"],
                target=told["target_branch"],
                title=told["title"],
                body=told["description"],
                draft=told["title"].startswith("Draft: "),
            )
            refused = {"message": ["Another open merge request already exists for this source branch"]}
            return (201, self.shown(made)) if made else (409, refused)
        return 200, [self.shown(pull) for pull in self.pulls if self.is_asked(pull, asked)]

    def is_asked(self, pull: dict[str, Any], asked: dict[str, str]) -> bool:
        return bool(pull["state"] == "open" and asked.get("source_branch", pull["branch"]) == pull["branch"])

    def shown(self, pull: dict[str, Any]) -> dict[str, Any]:
        return {
            "iid": pull["number"],
            "web_url": f"https://forge.test/merge_requests/{pull['number']}",
            "title": pull["title"],
            "state": "opened" if pull["state"] == "open" else pull["state"],
            "draft": pull["draft"],
            "sha": self.head(pull),
            "source_branch": pull["branch"],
            "target_branch": pull["target"],
        }
