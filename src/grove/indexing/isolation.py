"""What happens when a part of an index is found damaged: it goes out of service, and is built again.

Everything that does not need it keeps answering. The repositories that do are out of service until they have been built
again, which is done by itself; not again and again, though, if they are damaged each time.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Final

from grove import accounts, activity
from grove.indexing.errors import IndexChanged, IndexCorrupt, IndexDamagedOften
from grove.indexing.events import IndexDamaged
from grove.indexing.opened import OpenIndexes
from grove.indexing.survey import UNUSABLE, survey_index
from grove.jobs import Run
from grove.kit.errors import GroveError
from grove.kit.gate import Actor, Source
from grove.kit.logging import logger
from grove.kit.transactions import Transaction
from grove.repositories import Clone, Index, Problem, record_index, repository_of_job
from grove.snapshots import count_damage, generation_of, strike_out_damaged

REPAIRS_MAX: Final = 3
REPAIRS_HOURS: Final = 24
"""So many repairs within so many hours and no more."""
_ATTEMPTS_MAX: Final = 5
log = logger(__name__)

Transactions = Callable[[], AbstractContextManager[Transaction]]


def isolate_damage(
    transactions: Transactions, *, indexes: OpenIndexes, tenant_id: str, error: GroveError, now: datetime
) -> bool:
    """Take what a reader has complained of out of service, and have it built again; whether there was anything."""
    name = str(error.facts.get("name", ""))
    return isolate_parts(transactions, indexes=indexes, tenant_id=tenant_id, suspects={name: error.code}, now=now)


def isolate_parts(
    transactions: Transactions, *, indexes: OpenIndexes, tenant_id: str, suspects: Mapping[str, str], now: datetime
) -> bool:
    """Take these parts, and all others that cannot be opened, out of service; whether there was anything."""
    for _ in range(_ATTEMPTS_MAX):
        with transactions() as tx:
            generation = generation_of(tx, tenant_id=tenant_id)
        found = survey_index(indexes.store(tenant_id), generation, suspects=suspects)
        if not found.broken:
            return False
        with transactions() as tx:
            parts = strike_out_damaged(
                tx, tenant_id=tenant_id, generation=generation.number, broken=found.broken, lost=found.lost, now=now
            )
            if parts is None:
                continue  # somebody has published or merged meanwhile: look again
            steward = accounts.steward(tx, tenant_id=tenant_id, source=Source.WORKER, now=now)
            for repository_id, needed in parts.items():
                _repair(tx, steward, repository_id, needed, now=now)
        log.error("index_damaged", tenant=tenant_id, parts=sorted(found.broken), repositories=sorted(parts))
        return True
    return False


@contextmanager
def damage_isolated(run: Run, *, indexes: OpenIndexes) -> Iterator[None]:
    """Isolate what the work in the block finds damaged.

    :raises IndexChanged: if it did: the work is to be done again with what is left.
    """
    try:
        yield
    except UNUSABLE as error:
        if not isolate_damage(run.finish, indexes=indexes, tenant_id=run.job.tenant_id, error=error, now=run.now):
            raise
        raise IndexChanged(**error.facts) from error


def _repair(tx: Transaction, steward: Actor, repository_id: str, parts: list[str], *, now: datetime) -> None:
    tenant_id = steward.tenant_id
    repository = repository_of_job(tx, tenant_id=tenant_id, repository_id=repository_id)
    if repository.clone is Clone.REMOVING:
        return
    times = count_damage(tx, repository_id=repository_id, since=now - timedelta(hours=REPAIRS_HOURS))
    told = IndexCorrupt if times <= REPAIRS_MAX else IndexDamagedOften
    record_index(
        tx,
        tenant_id=tenant_id,
        repository_id=repository_id,
        index=Index.STALE if repository.index is Index.READY else repository.index,
        now=now,
        problem=Problem(code=told.code, message=told().message, at=now),
    )
    activity.record(
        tx,
        actor=steward,
        action="index.damaged",
        target_kind="repository",
        target_id=repository_id,
        now=now,
        parts=parts,
        repaired=times <= REPAIRS_MAX,
    )
    if times <= REPAIRS_MAX:
        tx.publish(IndexDamaged(tenant_id=tenant_id, repository_id=repository_id, actor_id=steward.id, at=now))
