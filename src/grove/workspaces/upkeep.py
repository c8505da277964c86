"""What has workspaces looked after without anybody asking: whatever their mirrors do."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from grove import accounts, jobs
from grove.kit.gate import Source
from grove.kit.rounds import Rounds
from grove.kit.tenancy import serving, serving_all
from grove.kit.transactions import Database, Transaction
from grove.workspaces import rows
from grove.workspaces.keeping import KEEP_UP_JOB
from grove.workspaces.model import WorkspaceLimits

LOOK_SECONDS: Final = 600.0


Step = Callable[..., object]
"""Something to be looked after in a tenant: given a transaction, `tenant_id` and `now`."""


def request_upkeep(tx: Transaction, *, limits: WorkspaceLimits, now: datetime) -> int:
    """Have repositories looked after whose workspaces are to end by themselves, or to go; how many there are."""
    over = rows.repositories_over(tx, limits=limits, now=now)
    for tenant_id, repository_id in over:
        steward = accounts.steward(tx, tenant_id=tenant_id, source=Source.WORKER, now=now)
        jobs.enqueue(
            tx, tenant_id=tenant_id, kind=KEEP_UP_JOB, target_id=repository_id, requested_by=steward.id, now=now
        )
    return len(over)


def workspace_rounds(database: Database, *, limits: WorkspaceLimits, also: Step) -> Rounds:
    """Look every few minutes whether workspaces are over, and have something else looked after `also`."""
    return Rounds("workspaces", lambda: _look(database, limits, also), seconds=LOOK_SECONDS)


def _look(database: Database, limits: WorkspaceLimits, also: Step) -> None:
    with serving_all(), database.reading() as tx:
        tenants = accounts.list_tenants(tx)
    for tenant_id in tenants:
        with serving(tenant_id), database.transaction() as tx:
            now = datetime.now(UTC)
            request_upkeep(tx, limits=limits, now=now)
            also(tx, tenant_id=tenant_id, now=now)
