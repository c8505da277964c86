"""Asking hosts from time to time: which mirrors are due, and which hosts have had enough for now."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select

from grove import jobs, repositories
from grove.freshness.model import BACKOFF_SECONDS_MAX, POLL_JITTER, POLL_SECONDS_MAX, next_poll
from grove.freshness.syncing import SYNC_KIND, request_sync
from grove.freshness.tables import FreshnessRow, HostPauseRow
from grove.kit.clocks import CLOCKS_APART_MAX
from grove.kit.gate import Source
from grove.kit.retry_after import SECONDS_MAX
from grove.kit.transactions import Transaction

DUE_MAX = 200
"""How many mirrors are looked at together."""
SYNCS_PER_HOST_MAX = 8
"""How many syncs of one host wait or run at once because of polls."""
PAUSE_SECONDS = 60
PAUSE_SECONDS_MAX = 3_600
INTERVALS = (15 * 60, 3_600, 6 * 3_600, BACKOFF_SECONDS_MAX, POLL_SECONDS_MAX)
"""In seconds; a mirror that is polled no less often than one of them is not planned further ahead than that."""


def tenants_with_polls(tx: Transaction, *, now: datetime) -> list[str]:
    """The tenants that have anything to poll."""
    return list(tx.session.scalars(select(FreshnessRow.tenant_id).where(_is_due(now)).distinct()))


def poll_due(tx: Transaction, *, now: datetime) -> int:
    """Request a sync of every mirror of the tenant that is due, as far as its host has room; how many."""
    due = select(FreshnessRow).where(_is_due(now)).order_by(FreshnessRow.next_poll_at)
    rows = tx.session.scalars(due.limit(DUE_MAX).with_for_update(skip_locked=True)).all()
    paused = _paused_hosts(tx, {row.host for row in rows}, now=now)
    busy = _syncs_by_host(tx)
    count = 0
    for row in rows:
        has_room = row.host not in paused and (not row.host or busy[row.host] < SYNCS_PER_HOST_MAX)
        if has_room and _poll(tx, row, now=now):
            busy[row.host] += 1
            count += 1
        elif not has_room:
            row.next_poll_at = paused.get(row.host) or now + timedelta(seconds=PAUSE_SECONDS)
    return count


def pause_host(tx: Transaction, *, host: str, told_seconds: int | None = None, now: datetime) -> None:
    """Leave a host alone that said that it is busy, for as long as it told.

    If it did not: a minute, and twice as long each further time, an hour at most.
    """
    row = tx.session.get(HostPauseRow, host, with_for_update=True)
    if row is None:
        row = HostPauseRow(host=host, until=now, failures=0)
        tx.session.add(row)
    guessed_seconds = min(PAUSE_SECONDS * 2**row.failures, PAUSE_SECONDS_MAX)
    row.until = now + timedelta(seconds=guessed_seconds if told_seconds is None else told_seconds)
    row.failures += 1


def resume_host(tx: Transaction, *, host: str) -> None:
    """A host has answered: forget that it was busy."""
    tx.session.execute(delete(HostPauseRow).where(HostPauseRow.host == host))


def _poll(tx: Transaction, row: FreshnessRow, *, now: datetime) -> bool:
    """Request one sync, and say when to ask again."""
    repository = repositories.repository_of_job(tx, tenant_id=row.tenant_id, repository_id=row.repository_id)
    row.failures = row.failures + 1 if repository.problem else 0
    assert row.poll_seconds is not None  # a row without it is never due
    row.next_poll_at = next_poll(row.poll_seconds, failures=row.failures, now=now)
    if jobs.is_waiting(tx, target_id=row.repository_id, kind=SYNC_KIND):
        return False
    return not request_sync(tx, repository, source=Source.WORKER, now=now)


def _is_due(now: datetime) -> ColumnElement[bool]:
    """What was planned while the clock was wrong is due as well: it is further ahead than its interval explains."""
    planned, often, failures = FreshnessRow.next_poll_at, FreshnessRow.poll_seconds, FreshnessRow.failures
    unexplained = [
        (often <= seconds) & ((failures == 0) | (seconds >= BACKOFF_SECONDS_MAX)) & (planned > _latest(seconds, now))
        for seconds in INTERVALS
    ]
    paused = select(HostPauseRow.host).where(_is_paused(now))
    return or_(planned <= now, or_(*unexplained) & FreshnessRow.host.not_in(paused))


def _latest(seconds: float, now: datetime) -> datetime:
    return now + timedelta(seconds=seconds * (1 + POLL_JITTER)) + CLOCKS_APART_MAX


def _is_paused(now: datetime) -> ColumnElement[bool]:
    """Nobody is left alone for longer than a day: the rest was said while the clock was wrong."""
    latest = now + timedelta(seconds=SECONDS_MAX) + CLOCKS_APART_MAX
    return (HostPauseRow.until > now) & (HostPauseRow.until <= latest)


def _paused_hosts(tx: Transaction, hosts: Iterable[str], *, now: datetime) -> dict[str, datetime]:
    chosen = select(HostPauseRow).where(HostPauseRow.host.in_(list(hosts)), _is_paused(now))
    return {row.host: row.until for row in tx.session.scalars(chosen)}


def _syncs_by_host(tx: Transaction) -> Counter[str]:
    with tx.beyond():  # whoever asked for them, they keep the same host busy
        return _syncs_of_all(tx)


def _syncs_of_all(tx: Transaction) -> Counter[str]:
    targets = jobs.unfinished_targets(tx, kind=SYNC_KIND)
    hosts = select(FreshnessRow.host).where(FreshnessRow.repository_id.in_(targets))
    return Counter(tx.session.scalars(hosts))
