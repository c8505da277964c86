"""`/api/v1/audit/decisions`: what was allowed to whom by which policies, where the trail does not tell of it."""

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AfterValidator

from grove import accounts, decisions, repositories
from grove.api.caller import Caller, CallerOf
from grove.api.errors import CursorInvalid
from grove.api.routing import needs, router_at
from grove.api.shapes import Cursor, Page, Shown, decode_cursor, page_of, whole
from grove.decisions import Decided, DecisionQuestion, Place
from grove.kit.transactions import Transaction

LINES_MAX: Final = 1_000

router = router_at("/api/v1/audit/decisions", tag="audit")

Named = Annotated[str | None, Query(max_length=200), AfterValidator(lambda text: text and whole(text))]


class DecidedOut(Shown):
    """What somebody was allowed, how often, and by which policies; without a resource, about several things at once."""

    day: date | None
    principal_id: UUID
    principal: str
    source: str
    action: str
    resource_kind: str
    resource_id: str
    resource: str
    policies: list[str]
    policy_version: int
    count: int
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, line: Decided, *, people: dict[str, str], things: dict[str, str]) -> Self:
        """As people see it, with what everybody and everything is called while it is there."""
        return cls(
            day=line.day,
            principal_id=UUID(line.principal_id),
            principal=people.get(line.principal_id, ""),
            source=line.source,
            action=line.action,
            resource_kind=line.kind,
            resource_id=line.resource_id,
            resource=things.get(line.resource_id, ""),
            policies=list(line.policies),
            policy_version=line.policy_version,
            count=line.count,
            first_at=line.first_at,
            last_at=line.last_at,
        )


def _question(
    *,
    principal: Named = None,
    resource: Named = None,
    action: Named = None,
    policy: Named = None,
    since: date | None = None,
    until: date | None = None,
) -> DecisionQuestion:
    return DecisionQuestion(
        principal_id=principal, resource_id=resource, action=action, policy=policy, since=since, until=until
    )


@router.get("", openapi_extra=needs("decision.list"))
def list_decisions(
    caller: CallerOf,
    question: Annotated[DecisionQuestion, Depends(_question)],
    *,
    by_day: Annotated[bool, Query(description="Each day by itself, as it is stored.")] = False,
    order: Literal["newest", "oldest"] = "newest",
    limit: Annotated[int, Query(ge=1, le=LINES_MAX)] = 100,
    cursor: Cursor = "",
) -> Page[DecidedOut]:
    """What was allowed: to a `principal` (id or name), about a `resource` (id); `file.*` are all actions that begin so.

    It is counted in memory and written down every few seconds; what the audit trail tells of is not here again.
    """
    beyond = _place(decode_cursor(cursor))
    with caller.reading() as tx:
        found = decisions.list_decisions(
            tx,
            actor=caller.actor,
            question=_with_id(tx, caller, question),
            by_day=by_day,
            oldest_first=order == "oldest",
            beyond=beyond,
            limit=limit + 1,
        )
        people = accounts.names_of(tx, principal_ids={line.principal_id for line in found})
        ids = {line.resource_id for line in found if line.kind == "repository" and line.resource_id}
        things = repositories.names_of(tx, actor=caller.actor, repository_ids=ids) if ids else {}
    return page_of(
        found,
        lambda line: DecidedOut.of(line, people=people, things=things),
        limit=limit,
        position=lambda line: _text(decisions.place_of(line)),
    )


def _with_id(tx: Transaction, caller: Caller, question: DecisionQuestion) -> DecisionQuestion:
    if question.principal_id is None:
        return question
    found = accounts.id_called(tx, tenant_id=caller.actor.tenant_id, principal=question.principal_id)
    return replace(question, principal_id=found)


def _text(place: Place) -> str:
    return json.dumps([str(part) if part is not None else None for part in place])


def _place(text: str) -> Place | None:
    if not text:
        return None
    try:
        last_at, day, *names = json.loads(text)
        return Place(datetime.fromisoformat(last_at), day and date.fromisoformat(day), *map(str, names))
    except (ValueError, TypeError) as error:
        raise CursorInvalid from error
