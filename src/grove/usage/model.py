"""What is counted, and what can be asked of the counts. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

BRANCH_CHARACTERS_MAX: Final = 200
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")


class Act(StrEnum):
    """What somebody did with code: searched, read, asked about names, or cloned."""

    SEARCH = "search"
    READ = "read"
    NAVIGATE = "navigate"
    CLONE = "clone"


class By(StrEnum):
    """By what uses are added up."""

    REPOSITORY = "repository"
    BRANCH = "branch"
    USER = "user"
    SOURCE = "source"
    ACT = "act"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A repository that an answer showed something of, at a branch."""

    repository_id: str
    branch: str = ""

    @property
    def short_branch(self) -> str:
        """The branch as it is counted: single commits are counted together."""
        return "commits" if _COMMIT.fullmatch(self.branch) else self.branch[:BRANCH_CHARACTERS_MAX]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageQuestion:
    """Which uses are added up, and by what; those of one principal, or of the whole tenant."""

    by: By = By.REPOSITORY
    principal_id: str | None = None
    repository_id: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLine:
    """How often something was used, and when last. `key` is an id for repositories and users; `branch` goes with it."""

    key: str
    branch: str
    count: int
    last_at: datetime
