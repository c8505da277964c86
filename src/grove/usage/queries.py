"""What can be asked about uses."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, String, cast, delete, func, literal, select

from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction
from grove.usage.model import By, UsageLine, UsageQuestion
from grove.usage.tables import LastUseRow, UsageRow

LINES_MAX: Final = 1_000
_COLUMNS: Final[Mapping[By, Any]] = {
    By.REPOSITORY: UsageRow.repository_id,
    By.BRANCH: UsageRow.repository_id,
    By.USER: UsageRow.principal_id,
    By.SOURCE: UsageRow.source,
    By.ACT: UsageRow.act,
    By.DAY: UsageRow.day,
}


def usage_of(tx: Transaction, *, actor: Actor, question: UsageQuestion, limit: int = LINES_MAX) -> list[UsageLine]:
    """How often things were used, the most used first, days from the newest on.

    By repository and branch an act counts for each repository that it showed something of; otherwise it counts once.

    :raises Denied: if `actor` may not: their own is everybody's to see, that of others the administrators'.
    """
    about = Resource(kind="usage", tenant_id=actor.tenant_id, attributes={"owner": question.principal_id})
    tx.require(actor, "usage.view", about)
    column = _COLUMNS[question.by]
    branch = UsageRow.branch if question.by is By.BRANCH else literal("")
    count, last_at = func.sum(UsageRow.count), func.max(UsageRow.last_at)
    chosen = select(cast(column, String), branch, count, last_at).where(*_conditions(actor, question))
    order = column.desc() if question.by is By.DAY else count.desc()
    grouped = chosen.group_by(column, *([UsageRow.branch] if question.by is By.BRANCH else [])).order_by(order, column)
    return [
        UsageLine(key=key, branch=branch, count=int(count), last_at=last_at)
        for key, branch, count, last_at in tx.session.execute(grouped.limit(min(limit, LINES_MAX)))
    ]


def last_uses(tx: Transaction, *, tenant_id: str) -> dict[str, datetime]:
    """When each repository of a tenant was used last, by id: for work that Grove does by itself."""
    chosen = select(LastUseRow.repository_id, LastUseRow.last_at).where(LastUseRow.tenant_id == tenant_id)
    return {row.repository_id: row.last_at for row in tx.session.execute(chosen)}


def repositories_used(tx: Transaction, *, tenant_id: str, principal_id: str) -> set[str]:
    """The ids of the repositories that somebody was shown something of, as far as that was written down and is kept."""
    mine = (UsageRow.tenant_id == tenant_id, UsageRow.principal_id == principal_id, UsageRow.repository_id != "")
    return set(tx.session.scalars(select(UsageRow.repository_id).where(*mine).distinct()))


def searches_on(tx: Transaction, *, tenant_id: str, day: date, principal_id: str | None = None) -> int:
    """How many searches were counted on a day, of one principal or of all, as far as they were written down."""
    chosen = select(func.sum(UsageRow.count)).where(
        UsageRow.tenant_id == tenant_id,
        UsageRow.day == day,
        UsageRow.act.in_(("search", "navigate")),
        UsageRow.repository_id == "",
    )
    if principal_id is not None:
        chosen = chosen.where(UsageRow.principal_id == principal_id)
    return int(tx.session.scalar(chosen) or 0)


def forget_usage(tx: Transaction, *, tenant_id: str, before: date) -> int:
    """Remove the counts of days long ago; how many. When each repository was used last is kept."""
    gone = delete(UsageRow).where(UsageRow.tenant_id == tenant_id, UsageRow.day < before)
    return len(tx.session.execute(gone.returning(UsageRow.day)).all())


def _conditions(actor: Actor, question: UsageQuestion) -> list[ColumnElement[bool]]:
    is_of_repositories = question.by in {By.REPOSITORY, By.BRANCH} or question.repository_id is not None
    conditions: list[ColumnElement[bool]] = [
        UsageRow.tenant_id == actor.tenant_id,
        UsageRow.repository_id != "" if is_of_repositories else UsageRow.repository_id == "",
    ]
    if question.principal_id is not None:
        conditions.append(UsageRow.principal_id == question.principal_id)
    if question.repository_id is not None:
        conditions.append(UsageRow.repository_id == question.repository_id)
    if question.since is not None:
        conditions.append(UsageRow.day >= question.since)
    if question.until is not None:
        conditions.append(UsageRow.day < question.until)
    return conditions
