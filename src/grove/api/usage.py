"""`/api/v1/usage`: who uses which repository, by which door."""

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query

from grove import accounts, repositories, usage
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Shown
from grove.usage import By, UsageQuestion

LINES_MAX: Final = 1_000

router = router_at("/api/v1/usage", tag="governance")


class UsageOut(Shown):
    """How often something was used: `key` is its id where it has one, `name` what it is called while it is there."""

    by: By
    key: str
    name: str
    branch: str
    count: int
    last_at: datetime


class UsageList(Shown):
    """The most used first. It is counted in memory and written down every few seconds."""

    items: list[UsageOut]


@router.get("", openapi_extra=needs("usage.view"))
def get_usage(
    caller: CallerOf,
    *,
    by: By = By.REPOSITORY,
    everybody: Annotated[bool, Query(description="The whole tenant's, for administrators.")] = False,
    user: Annotated[UUID | None, Query(description="That of somebody else, for administrators.")] = None,
    repository: UUID | None = None,
    since: date | None = None,
    until: date | None = None,
    limit: Annotated[int, Query(ge=1, le=LINES_MAX)] = 200,
) -> UsageList:
    """Your own usage, or the tenant's; by repository an act counts for each one that it showed something of."""
    whose = str(user) if user is not None else None if everybody else caller.actor.id
    question = UsageQuestion(
        by=by,
        principal_id=whose,
        repository_id=str(repository) if repository is not None else None,
        since=since,
        until=until,
    )
    with caller.reading() as tx:
        lines = usage.usage_of(tx, actor=caller.actor, question=question, limit=limit)
        keys = {line.key for line in lines}
        if by is By.USER:
            names = accounts.names_of(tx, principal_ids=keys)
        elif by in {By.REPOSITORY, By.BRANCH}:
            names = repositories.names_of(tx, actor=caller.actor, repository_ids=keys)
        else:
            names = {key: key for key in keys}
    return UsageList(
        items=[
            UsageOut(
                by=by,
                key=line.key,
                name=names.get(line.key, ""),
                branch=line.branch,
                count=line.count,
                last_at=line.last_at,
            )
            for line in lines
        ]
    )
