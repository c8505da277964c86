"""A repository and its life, in four fields that do not depend on each other. Pure.

approval   pending_approval -> approved | rejected;  approved -> revoked;
           rejected | revoked -> pending_approval | approved
clone      absent -> queued -> cloning -> present | failed;  any -> removing -> removed with its row
index      none -> building -> ready | failed;  ready -> building | stale  (the last good one keeps serving);
           any -> none when it becomes cold
lifecycle  active <-> archived;  active | archived -> cold -> active;  any -> deleted

Beside them stands what its forge says of us: access granted <-> unsure <-> refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from grove.repositories.errors import HistoryPolicyInvalid, NotAllowedNow

MONTHS_MAX: Final = 1_200
_MONTHS: Final = re.compile(r"([0-9]{1,4}) ?(?:months?|m)")


class Approval(StrEnum):
    """Whether we are allowed to keep it."""

    PENDING = "pending_approval"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"


class Clone(StrEnum):
    """Where its mirror is."""

    ABSENT = "absent"
    QUEUED = "queued"
    CLONING = "cloning"
    PRESENT = "present"
    FAILED = "failed"
    REMOVING = "removing"


class Index(StrEnum):
    """Where its index is."""

    NONE = "none"
    BUILDING = "building"
    READY = "ready"
    STALE = "stale"
    FAILED = "failed"


class Lifecycle(StrEnum):
    """Whether it is in use."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    COLD = "cold"
    """Its mirror is kept, its index is not; it warms up again when somebody uses it."""
    DELETED = "deleted"


class Access(StrEnum):
    """Whether its forge lets us read it."""

    GRANTED = "granted"
    UNSURE = "unsure"
    """The forge has not answered of late; what it said last still counts, for a time."""
    REFUSED = "refused"


class Permissions(StrEnum):
    """By whose rules people see it: all who may by Grove's policies, or of these those whom its forge lets read it."""

    GROVE = "grove"
    FORGE = "forge"


class HistoryDepth(StrEnum):
    """Which commits are indexed ahead, beside the heads of tracked branches."""

    HEADS = "heads"
    TAGS = "tags"
    MONTHS = "months"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPolicy:
    """How much of a repository's history is indexed ahead; as text `heads`, `tags`, `all` or `12 months`."""

    depth: HistoryDepth = HistoryDepth.ALL
    months: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """The policy that a text says.

        :raises HistoryPolicyInvalid: if it says none.
        """
        words = text.lower().split()
        if words in (["heads"], ["tags"], ["all"]):
            return cls(depth=HistoryDepth(words[0]))
        found = _MONTHS.fullmatch(" ".join(words))
        if found is None or not 0 < int(found[1]) <= MONTHS_MAX:
            raise HistoryPolicyInvalid(given=text[:40])
        return cls(depth=HistoryDepth.MONTHS, months=int(found[1]))

    def __str__(self) -> str:
        return f"{self.months} months" if self.depth is HistoryDepth.MONTHS else self.depth.value


class ScreenStatus(StrEnum):
    """The five words that people see."""

    READY = "ready"
    WORKING = "working"
    NEEDS_APPROVAL = "needs_approval"
    ATTENTION = "attention"
    ARCHIVED = "archived"


NEXT: Mapping[str, Mapping[StrEnum, frozenset[StrEnum]]] = {
    "approval": {
        Approval.PENDING: frozenset({Approval.APPROVED, Approval.REJECTED}),
        Approval.REJECTED: frozenset({Approval.PENDING, Approval.APPROVED}),
        Approval.APPROVED: frozenset({Approval.REVOKED}),
        Approval.REVOKED: frozenset({Approval.PENDING, Approval.APPROVED}),
    },
    "clone": {
        Clone.ABSENT: frozenset({Clone.QUEUED, Clone.REMOVING}),
        Clone.QUEUED: frozenset({Clone.CLONING, Clone.FAILED, Clone.REMOVING}),
        Clone.CLONING: frozenset({Clone.PRESENT, Clone.FAILED, Clone.QUEUED, Clone.REMOVING}),
        Clone.PRESENT: frozenset({Clone.REMOVING}),
        Clone.FAILED: frozenset({Clone.QUEUED, Clone.CLONING, Clone.REMOVING}),
        Clone.REMOVING: frozenset(),
    },
    "index": {
        Index.NONE: frozenset({Index.BUILDING}),
        Index.BUILDING: frozenset({Index.READY, Index.FAILED, Index.STALE, Index.NONE}),
        Index.READY: frozenset({Index.BUILDING, Index.STALE, Index.NONE}),
        Index.STALE: frozenset({Index.BUILDING, Index.NONE}),
        Index.FAILED: frozenset({Index.BUILDING, Index.NONE}),
    },
    "lifecycle": {
        Lifecycle.ACTIVE: frozenset({Lifecycle.ARCHIVED, Lifecycle.COLD, Lifecycle.DELETED}),
        Lifecycle.ARCHIVED: frozenset({Lifecycle.ACTIVE, Lifecycle.COLD, Lifecycle.DELETED}),
        Lifecycle.COLD: frozenset({Lifecycle.ACTIVE, Lifecycle.DELETED}),
        Lifecycle.DELETED: frozenset(),
    },
}
"""What may follow each state of each field; staying is always allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRepository:
    """What is known of a repository when it is asked for."""

    name: str
    url: str
    host: str
    forge: str
    project_id: str
    credential_id: str | None = None
    local: bool = False
    tracked: tuple[str, ...] = ("*",)
    estimated_bytes: int | None = None
    default_branch: str | None = None
    archived: bool = False
    fork: bool = False
    reason: str = ""
    everybody_reads: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why something is not as it should be."""

    code: str
    message: str
    at: datetime

    def as_json(self) -> dict[str, Any]:
        """How it is stored and shown."""
        return {"code": self.code, "message": self.message, "at": self.at.isoformat()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository we were asked to keep; its forge said whether it is `archived` there, and whether a `fork`."""

    id: str
    tenant_id: str
    project_id: str
    name: str
    url: str
    host: str
    forge: str
    local: bool
    credential_id: str | None
    tracked: tuple[str, ...]
    archived: bool
    fork: bool
    approval: Approval
    clone: Clone
    index: Index
    lifecycle: Lifecycle
    default_branch: str | None
    head_commit: str | None
    size_bytes: int | None
    estimated_bytes: int | None
    problem: dict[str, Any] | None
    requested_by: str
    created_at: datetime
    updated_at: datetime
    synced_at: datetime | None
    indexed_at: datetime | None
    history: HistoryPolicy = HistoryPolicy()
    request_reason: str = ""
    decision: dict[str, Any] | None = None
    """The last word about it, of a person or a policy: `state`, `reason`, `by` and `at`."""
    owners: tuple[str, ...] = ()
    """Who owns all of it, as the CODEOWNERS of its default branch says."""
    access: Access = Access.GRANTED
    access_confirmed_at: datetime | None = None
    """When its forge last let us read it."""
    access_problem: dict[str, Any] | None = None
    """What the forge said instead: `code`, `message` and `at`."""
    permissions: Permissions = Permissions.GROVE
    readers_read_at: datetime | None = None
    """When its forge last told whom it lets read it; never, and nobody sees it by the forge's rules."""
    moved_to: dict[str, Any] | None = None
    """Where its forge says that it is now, while it is not yet fetched from there: `url`, `code`, `message`, `at`."""
    everybody_reads: bool | None = None
    """Whether everybody can read it where it comes from, as was seen last; None while that is not known."""

    @property
    def visibility(self) -> str:
        """Who could read it where it comes from: `public` without a credential, `private` with one, `local` here."""
        if self.local:
            return "local"
        return "private" if self.credential_id is not None else "public"

    @property
    def is_decided(self) -> bool:
        """Whether nobody waits for a decision about it."""
        return self.approval is not Approval.PENDING

    @property
    def is_served(self) -> bool:
        """Whether anything of it may be shown: its files, its history, what is found in it."""
        is_kept = self.approval is Approval.APPROVED and self.lifecycle is not Lifecycle.DELETED
        return is_kept and self.access is not Access.REFUSED

    def require_kept_up(self) -> None:
        """Return when its mirror and index may be brought up to date.

        :raises NotAllowedNow: if it is not approved, or archived, or being removed.
        """
        needed: dict[str, StrEnum] = {"approval": Approval.APPROVED, "lifecycle": Lifecycle.ACTIVE}
        for field, state in needed.items():
            if getattr(self, field) != state:
                raise NotAllowedNow(repository=self.id, field=field, state=getattr(self, field), wanted=state)

    def moved(
        self,
        *,
        approval: Approval | None = None,
        clone: Clone | None = None,
        index: Index | None = None,
        lifecycle: Lifecycle | None = None,
    ) -> Self:
        """The repository in its next state.

        :raises NotAllowedNow: if one of the states does not follow the present one.
        """
        wanted = {"approval": approval, "clone": clone, "index": index, "lifecycle": lifecycle}
        moves = {field: state for field, state in wanted.items() if state is not None}
        for field, state in moves.items():
            present: StrEnum = getattr(self, field)
            if state != present and state not in NEXT[field][present]:
                raise NotAllowedNow(repository=self.id, field=field, state=present, wanted=state)
        return replace(self, **moves)  # type: ignore[arg-type]

    def moved_strictly(self, *, approval: Approval | None = None, lifecycle: Lifecycle | None = None) -> Self:
        """The same for what people decide: to decide what holds already is refused.

        :raises NotAllowedNow: if the state is the present one, or does not follow it.
        """
        for field, state in (("approval", approval), ("lifecycle", lifecycle)):
            if state is not None and state == getattr(self, field):
                raise NotAllowedNow(repository=self.id, field=field, state=state, wanted=state)
        return self.moved(approval=approval, lifecycle=lifecycle)


def screen_status_of(repository: Repository) -> ScreenStatus:
    """The one word that people see."""
    if repository.lifecycle in {Lifecycle.ARCHIVED, Lifecycle.COLD}:
        return ScreenStatus.ARCHIVED
    if repository.approval is Approval.PENDING:
        return ScreenStatus.NEEDS_APPROVAL
    is_refused = repository.approval is not Approval.APPROVED or repository.access is Access.REFUSED
    if is_refused or repository.problem or repository.moved_to or Clone.FAILED is repository.clone:
        return ScreenStatus.ATTENTION
    if repository.index in {Index.READY, Index.STALE} and repository.clone is Clone.PRESENT:
        return ScreenStatus.READY
    return ScreenStatus.WORKING


_CLONE_STATUS = {
    Clone.ABSENT: "PENDING",
    Clone.QUEUED: "PENDING",
    Clone.CLONING: "CLONING",
    Clone.PRESENT: "COMPLETED",
    Clone.FAILED: "FAILED",
    Clone.REMOVING: "CLEANING",
}


def clone_status_of(repository: Repository) -> str:
    """The state of the mirror in the words of the `/api/v1/code` routes."""
    return _CLONE_STATUS[repository.clone]


def request_status_of(repository: Repository) -> str:
    """Where it is between being asked for and ready, in the words of the `/registry` routes."""
    if repository.lifecycle is not Lifecycle.ACTIVE:
        return repository.lifecycle.value
    if repository.approval is not Approval.APPROVED:
        return "pending" if repository.approval is Approval.PENDING else repository.approval.value
    if repository.clone is Clone.CLONING:
        return "cloning"
    is_shown = repository.access is not Access.REFUSED
    if is_shown and repository.indexed_at is not None and repository.clone is Clone.PRESENT:
        return "ready"
    if not is_shown or Clone.FAILED is repository.clone or Index.FAILED is repository.index:
        return "error"
    return "indexing" if repository.clone is Clone.PRESENT else "approved"
