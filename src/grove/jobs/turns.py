"""Whose turn it is when more jobs are due than workers are free.

Tenants take turns: first the one with the fewest jobs running, then the one that was served longest ago. Within a
tenant what somebody waits for goes before the background, and principals take turns. So five hundred jobs of one make
nobody else wait for more than the job in hand.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from grove.jobs.model import JobState
from grove.jobs.tables import JobRow, TurnRow
from grove.kit.clocks import CLOCKS_APART_MAX
from grove.kit.transactions import Transaction

BACKGROUND_WAIT: Final = timedelta(minutes=10)
"""After so long the background waits for nobody."""


def in_turn(chosen: Select[JobRow], *, background: Collection[str], now: datetime) -> Select[JobRow]:
    """The same jobs, those whose turn it is first."""
    tenants, principals = aliased(TurnRow), aliased(TurnRow)
    running = (JobRow.state == JobState.RUNNING) & (JobRow.lease_until > now)
    busy = select(JobRow.tenant_id, func.count().label("jobs")).where(running).group_by(JobRow.tenant_id).subquery()
    gives_way = JobRow.kind.in_(list(background)) & (JobRow.run_at > now - BACKGROUND_WAIT)
    return (
        chosen.outerjoin(busy, busy.c.tenant_id == JobRow.tenant_id)
        .outerjoin(tenants, tenants.holder_id == JobRow.tenant_id)
        .outerjoin(principals, principals.holder_id == JobRow.requested_by)
        .order_by(
            func.coalesce(busy.c.jobs, 0),
            _served(tenants.served_at, now).asc().nulls_first(),
            case((gives_way, 1), else_=0),
            _served(principals.served_at, now).asc().nulls_first(),
            JobRow.run_at,
        )
    )


def _served(at: InstrumentedAttribute[datetime], now: datetime) -> ColumnElement[datetime]:
    """When somebody was served last; while the clock was wrong is as never, or they would come last until then."""
    return case((at > now + CLOCKS_APART_MAX, None), else_=at)


def take_turn(tx: Transaction, row: JobRow, *, now: datetime) -> None:
    """Whoever this job is for has been served."""
    for holder_id in {row.tenant_id, row.requested_by}:
        tx.session.merge(TurnRow(holder_id=holder_id, tenant_id=row.tenant_id, served_at=now))
