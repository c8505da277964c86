"""What a forge answers when it is asked whether it lets us read a repository. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from grove.forges import ForgeCredentialRejected, ForgeRepositoryNotFound, Openness
from grove.git import (
    AccessForbidden,
    CredentialRejected,
    CredentialRequired,
    RemoteUrl,
    RepositoryGone,
    RepositoryNotFound,
)
from grove.kit.clocks import CLOCKS_APART_MAX
from grove.kit.errors import GroveError
from grove.kit.retry_after import SECONDS_MAX

REFUSALS: Final = frozenset(
    error.code
    for error in (
        ForgeCredentialRejected,
        ForgeRepositoryNotFound,
        AccessForbidden,
        CredentialRejected,
        CredentialRequired,
        RepositoryGone,
        RepositoryNotFound,
    )
)
"""The answers 401, 403, 404 and 410, of a forge's API and of a git server. Every other failure is no answer."""
RETRY_SECONDS: Final = 60
"""After a question without an answer; twice as long after each further one."""
_DOUBLINGS_MAX: Final = 10
PLANNED_AHEAD_MAX: Final = timedelta(seconds=SECONDS_MAX) + CLOCKS_APART_MAX
"""Longer than any forge may have us wait beyond the usual time."""


class Verdict(StrEnum):
    """What an answer means."""

    GRANTED = "granted"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one question; `openness` only if the forge told who else may read the repository.

    `everybody_reads` counts in who can come to the host, and what is read without a credential. `is_archived` only if
    it tells that; `moved_to` is where it is now, if it has moved on its host.
    """

    verdict: Verdict
    code: str = ""
    message: str = ""
    retry_after_seconds: int | None = None
    openness: Openness | None = None
    everybody_reads: bool | None = None
    is_archived: bool | None = None
    moved_to: RemoteUrl | None = None

    @classmethod
    def of(cls, error: GroveError) -> "Answer":
        """The answer that an error is."""
        status = f" It answered {error.facts['status']}." if "status" in error.facts else ""
        told = error.facts.get("retry_after_seconds")
        return cls(
            verdict=Verdict.REFUSED if error.code in REFUSALS else Verdict.NO_ANSWER,
            code=error.code,
            message=f"{error.message}{status}",
            retry_after_seconds=told if isinstance(told, int) else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often forges are asked, and for how long their last word counts when they do not answer."""

    every: timedelta = timedelta(hours=1)
    grace: timedelta = timedelta(hours=24)

    def next_check(self, answer: Answer, *, failures: int, now: datetime) -> datetime:
        """When to ask again; not before the forge wants it."""
        if answer.verdict is not Verdict.NO_ANSWER:
            return now + self.every
        wait = min(timedelta(seconds=RETRY_SECONDS * 2 ** min(failures, _DOUBLINGS_MAX)), self.every)
        return now + max(wait, timedelta(seconds=answer.retry_after_seconds or 0))

    def is_over(self, confirmed_at: datetime | None, *, now: datetime) -> bool:
        """Whether the last word is too old to count; one of a clock that was as far ahead is not believed either."""
        return confirmed_at is None or abs(now - confirmed_at) >= self.grace

    def planned_until(self, now: datetime) -> datetime:
        """Later than any time at which a forge is to be asked again."""
        return now + self.every + PLANNED_AHEAD_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeAccount:
    """An account at a forge, and the principal whose it is."""

    id: str
    principal_id: str
    host: str
    login: str
    created_by: str
    created_at: datetime
