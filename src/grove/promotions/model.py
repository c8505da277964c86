"""Promoting a workspace: its commits on a branch of the forge, and the pull request that asks to take them. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from grove.forges import Check, Unasked
from grove.workspaces import Workspace

BRANCH_DIGITS = 6


class PromotionState(StrEnum):
    """Where a promotion is: `pushing` until there is a pull request, `stopped` when something kept it from one."""

    PUSHING = "pushing"
    STOPPED = "stopped"
    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the pull request is to say, and into which branch.

    Where that is empty Grove decides, and leaves an open one as it is.
    """

    title: str = ""
    body: str = ""
    target: str = ""
    draft: bool = True
    accept_secrets: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A branch of a workspace on its way into its repository: `pushed` is the commit that the forge has on `branch`.

    `waiting` is the commit that somebody has to approve before it is pushed, and `why`; empty where none has to.
    `refusal` is why somebody has refused the last one that waited.
    """

    workspace_id: str
    tenant_id: str
    repository_id: str
    branch: str
    target: str
    title: str
    body: str
    draft: bool
    waiting: str
    why: str
    refusal: str
    pushed: str
    number: int | None
    url: str
    state: PromotionState
    reviewers: tuple[str, ...]
    unasked: tuple[Unasked, ...]
    checks: tuple[Check, ...]
    updated_at: datetime


def branch_of(workspace: Workspace) -> str:
    """The branch at the forge for a workspace's current one: no two workspaces have the same."""
    return f"{workspace.branch}-{workspace.id[-BRANCH_DIGITS:]}"


def guarded_among(paths: list[str], patterns: tuple[str, ...]) -> list[str]:
    """The paths that only a maintainer may have changed; a `*` takes folders too, and case does not count."""
    lowered = [pattern.lower() for pattern in patterns]
    return [path for path in paths if any(fnmatchcase(path.lower(), pattern) for pattern in lowered)]
