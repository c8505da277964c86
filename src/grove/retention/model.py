"""A tenant's policy about idle repositories, and what it comes to for each. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from grove.repositories import Access, Clone, Lifecycle, Repository
from grove.retention.errors import RetentionInvalid

DAYS_MAX: Final = 3_650


class Fate(StrEnum):
    """What becomes of a repository in the end: its index goes, or all of it."""

    COLD = "cold"
    REMOVED = "removed"


class Verdict(StrEnum):
    """What is done with a repository now."""

    KEEP = "keep"
    NOTICE = "notice"
    WAIT = "wait"
    """It has been given notice, and its time is not over."""
    WITHDRAW = "withdraw"
    """It has been given notice, and something has changed: it is kept."""
    COOL = "cool"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """After `idle_days` without a use a notice, after `notice_days` more the fate; None days: never.

    Logs of jobs, daily counts of uses and what was allowed are kept for so many days.

    :raises RetentionInvalid: if the days make no sense.
    """

    idle_days: int | None = None
    notice_days: int = 14
    fate: Fate = Fate.COLD
    job_days: int = 90
    usage_days: int = 730
    decision_days: int = 365

    def __post_init__(self) -> None:
        days = {
            "idle_days": self.idle_days or 1,
            "job_days": self.job_days,
            "usage_days": self.usage_days,
            "decision_days": self.decision_days,
        }
        for name, count in days.items():
            if not 1 <= count <= DAYS_MAX:
                raise RetentionInvalid(**{name: count})
        if self.idle_days == 0 or not 0 <= self.notice_days <= DAYS_MAX:
            raise RetentionInvalid(idle_days=self.idle_days, notice_days=self.notice_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """That a repository will become cold, or be removed, unless somebody uses or holds it; who was told."""

    repository_id: str
    given_at: datetime
    due_at: datetime
    fate: Fate
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What counts for a repository: when it was used last, and what speaks for keeping it."""

    repository: Repository
    used_at: datetime
    notice: Notice | None = None
    hold: str = ""
    is_pinned: bool = False
    has_work: bool = False
    is_upstream_lost: bool = False
    """It was not there when it was asked just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the policy comes to for a repository: `reason` says why."""

    repository: Repository
    used_at: datetime
    verdict: Verdict
    reason: str
    due_at: datetime | None = None


def step_of(policy: RetentionPolicy, facts: Facts, *, now: datetime) -> Step:
    """What is to be done with a repository now."""
    verdict, reason, due_at = _decided(policy, facts, now=now)
    return Step(repository=facts.repository, used_at=facts.used_at, verdict=verdict, reason=reason, due_at=due_at)


def _decided(policy: RetentionPolicy, facts: Facts, *, now: datetime) -> tuple[Verdict, str, datetime | None]:
    kept = _kept(policy, facts, now=now)
    if kept:
        return (Verdict.WITHDRAW if facts.notice else Verdict.KEEP), kept, None
    idle = f"nobody has used it for {(now - facts.used_at).days} days"
    if facts.notice is None and policy.notice_days:
        return Verdict.NOTICE, idle, now + timedelta(days=policy.notice_days)
    if facts.notice is not None and facts.notice.due_at > now:
        return Verdict.WAIT, f"{idle}; notice was given", facts.notice.due_at
    spared = _spared(facts) if policy.fate is Fate.REMOVED else ""
    if policy.fate is Fate.REMOVED and not spared:
        return Verdict.REMOVE, idle, None
    if facts.repository.lifecycle is Lifecycle.COLD:
        return Verdict.KEEP, spared or "it is cold already", None
    return Verdict.COOL, f"{idle}; not removed: {spared}" if spared else idle, None


def _kept(policy: RetentionPolicy, facts: Facts, *, now: datetime) -> str:
    """Why nothing is to be done, if so."""
    repository, unused = facts.repository, now - facts.used_at
    reasons = {
        "the policy keeps everything": policy.idle_days is None,
        f"it is held: {facts.hold}": bool(facts.hold),
        "commits of it are pinned": facts.is_pinned,
        "a workspace has work that is nowhere else": facts.has_work,
        "a request for it waits": not repository.is_decided,
        "it is not mirrored": repository.clone is not Clone.PRESENT,
        "it is cold already": repository.lifecycle is Lifecycle.COLD and policy.fate is Fate.COLD,
        f"it was used {_days_ago(unused)}": unused < timedelta(days=policy.idle_days or 0),
    }
    return next((reason for reason, is_so in reasons.items() if is_so), "")


def _days_ago(unused: timedelta) -> str:
    if unused < timedelta(0):
        return "at a time that has not come yet: a clock was changed"
    return {0: "today", 1: "yesterday"}.get(unused.days, f"{unused.days} days ago")


def _spared(facts: Facts) -> str:
    """Why it must not be removed: the mirror may be the last copy."""
    repository = facts.repository
    if facts.is_upstream_lost or repository.access is not Access.GRANTED or repository.problem is not None:
        return "its upstream is not known to be there, so this may be the last copy"
    return ""
