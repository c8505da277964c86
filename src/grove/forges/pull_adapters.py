"""How forges differ in pull requests: what each is asked, and what its answers mean. None of it touches the network."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from grove.forges.answers import Question
from grove.forges.model import Forge
from grove.forges.pull import Check, CheckState, Pull, PullDraft, PullState

LISTED_MAX: Final = 50
"""How many come on one page."""
CHECKS_MAX: Final = 100
_DRAFT_MARK: Final = re.compile(r"^\s*(?:(?:draft|wip)\s*:|[\[(](?:draft|wip)[\])]:?)\s*", re.IGNORECASE)
_PASSED: Final = frozenset({"success", "successful", "neutral", "skipped", "warning", "manual"})
_WAITING: Final = frozenset({"", "queued", "in_progress", "pending", "running", "created", "inprogress", "waiting"})


class PullAdapter(Protocol):
    """What one kind of forge has to say of pull requests; `path` is that of the repository."""

    def find(self, path: str, *, branch: str) -> Question:
        """Which open ones of a branch there are; some forges tell those of other branches too."""
        ...

    def listed(self, path: str) -> Question:
        """All that are open, by pages."""
        ...

    def open(self, path: str, draft: PullDraft) -> Question:
        """Open one."""
        ...

    def update(self, path: str, pull: Pull, draft: PullDraft) -> Question:
        """Make an open one what is wished, and leave what is not wished otherwise."""
        ...

    def show(self, path: str, number: int) -> Question:
        """Tell how one is."""
        ...

    def checks(self, path: str, commit: str) -> Sequence[Question]:
        """Tell what is said of a commit."""
        ...

    def pull(self, told: Mapping[str, Any]) -> Pull:
        """What is told of one."""
        ...


class GitHub:
    """github.com and GitHub Enterprise Server."""

    def find(self, path: str, *, branch: str) -> Question:
        """By the branch with its owner."""
        asked = {"head": f"{path.split('/', maxsplit=1)[0]}:{branch}", "state": "open"}
        return Question(resource=f"repos/{quote(path)}/pulls?{urlencode(asked)}")

    def listed(self, path: str) -> Question:
        """The newest first."""
        return Question(resource=f"repos/{quote(path)}/pulls?{urlencode({'state': 'open', 'per_page': LISTED_MAX})}")

    def open(self, path: str, draft: PullDraft) -> Question:
        """As a draft, if wanted: where the plan has no drafts, GitHub refuses."""
        body = {"title": _titled(draft), "body": draft.body, "head": draft.branch, "base": draft.target}
        return Question(resource=f"repos/{quote(path)}/pulls", method="POST", body={**body, "draft": draft.draft})

    def update(self, path: str, pull: Pull, draft: PullDraft) -> Question:
        """A draft stays one until somebody says there that it is ready."""
        body = {"base": draft.target, **_wished(title=draft.title, body=draft.body)}
        return Question(resource=f"repos/{quote(path)}/pulls/{pull.number}", method="PATCH", body=body)

    def show(self, path: str, number: int) -> Question:
        """By number."""
        return Question(resource=f"repos/{quote(path)}/pulls/{number}")

    def checks(self, path: str, commit: str) -> Sequence[Question]:
        """Of applications, and of others."""
        commits = f"repos/{quote(path)}/commits/{commit}"
        asked = urlencode({"per_page": CHECKS_MAX})
        return (Question(resource=f"{commits}/check-runs?{asked}"), Question(resource=f"{commits}/status?{asked}"))

    def pull(self, told: Mapping[str, Any]) -> Pull:
        """Merged is told by a moment in lists, and by a flag elsewhere."""
        return Pull(
            number=told["number"],
            url=told["html_url"],
            state=_state(told["state"], merged=bool(told.get("merged") or told.get("merged_at"))),
            draft=bool(told.get("draft")),
            head=told["head"]["sha"],
            branch=told["head"]["ref"],
            target=told["base"]["ref"],
            title=told.get("title") or "",
            is_foreign=_is_foreign(told["head"].get("repo"), told["base"].get("repo"), key="id"),
        )


class GitLab:
    """gitlab.com and any GitLab."""

    _DRAFT = "Draft: "

    def find(self, path: str, *, branch: str) -> Question:
        """By the branch."""
        asked = {"source_branch": branch, "state": "opened"}
        return Question(resource=f"{self._requests(path)}?{urlencode(asked)}")

    def listed(self, path: str) -> Question:
        """The newest first."""
        return Question(resource=f"{self._requests(path)}?{urlencode({'state': 'opened', 'per_page': LISTED_MAX})}")

    def open(self, path: str, draft: PullDraft) -> Question:
        """A draft is one by its title."""
        body = {"source_branch": draft.branch, "target_branch": draft.target, "description": draft.body}
        title = _marked(_titled(draft), self._DRAFT if draft.draft else "")
        return Question(resource=self._requests(path), method="POST", body={**body, "title": title})

    def update(self, path: str, pull: Pull, draft: PullDraft) -> Question:
        """What is ready is so by its title."""
        body = {"target_branch": draft.target, "title": _retitled(pull, draft, self._DRAFT)}
        body |= _wished(description=draft.body)
        return Question(resource=f"{self._requests(path)}/{pull.number}", method="PUT", body=body)

    def show(self, path: str, number: int) -> Question:
        """By the number within the project."""
        return Question(resource=f"{self._requests(path)}/{number}")

    def checks(self, path: str, commit: str) -> Sequence[Question]:
        """The jobs of its pipelines among them."""
        statuses = f"projects/{quote(path, safe='')}/repository/commits/{commit}/statuses"
        return (Question(resource=f"{statuses}?{urlencode({'per_page': CHECKS_MAX})}"),)

    def pull(self, told: Mapping[str, Any]) -> Pull:
        """A locked one is being merged."""
        return Pull(
            number=told["iid"],
            url=told["web_url"],
            state=_state(told["state"], merged=told["state"] == "merged"),
            draft=bool(told.get("draft")),
            head=told.get("sha") or "",
            branch=told["source_branch"],
            target=told["target_branch"],
            title=told.get("title") or "",
            is_foreign=told.get("source_project_id") != told.get("target_project_id"),
        )

    def _requests(self, path: str) -> str:
        return f"projects/{quote(path, safe='')}/merge_requests"


class Bitbucket:
    """bitbucket.org."""

    def find(self, path: str, *, branch: str) -> Question:
        """By a query over the branch."""
        query = f'source.branch.name={_told(branch)} AND state="OPEN"'
        return Question(resource=f"{self._requests(path)}?{urlencode({'q': query})}")

    def listed(self, path: str) -> Question:
        """The newest first."""
        return Question(resource=f"{self._requests(path)}?{urlencode({'state': 'OPEN', 'pagelen': LISTED_MAX})}")

    def open(self, path: str, draft: PullDraft) -> Question:
        """As a draft, if wanted."""
        body = {
            "type": "pullrequest",
            "title": _titled(draft),
            "description": draft.body,
            "source": {"branch": {"name": draft.branch}},
            "destination": {"branch": {"name": draft.target}},
            "draft": draft.draft,
        }
        return Question(resource=self._requests(path), method="POST", body=body)

    def update(self, path: str, pull: Pull, draft: PullDraft) -> Question:
        """Whether it is a draft too; a title has to be told."""
        body = {
            "type": "pullrequest",
            "title": draft.title or pull.title,
            "destination": {"branch": {"name": draft.target}},
            "draft": draft.draft and pull.draft,
            **_wished(description=draft.body),
        }
        return Question(resource=f"{self._requests(path)}/{pull.number}", method="PUT", body=body)

    def show(self, path: str, number: int) -> Question:
        """By number."""
        return Question(resource=f"{self._requests(path)}/{number}")

    def checks(self, path: str, commit: str) -> Sequence[Question]:
        """Of pipelines and others."""
        asked = urlencode({"pagelen": CHECKS_MAX})
        return (Question(resource=f"repositories/{quote(path)}/commit/{commit}/statuses?{asked}"),)

    def pull(self, told: Mapping[str, Any]) -> Pull:
        """Declined and superseded ones are closed."""
        return Pull(
            number=told["id"],
            url=told["links"]["html"]["href"],
            state=_state(told["state"].lower(), merged=told["state"] == "MERGED"),
            draft=bool(told.get("draft")),
            head=told["source"]["commit"]["hash"],
            branch=told["source"]["branch"]["name"],
            target=told["destination"]["branch"]["name"],
            title=told.get("title") or "",
            is_foreign=_is_foreign(told["source"].get("repository"), told["destination"].get("repository"), key="uuid"),
        )

    def _requests(self, path: str) -> str:
        return f"repositories/{quote(path)}/pullrequests"


class Gitea(GitHub):
    """Gitea and Forgejo, which speak like GitHub but for some things."""

    _DRAFT = "WIP: "

    def find(self, path: str, *, branch: str) -> Question:  # noqa: ARG002 - it cannot be asked for
        """All that are open."""
        return self.listed(path)

    def listed(self, path: str) -> Question:
        """Those that changed last first."""
        asked = {"state": "open", "sort": "recentupdate", "limit": LISTED_MAX}
        return Question(resource=f"repos/{quote(path)}/pulls?{urlencode(asked)}")

    def open(self, path: str, draft: PullDraft) -> Question:
        """A draft is one by its title."""
        title = _marked(_titled(draft), self._DRAFT if draft.draft else "")
        body = {"title": title, "body": draft.body, "head": draft.branch, "base": draft.target}
        return Question(resource=f"repos/{quote(path)}/pulls", method="POST", body=body)

    def update(self, path: str, pull: Pull, draft: PullDraft) -> Question:
        """What is ready is so by its title."""
        body = {"base": draft.target, "title": _retitled(pull, draft, self._DRAFT), **_wished(body=draft.body)}
        return Question(resource=f"repos/{quote(path)}/pulls/{pull.number}", method="PATCH", body=body)

    def checks(self, path: str, commit: str) -> Sequence[Question]:
        """All of them in one list."""
        asked = urlencode({"sort": "recentupdate", "limit": LISTED_MAX})
        return (Question(resource=f"repos/{quote(path)}/commits/{commit}/statuses?{asked}"),)


PULL_ADAPTERS: Mapping[Forge, PullAdapter] = MappingProxyType(
    {Forge.GITHUB: GitHub(), Forge.GITLAB: GitLab(), Forge.BITBUCKET: Bitbucket(), Forge.GITEA: Gitea()}
)


def checks_of(told: object) -> list[Check]:
    """The checks in an answer, whichever forge gave it; one of a name that comes again is older."""
    found: dict[str, Check] = {}
    for item in _items(told):
        name = str(item.get("context") or item.get("name") or item.get("key") or "")
        url = str(item.get("html_url") or item.get("target_url") or item.get("url") or "")
        word = str(item.get("conclusion") or item.get("state") or item.get("status") or "").lower()
        found.setdefault(name, Check(name=name, state=_check_state(word), url=url))
    return list(found.values())


def _titled(draft: PullDraft) -> str:
    return draft.title or draft.default_title


def _retitled(pull: Pull, draft: PullDraft, mark: str) -> str:
    """The title of an open one where drafts are such by their titles."""
    return _marked(draft.title or pull.title, mark if draft.draft and pull.draft else "")


def _marked(title: str, mark: str) -> str:
    """A title with a mark of drafts, or with none."""
    return mark + _DRAFT_MARK.sub("", title)


def _wished(**facts: str) -> dict[str, str]:
    return {name: fact for name, fact in facts.items() if fact}


def _is_foreign(source: object, target: object, *, key: str) -> bool:
    """Whether these are two repositories; one that is gone was another."""
    if not isinstance(source, Mapping) or not isinstance(target, Mapping):
        return True
    return source.get(key) != target.get(key)


def _told(value: str) -> str:
    """A text as Bitbucket's queries have it."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _items(told: object) -> list[Mapping[str, Any]]:
    if isinstance(told, Mapping):
        told = next((told[key] for key in ("check_runs", "statuses", "values") if key in told), [])
    return [item for item in told if isinstance(item, Mapping)] if isinstance(told, list) else []


def _check_state(word: str) -> CheckState:
    if word in _WAITING:
        return CheckState.WAITING
    return CheckState.PASSED if word in _PASSED else CheckState.FAILED


def _state(word: str, *, merged: bool) -> PullState:
    if merged:
        return PullState.MERGED
    return PullState.OPEN if word in {"open", "opened", "locked"} else PullState.CLOSED
