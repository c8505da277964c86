"""What was allowed to whom by which policies, and what can be asked about it. Pure."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """That somebody was allowed to do something to a thing, how often, and by which policies of which version.

    Without a `resource_id` it was about several things at once, or about none in particular. `day` is None when days
    are added up.
    """

    day: date | None
    principal_id: str
    source: str
    action: str
    kind: str
    resource_id: str
    policies: tuple[str, ...]
    policy_version: int
    digest: str
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionQuestion:
    """Which decisions are wanted; what is None does not matter. `since` and `until` are whole days, the last excluded.

    `action` is one, or the beginning of some with a star behind it (`repository.*`).
    """

    principal_id: str | None = None
    resource_id: str | None = None
    action: str | None = None
    policy: str | None = None
    since: date | None = None
    until: date | None = None
