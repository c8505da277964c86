"""Pull requests, which GitLab calls merge requests. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class PullState(StrEnum):
    """Where a pull request is."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class CheckState(StrEnum):
    """How a check of a commit went."""

    WAITING = "waiting"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullDraft:
    """What a pull request is to be: `branch` into `target`, both in the same repository."""

    branch: str
    target: str
    title: str
    body: str
    draft: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request as its forge tells it; `head` is the commit that it would merge.

    `is_foreign` says that its branch is in another repository, whatever it is called there.
    """

    number: int
    url: str
    state: PullState
    draft: bool
    head: str
    branch: str
    target: str
    title: str
    is_foreign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What something that looks at commits says of one."""

    name: str
    state: CheckState
    url: str
