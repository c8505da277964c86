"""What can be asked about what was allowed."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Date, Select, cast, delete, func, null, select, tuple_

from grove.decisions.model import Decided, DecisionQuestion
from grove.decisions.tables import DecisionRow
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction

LINES_MAX: Final = 1_000
_SAME: Final = (
    DecisionRow.principal_id,
    DecisionRow.source,
    DecisionRow.action,
    DecisionRow.kind,
    DecisionRow.resource_id,
    DecisionRow.digest,
)


class Place(NamedTuple):
    """Where a line stands among the others: by when it was last, then by what it is about."""

    last_at: datetime
    day: date | None
    principal_id: str
    source: str
    action: str
    kind: str
    resource_id: str
    digest: str


def place_of(line: Decided) -> Place:
    """The place of a line, behind which a list goes on."""
    return Place(**{name: getattr(line, name) for name in Place._fields})


def list_decisions(
    tx: Transaction,
    *,
    actor: Actor,
    question: DecisionQuestion,
    by_day: bool = False,
    oldest_first: bool = False,
    beyond: Place | None = None,
    limit: int = 100,
) -> list[Decided]:
    """What was allowed in the tenant, what was last first if not told otherwise; days are added up if not asked for.

    :raises Denied: if `actor` may not see it.
    """
    tx.require(actor, "decision.list", Resource(kind="decision", tenant_id=actor.tenant_id))
    lines = _lines(actor.tenant_id, question, by_day=by_day).subquery()
    places = [lines.c[name] for name in Place._fields if by_day or name != "day"]
    chosen = select(lines)
    if beyond is not None:
        known = tuple(value for name, value in zip(Place._fields, beyond, strict=True) if by_day or name != "day")
        here, there = tuple_(*places), tuple_(*known, types=[column.type for column in places])
        chosen = chosen.where(here > there if oldest_first else here < there)
    order = [place if oldest_first else place.desc() for place in places]
    return [_line(row) for row in tx.session.execute(chosen.order_by(*order).limit(min(limit, LINES_MAX + 1)))]


def forget_decisions(tx: Transaction, *, tenant_id: str, before: date) -> int:
    """Remove the decisions of days long ago; how many lines."""
    gone = delete(DecisionRow).where(DecisionRow.tenant_id == tenant_id, DecisionRow.day < before)
    return len(tx.session.execute(gone.returning(DecisionRow.day)).all())


def _lines(tenant_id: str, question: DecisionQuestion, *, by_day: bool) -> Select[Any]:
    day: ColumnElement[Any] = DecisionRow.day if by_day else cast(null(), Date)  # type: ignore[assignment]
    return (
        select(
            day.label("day"),
            *_SAME,
            func.max(DecisionRow.policies).label("policies"),
            func.max(DecisionRow.policy_version).label("policy_version"),
            func.sum(DecisionRow.count).label("count"),
            func.min(DecisionRow.first_at).label("first_at"),
            func.max(DecisionRow.last_at).label("last_at"),
        )
        .where(DecisionRow.tenant_id == tenant_id, *_conditions(question))
        .group_by(*([DecisionRow.day] if by_day else []), *_SAME)
    )


def _conditions(question: DecisionQuestion) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if question.principal_id is not None:
        conditions.append(DecisionRow.principal_id == question.principal_id)
    if question.resource_id is not None:
        conditions.append(DecisionRow.resource_id == question.resource_id)
    if question.action is not None:
        start = question.action.removesuffix("*")
        is_start = start != question.action
        by_start = DecisionRow.action.startswith(start, autoescape=True)
        conditions.append(by_start if is_start else DecisionRow.action == start)
    if question.policy is not None:
        conditions.append(DecisionRow.policies.contains(json.dumps(question.policy), autoescape=True))
    if question.since is not None:
        conditions.append(DecisionRow.day >= question.since)
    if question.until is not None:
        conditions.append(DecisionRow.day < question.until)
    return conditions


def _line(row: Any) -> Decided:
    return Decided(
        day=row.day,
        principal_id=row.principal_id,
        source=row.source,
        action=row.action,
        kind=row.kind,
        resource_id=row.resource_id,
        policies=tuple(json.loads(row.policies)),
        policy_version=row.policy_version,
        digest=row.digest,
        count=int(row.count),
        first_at=row.first_at,
        last_at=row.last_at,
    )
