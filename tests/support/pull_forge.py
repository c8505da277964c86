"""Pull requests at stand-ins of the forges: each speaks its forge's own dialect, over one small store.

What they are asked and what they answer is held against what the forges publish of their APIs.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.descriptions import Description, described
from tests.support.git_repositories import Repository
from tests.support.git_server import Raw

Answer = tuple[int, Any]
HERE: Final = 1
"""The number of the repository; that of a fork is another."""
ELSEWHERE: Final = 2


@dataclass
class PullForge:
    """The pull requests of one repository, which lies at `repository`; 50 are on a page, or `page_size` where less."""

    name: ClassVar[str]
    api: ClassVar[str]
    resource: ClassVar[str] = "/repos/{owner}/{repo}"
    """That of the repository itself."""
    naming: ClassVar[str] = "full_name"

    repository: Repository
    token: str
    pulls: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    invited: list[Any] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What was asked or answered in another way than is described."""
    limits: list[dict[str, str]] = field(default_factory=list)
    """The headers of the next answers, each of which says that too much was asked."""
    busy_about: str = ""
    """What is asked below such a path is too much."""
    page_size: int = 50
    accounts: tuple[str, ...] = ("ada", "bob", "core")
    """Whom the forge can ask for a review, people and teams by their names; it refuses others."""
    before_opening: Callable[[], None] = lambda: None
    openness: Mapping[str, Any] = field(default_factory=dict)
    """What it says of who may read the repository, in its own words; else what is described as an example."""

    def __call__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Raw:
        """Answer a request to the API."""
        if self.token not in _shown(headers.get("Authorization", "")):
            return _raw(401, {"message": "Bad credentials"})
        parts = urlsplit(target)
        self.asked.append((method, parts.path))
        if self.busy_about and self.busy_about in parts.path:
            return _raw(429, {"message": "Too many requests"})
        if self.limits:
            return _raw(429, {"message": "Too many requests"}, self.limits.pop(0))
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        told = json.loads(body) if body else None
        try:
            operation = self.described.check_question(method, parts.path.removeprefix(self.api), parts.query, told)
            if operation == f"GET {self.resource}":
                status, answer = 200, self.described.answer(operation, **{self.naming: "acme/shop"}, **self.openness)
            else:
                status, answer = self.answer(operation, unquote(parts.path), asked, told or {})
            self.described.check_answer(operation, status, answer)
        except AssertionError as error:
            self.faults.append(str(error))
            return _raw(500, {"message": "not as described"})
        return _raw(status, answer, self.following(answer, asked))

    @property
    def described(self) -> Description:
        """What the forge publishes of its API."""
        return described(self.name)

    def answer(self, operation: str, path: str, asked: Mapping[str, str], told: dict[str, Any]) -> Answer:
        """What the forge of this dialect says."""
        raise NotImplementedError

    def following(self, answer: Any, asked: Mapping[str, str]) -> dict[str, str]:
        """The header that says whether there is another page: there is after each that is full."""
        is_full = isinstance(answer, list) and len(answer) == self.page_size
        page = int(asked.get("page", "1"))
        return {"Link": f'<https://elsewhere.test/?page={page + 1}>; rel="next"'} if is_full else {}

    def opened(
        self, *, branch: str, target: str, title: str, body: str, draft: bool, foreign: bool = False
    ) -> dict[str, Any] | None:
        """A new pull request; none if there is one of these branches."""
        self.before_opening()
        key = (branch, foreign)
        if any(pull["state"] == "open" and (pull["branch"], pull["foreign"]) == key for pull in self.pulls):
            return None
        made = {
            "number": len(self.pulls) + 1,
            "state": "open",
            "branch": branch,
            "target": target,
            "title": title,
            "body": body,
            "draft": draft,
            "foreign": foreign,
        }
        self.pulls.append(made)
        return made

    def page(self, found: Sequence[Any], asked: Mapping[str, str]) -> list[Any]:
        """Those of the page that is asked for."""
        begin = (int(asked.get("page", "1")) - 1) * self.page_size
        return list(found[begin : begin + self.page_size])

    def open_ones(self, *, branch: str = "") -> list[dict[str, Any]]:
        """Those that are open, of a branch where one is named."""
        return [pull for pull in self.pulls if pull["state"] == "open" and branch in {"", pull["branch"]}]

    def head(self, pull: dict[str, Any]) -> str:
        """The commit at its branch."""
        return self.repository.refs().get(f"refs/heads/{pull['branch']}", "f" * 40)


class GitHubForge(PullForge):
    """As GitHub Enterprise Server speaks."""

    name = "github"
    api = "/api/v3"
    taken: ClassVar[Answer] = (422, {"message": "Validation Failed", "documentation_url": ""})
    unknown: ClassVar[Answer] = (422, {"message": "Reviews may only be requested from collaborators."})

    def answer(self, operation: str, path: str, asked: Mapping[str, str], told: dict[str, Any]) -> Answer:
        if operation.endswith("/check-runs"):
            runs = [self.described.item(operation, "check_runs", **check) for check in self.checks]
            return 200, self.described.answer(operation, total_count=len(runs), check_runs=runs)
        if operation.endswith("/status"):
            return 200, self.described.answer(operation, state="pending", statuses=[])
        if operation.endswith("/requested_reviewers"):
            return self.asked_of(operation, [*told["reviewers"], *told["team_reviewers"]])
        if found := re.search(r"/pulls/(\d+)$", path):
            pull = self.pulls[int(found[1]) - 1]
            pull.update({name: told[name] for name in ("title", "body") if name in told})
            pull["target"] = told.get("base", pull["target"])
            return self.changed(operation, pull)
        if operation.startswith("POST"):
            return self.open(operation, told)
        branch = asked.get("head", "").rpartition(":")[2]
        pulls = self.open_ones(branch=branch)
        return 200, [self.described.item(operation, **self.shown(pull)) for pull in self.page(pulls, asked)]

    def asked_of(self, operation: str, wanted: list[str]) -> Answer:
        if not set(wanted) <= set(self.accounts):
            return self.unknown
        self.invited += [name for name in wanted if name not in self.invited]
        return 201, self.reviewers_told(operation)

    def open(self, operation: str, told: dict[str, Any]) -> Answer:
        made = self.opened(
            branch=told["head"],
            target=told["base"],
            title=told["title"],
            body=told["body"],
            draft=told.get("draft", told["title"].startswith("WIP: ")),
        )
        if made is None:
            return self.taken
        return 201, self.described.answer(operation, 201, **self.shown(made), **self.end(made))

    def changed(self, operation: str, pull: dict[str, Any]) -> Answer:
        return 200, self.described.answer(operation, **self.shown(pull), **self.end(pull))

    def reviewers_told(self, operation: str) -> Any:
        return self.described.answer(operation, 201, **self.shown(self.pulls[-1]))

    def end(self, pull: dict[str, Any]) -> dict[str, Any]:
        return {"merged": pull["state"] == "merged"}

    def shown(self, pull: dict[str, Any]) -> dict[str, Any]:
        merged = {"merged_at": "2026-01-01T00:00:00Z"} if pull["state"] == "merged" else {}
        source = ELSEWHERE if pull["foreign"] else HERE
        return {
            "number": pull["number"],
            "html_url": f"https://forge.test/pulls/{pull['number']}",
            "title": pull["title"],
            "state": "open" if pull["state"] == "open" else "closed",
            **merged,
            "draft": pull["draft"],
            "head": {"ref": pull["branch"], "sha": self.head(pull), "repo": {"id": source}},
            "base": {"ref": pull["target"], "repo": {"id": HERE}},
        }


class GiteaForge(GitHubForge):
    """As Gitea and Forgejo speak."""

    name = "gitea"
    api = "/api/v1"
    taken = (409, {"message": "pull request already exists for these targets", "url": ""})
    unknown = (422, {"message": "the reviewer cannot read the repository", "url": ""})

    def answer(self, operation: str, path: str, asked: Mapping[str, str], told: dict[str, Any]) -> Answer:
        if operation.endswith("/statuses"):
            return 200, [
                self.described.item(
                    operation,
                    context=check["name"],
                    status=check["conclusion"] or "pending",
                    target_url=check["html_url"],
                )
                for check in self.checks
            ]
        return super().answer(operation, path, asked, told)

    def changed(self, operation: str, pull: dict[str, Any]) -> Answer:
        status = 201 if operation.startswith("PATCH") else 200
        if status == 201:
            pull["draft"] = pull["title"].startswith("WIP: ")
        return status, self.described.answer(operation, status, **self.shown(pull), **self.end(pull))

    def reviewers_told(self, operation: str) -> Any:
        return self.described.answer(operation, 201)


class GitLabForge(PullForge):
    """As GitLab speaks."""

    name = "gitlab"
    api = "/api/v4"
    resource = "/projects/{id}"
    naming = "path_with_namespace"
    words: ClassVar[Mapping[str | None, str]] = {"failure": "failed", None: "running"}
    reviewers_max = 10
    """Some plans of GitLab have one."""

    def answer(self, operation: str, path: str, asked: Mapping[str, str], told: dict[str, Any]) -> Answer:
        if operation.endswith("/statuses"):
            return 200, [
                self.described.item(
                    operation,
                    name=check["name"],
                    status=self.words.get(check["conclusion"], check["conclusion"]),
                    target_url=check["html_url"],
                )
                for check in self.checks
            ]
        if operation == "GET /users":
            known = [(number, name) for number, name in enumerate(self.accounts) if name == asked["username"]]
            return 200, [self.described.item(operation, id=number, username=name) for number, name in known]
        if found := re.search(r"/merge_requests/(\d+)$", path):
            pull = self.pulls[int(found[1]) - 1]
            pull.update({"title": told.get("title", pull["title"]), "body": told.get("description", pull["body"])})
            pull["target"] = told.get("target_branch", pull["target"])
            pull["draft"] = pull["title"].startswith("Draft: ")
            if "reviewer_ids" in told:
                self.invited[:] = [self.accounts[number] for number in told["reviewer_ids"][: self.reviewers_max]]
            return 200, self.described.answer(operation, **self.shown(pull))
        if operation.startswith("POST"):
            made = self.opened(
                branch=told["source_branch"],
                target=told["target_branch"],
                title=told["title"],
                body=told["description"],
                draft=told["title"].startswith("Draft: "),
            )
            if made is None:
                return 409, {"message": ["Another open merge request already exists for this source branch"]}
            return 201, self.described.answer(operation, 201, **self.shown(made))
        pulls = self.open_ones(branch=asked.get("source_branch", ""))
        return 200, [self.described.item(operation, **self.shown(pull)) for pull in self.page(pulls, asked)]

    def shown(self, pull: dict[str, Any]) -> dict[str, Any]:
        return {
            "iid": pull["number"],
            "web_url": f"https://forge.test/merge_requests/{pull['number']}",
            "title": pull["title"],
            "state": {"open": "opened"}.get(pull["state"], pull["state"]),
            "draft": pull["draft"],
            "sha": self.head(pull),
            "source_branch": pull["branch"],
            "target_branch": pull["target"],
            "reviewers": [self.account(name) for name in self.invited],
            "source_project_id": ELSEWHERE if pull["foreign"] else HERE,
            "target_project_id": HERE,
        }

    def account(self, name: str) -> dict[str, Any]:
        """What is told of a reviewer."""
        told = dict.fromkeys(("name", "state", "avatar_url", "web_url"), "")
        return {"id": self.accounts.index(name), "username": name, **told}


class BitbucketForge(PullForge):
    """As Bitbucket Cloud speaks."""

    name = "bitbucket"
    api = "/api/2.0"
    resource = "/repositories/{workspace}/{repo_slug}"
    words: ClassVar[Mapping[str | None, str]] = {"success": "SUCCESSFUL", "failure": "FAILED", None: "INPROGRESS"}
    states: ClassVar[Mapping[str, str]] = {"open": "OPEN", "merged": "MERGED", "closed": "DECLINED"}

    def answer(self, operation: str, path: str, asked: Mapping[str, str], told: dict[str, Any]) -> Answer:
        if operation.endswith("/statuses"):
            told_of = [
                self.described.item(
                    operation,
                    "values",
                    key=check["name"],
                    state=self.words[check["conclusion"]],
                    url=check["html_url"],
                )
                for check in self.checks
            ]
            return 200, self.described.answer(operation, values=told_of)
        if operation.endswith("/members"):
            users = [
                {"nickname": name, "uuid": f"{{{name if index == self.accounts.index(name) else index}}}"}
                for index, name in enumerate(self.accounts)
            ]
            shown = [self.described.item(operation, "values", user=user) for user in self.page(users, asked)]
            more = {"next": "https://elsewhere.test/?page=2"} if len(shown) == self.page_size else {}
            return 200, self.described.answer(operation, values=shown, **more)
        if found := re.search(r"/pullrequests/(\d+)$", path):
            pull = self.pulls[int(found[1]) - 1]
            given = {"title": told.get("title"), "body": told.get("description"), "draft": told.get("draft")}
            pull.update({name: value for name, value in given.items() if value is not None})
            pull["target"] = told.get("destination", {}).get("branch", {}).get("name", pull["target"])
            if "reviewers" in told:
                self.invited[:] = [each["uuid"].strip("{}") for each in told["reviewers"]]
            return 200, self.described.answer(operation, **self.shown(pull))
        if operation.startswith("POST"):
            made = self.opened(
                branch=told["source"]["branch"]["name"],
                target=told["destination"]["branch"]["name"],
                title=told["title"],
                body=told["description"],
                draft=told["draft"],
            )
            # Bitbucket itself brings an open one up to date in the place of a second.
            pull = made or self.open_ones(branch=told["source"]["branch"]["name"])[0]
            return 201, self.described.answer(operation, 201, **self.shown(pull))
        named = re.findall(r'(source|destination)\.branch\.name="((?:[^"\\]|\\.)*)"', asked.get("q", ""))
        wanted = {name: re.sub(r"\\(.)", r"\1", value) for name, value in named}
        pulls = self.open_ones(branch=wanted.get("source", ""))
        shown = [self.described.item(operation, "values", **self.shown(pull)) for pull in self.page(pulls, asked)]
        more = {"next": "https://elsewhere.test/?page=2"} if len(shown) == self.page_size else {}
        return 200, self.described.answer(operation, values=shown, **more)

    def shown(self, pull: dict[str, Any]) -> dict[str, Any]:
        source = "{fork}" if pull["foreign"] else "{shop}"
        return {
            "id": pull["number"],
            "links": {"html": {"href": f"https://forge.test/pull-requests/{pull['number']}"}},
            "title": pull["title"],
            "state": self.states[pull["state"]],
            "draft": pull["draft"],
            "author": {"uuid": "{grove}"},
            "reviewers": [{"uuid": f"{{{name}}}"} for name in self.invited],
            "source": {
                "branch": {"name": pull["branch"]},
                "commit": {"hash": self.head(pull)[:12]},
                "repository": {"uuid": source},
            },
            "destination": {"branch": {"name": pull["target"]}, "repository": {"uuid": "{shop}"}},
        }


FORGES: Final[Mapping[str, type[PullForge]]] = {
    each.name: each for each in (GitHubForge, GitLabForge, BitbucketForge, GiteaForge)
}


def _raw(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Raw:
    return Raw(status, body=json.dumps(document).encode(), headers=dict(headers or {}))


def _shown(authorization: str) -> str:
    """What is shown as a proof, be it a name with a password or a token."""
    if authorization.startswith("Basic "):
        return base64.b64decode(authorization.removeprefix("Basic ")).decode()
    return authorization
