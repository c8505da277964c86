"""Counting in memory, so that no question waits for it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql, sqlite

from grove.kit.gate import Actor
from grove.kit.tally import Counted, Key, Tally
from grove.kit.transactions import Database, Transaction
from grove.usage.events import RepositoriesUsed
from grove.usage.model import Act, Use
from grove.usage.tables import LastUseRow, UsageRow

_COUNTED: Final = ("tenant_id", "day", "principal_id", "source", "act", "repository_id", "branch")


class UsageMeter:
    """Counts uses, and writes them down when it is told to. What a killed process has not written yet is lost."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tally = Tally("usage")

    def count(self, actor: Actor, act: Act, uses: Iterable[Use], *, now: datetime) -> None:
        """Count one act, once in all, and once for each repository that it showed something of."""
        start = (actor.tenant_id, now.date(), actor.id, actor.source.value, act.value)
        keys = {(*start, "", ""), *((*start, use.repository_id, use.short_branch) for use in uses)}
        self._tally.add(keys, now=now)

    def write(self, *, now: datetime) -> int:
        """Write down what was counted; how many different uses. What cannot be written now is kept.

        :raises StorageBusy: if the database did not answer.
        """
        return self._tally.write(self._database, lambda tx, counts: _write(tx, counts, now=now))


def _write(tx: Transaction, counts: Mapping[Key, Counted], *, now: datetime) -> None:
    rows = [
        dict(zip(_COUNTED, key, strict=True), count=counted.count, last_at=counted.last_at)
        for key, counted in counts.items()
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
