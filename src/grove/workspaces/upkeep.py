"""What has workspaces looked after without anybody asking: whatever their mirrors do."""

import threading
from datetime import UTC, datetime
from typing import Final

from grove import accounts, jobs
from grove.kit.gate import Source
from grove.kit.logging import logger
from grove.kit.tenancy import serving, serving_all
from grove.kit.transactions import Database, Transaction
from grove.workspaces import rows
from grove.workspaces.keeping import KEEP_UP_JOB
from grove.workspaces.model import WorkspaceLimits

LOOK_SECONDS: Final = 600.0
log = logger(__name__)


def request_upkeep(tx: Transaction, *, limits: WorkspaceLimits, now: datetime) -> int:
    """Have repositories looked after whose workspaces are to end by themselves, or to go; how many there are."""
    over = rows.repositories_over(tx, limits=limits, now=now)
    for tenant_id, repository_id in over:
        steward = accounts.steward(tx, tenant_id=tenant_id, source=Source.WORKER, now=now)
        jobs.enqueue(
            tx, tenant_id=tenant_id, kind=KEEP_UP_JOB, target_id=repository_id, requested_by=steward.id, now=now
        )
    return len(over)


class WorkspaceKeeper:
    """Looks every few minutes as long as it runs."""

    def __init__(self, database: Database, *, limits: WorkspaceLimits) -> None:
        self._database = database
        self._limits = limits
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="workspaces", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait until it has ended."""
        self._stopping.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self._look()
            except Exception:
                log.exception("workspaces_not_looked_after")

    def _look(self) -> None:
        with serving_all(), self._database.reading() as tx:
            tenants = accounts.list_tenants(tx)
        for tenant_id in tenants:
            with serving(tenant_id), self._database.transaction() as tx:
                request_upkeep(tx, limits=self._limits, now=datetime.now(UTC))
