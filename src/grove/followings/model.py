"""Where a tenant's own policies come from by themselves. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from grove.policies import PolicyVersion


class FollowingKind(StrEnum):
    """Who brings the policies."""

    REPOSITORY = "repository"
    OPAL = "opal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What a tenant's own policies follow.

    `revision` is the commit that was looked at last (of an OPAL client the digest of the documents), `version` the
    version that was made of it or of the last one that was good, and `problem` why it was refused, if it was. `by_hand`
    is the version in force when somebody has applied it since; `paused_at` when they rolled back, and so nothing that
    comes is applied until somebody says so.
    """

    kind: FollowingKind
    repository_id: str | None
    repository: str
    branch: str
    folder: str
    followed_by: str
    since: datetime
    revision: str
    version: int
    problem: Mapping[str, Any] | None
    paused_at: datetime | None
    paused_by: str
    by_hand: PolicyVersion | None = None
