"""Counting in memory, so that no question waits for it."""

import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql, sqlite

from grove.kit.gate import Actor
from grove.kit.logging import logger
from grove.kit.tenancy import serving
from grove.kit.transactions import Database, Transaction
from grove.usage.events import RepositoriesUsed
from grove.usage.model import Act, Use
from grove.usage.tables import LastUseRow, UsageRow

KEYS_MAX: Final = 50_000
"""With more different uses than this in memory, further ones are not counted until the database takes them."""
_COUNTED: Final = ("tenant_id", "day", "principal_id", "source", "act", "repository_id", "branch")
log = logger(__name__)

_Key = tuple[Any, ...]


class UsageMeter:
    """Counts uses, and writes them down when it is told to. What a killed process has not written yet is lost."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._counts: dict[_Key, tuple[int, datetime]] = {}

    def count(self, actor: Actor, act: Act, uses: Iterable[Use], *, now: datetime) -> None:
        """Count one act, once in all, and once for each repository that it showed something of."""
        start = (actor.tenant_id, now.date(), actor.id, actor.source.value, act.value)
        keys = {(*start, "", ""), *((*start, use.repository_id, use.short_branch) for use in uses)}
        with self._lock:
            for key in keys:
                if key in self._counts or len(self._counts) < KEYS_MAX:
                    count, _ = self._counts.get(key, (0, now))
                    self._counts[key] = (count + 1, now)

    def write(self, *, now: datetime) -> int:
        """Write down what was counted; how many different uses. What cannot be written now is kept.

        :raises StorageBusy: if the database did not answer.
        """
        with self._lock:
            counts, self._counts = self._counts, {}
        written = 0
        try:
            for tenant_id in sorted({tenant_id for tenant_id, *_ in counts}):
                mine = {key: counted for key, counted in counts.items() if key[0] == tenant_id}
                with serving(tenant_id), self._database.transaction() as tx:
                    _write(tx, mine, now=now)
                counts = {key: counted for key, counted in counts.items() if key not in mine}
                written += len(mine)
        except Exception:
            self._take_back(counts)
            raise
        return written

    def _take_back(self, counts: dict[_Key, tuple[int, datetime]]) -> None:
        with self._lock:
            for key, (count, last_at) in counts.items():
                more, later = self._counts.get(key, (0, last_at))
                self._counts[key] = (count + more, max(last_at, later))


def _write(tx: Transaction, counts: dict[_Key, tuple[int, datetime]], *, now: datetime) -> None:
    rows = [
        dict(zip(_COUNTED, key, strict=True), count=count, last_at=last_at)
        for key, (count, last_at) in sorted(counts.items())  # in one order, so that two processes never wait crosswise
    ]
    added = _upsert(tx, UsageRow)
    tx.session.execute(_set(added, keys=_COUNTED, count=UsageRow.count + added.excluded.count), rows)
    last: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["last_at"]):
        if row["repository_id"]:
            names = ("repository_id", "tenant_id", "principal_id", "last_at")
            last[row["repository_id"]] = {name: row[name] for name in names}
    if not last:
        return
    used = _upsert(tx, LastUseRow)
    keyed = _set(used, keys=("repository_id",), principal_id=used.excluded.principal_id)
    tx.session.execute(keyed, [last[repository_id] for repository_id in sorted(last)])
    for tenant_id in sorted({row["tenant_id"] for row in last.values()}):
        ids = tuple(sorted(name for name, row in last.items() if row["tenant_id"] == tenant_id))
        tx.publish(RepositoriesUsed(tenant_id=tenant_id, repository_ids=ids, at=now))


def _upsert(tx: Transaction, table: type[UsageRow | LastUseRow]) -> Any:
    dialect: Any = postgresql if tx.session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def _set(inserted: Any, *, keys: Iterable[str], **more: Any) -> Insert:
    changed: Insert = inserted.on_conflict_do_update(
        index_elements=list(keys), set_={"last_at": inserted.excluded.last_at, **more}
    )
    return changed
