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
    """What a pull request is to be: `branch` into `target`, both in the same repository.

    An open one keeps its title and its body where none is wished; a new one gets `default_title`. A draft becomes
    ready where that is wished, and what is ready stays so.
    """

    branch: str
    target: str
    title: str = ""
    default_title: str
    body: str = ""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """Somebody who owns what is changed and could not be asked for a review, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Who was asked for a review, and who could not be."""

    asked: tuple[str, ...] = ()
    unasked: tuple[Unasked, ...] = ()
