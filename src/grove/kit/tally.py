"""Counting in memory, so that nothing waits for it; written down in batches."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from grove.kit.logging import logger
from grove.kit.tenancy import serving
from grove.kit.transactions import Database, Transaction

KEYS_MAX: Final = 50_000
"""With more different keys than this in memory, further ones are not counted until the database takes them."""
log = logger(__name__)

Key = tuple[Any, ...]
"""What is counted: the id of its tenant, and whatever tells it from others."""


@dataclass(slots=True)
class Counted:
    """How often, and when first and last."""

    count: int
    first_at: datetime
    last_at: datetime

    def add(self, other: "Counted") -> None:
        """Count what another counted, too."""
        self.count += other.count
        self.first_at = min(self.first_at, other.first_at)
        self.last_at = max(self.last_at, other.last_at)


class Tally:
    """Counts keys, and writes them down when it is told to. What a killed process has not written yet is lost."""

    def __init__(self, name: str, *, keys_max: int = KEYS_MAX) -> None:
        """`name` is what the log calls it."""
        self._name = name
        self._keys_max = keys_max
        self._lock = threading.Lock()
        self._counts: dict[Key, Counted] = {}
        self._lost = 0

    def add(self, keys: Iterable[Key], *, now: datetime) -> None:
        """Count each key once."""
        with self._lock:
            for key in keys:
                self._add(key, Counted(1, now, now))

    def write(self, database: Database, write: Callable[[Transaction, Mapping[Key, Counted]], None]) -> int:
        """Have `write` write down what was counted, each tenant's by itself; how many keys. What fails is kept.

        :raises StorageBusy: if the database did not answer.
        """
        with self._lock:
            counts, self._counts = self._counts, {}
            lost, self._lost = self._lost, 0
        if lost:
            log.warning("counts_lost", tally=self._name, count=lost, keys_max=self._keys_max)
        written = 0
        try:
            for tenant_id in sorted({tenant_id for tenant_id, *_ in counts}):
                # In one order, so that two processes never wait crosswise.
                mine = {key: counted for key, counted in sorted(counts.items(), key=_key) if key[0] == tenant_id}
                with serving(tenant_id), database.transaction() as tx:
                    write(tx, mine)
                counts = {key: counted for key, counted in counts.items() if key not in mine}
                written += len(mine)
        except Exception:
            self._take_back(counts)
            raise
        return written

    def _take_back(self, counts: Mapping[Key, Counted]) -> None:
        with self._lock:
            for key, counted in counts.items():
                self._add(key, counted)

    def _add(self, key: Key, counted: Counted) -> None:
        known = self._counts.get(key)
        if known is not None:
            known.add(counted)
        elif len(self._counts) < self._keys_max:
            self._counts[key] = counted
        else:
            self._lost += counted.count


def _key(item: tuple[Key, Counted]) -> Key:
    return item[0]
