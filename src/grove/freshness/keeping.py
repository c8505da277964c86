"""The rounds of a server that keep its mirrors up to date: one polls, one watches, one has forges asked."""

from datetime import UTC, datetime
from pathlib import Path

import watchfiles

from grove import accounts, grants
from grove.freshness.deliveries import forget_old_deliveries
from grove.freshness.polling import poll_due, tenants_with_polls
from grove.freshness.watching import changed_repositories, sync_watched, watched_by_tenant, watched_folders
from grove.kit.logging import logger
from grove.kit.rounds import Rounds
from grove.kit.tenancy import serving, serving_all
from grove.kit.transactions import Database

TICK_SECONDS = 1.0
FOLDERS_SECONDS = 2.0
"""How soon it is noticed that another folder is to be watched."""
DEBOUNCE_MS = 100
TICKS_BETWEEN_CLEANUPS = 3_600
_PATIENCE = grants.Patience()
log = logger(__name__)


class Keeper:
    """Keeps mirrors up to date as long as it runs."""

    def __init__(self, database: Database, *, patience: grants.Patience = _PATIENCE) -> None:
        self._database = database
        self._patience = patience
        self._ticks = 0
        self._watching = Rounds("watching", self._watch, seconds=TICK_SECONDS)
        self._rounds = (
            Rounds("polling", self._poll, seconds=TICK_SECONDS),
            Rounds("checking", self._check, seconds=TICK_SECONDS),
            self._watching,
        )

    def start(self) -> None:
        """Begin."""
        for rounds in self._rounds:
            rounds.start()

    def stop(self) -> None:
        """End, and wait until it has ended."""
        for rounds in self._rounds:
            rounds.stop()

    def _poll(self) -> None:
        now = datetime.now(UTC)
        with serving_all(), self._database.reading() as tx:
            due = tenants_with_polls(tx, now=now)
        for tenant_id in due:
            with serving(tenant_id), self._database.transaction() as tx:
                count = poll_due(tx, now=now)
            log.info("polled", tenant=tenant_id, count=count)
        self._ticks += 1
        if self._ticks % TICKS_BETWEEN_CLEANUPS == 0:
            with serving_all(), self._database.transaction() as tx:
                forget_old_deliveries(tx, now=now)

    def _check(self) -> None:
        now = datetime.now(UTC)
        with serving_all(), self._database.reading() as tx:
            is_due = grants.is_check_due(tx, patience=self._patience, now=now)
            tenants = accounts.list_tenants(tx) if is_due else []
        for tenant_id in tenants:
            with serving(tenant_id), self._database.transaction() as tx:
                count = grants.check_due(tx, patience=self._patience, now=now)
            log.info("access_checks_requested", tenant=tenant_id, count=count)

    def _watch(self) -> None:
        """Watch what is to be watched, until that has changed."""
        folders = {folder: name for folder, name in self._folders().items() if folder.is_dir()}
        if not folders:
            return
        changes = watchfiles.watch(
            *folders,
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            stop_event=self._watching.stopping,
            rust_timeout=int(FOLDERS_SECONDS * 1000),
            yield_on_timeout=True,
            raise_interrupt=False,
        )
        for changed in changes:
            moved = changed_repositories((path for _, path in changed), folders)
            if moved:
                self._sync(moved)
            if not changed and {folder for folder in self._folders() if folder.is_dir()} != set(folders):
                return

    def _sync(self, moved: set[str]) -> None:
        with serving_all(), self._database.reading() as tx:
            by_tenant = watched_by_tenant(tx, moved)
        for tenant_id, repository_ids in by_tenant.items():
            with serving(tenant_id), self._database.transaction() as tx:
                sync_watched(tx, repository_ids, now=datetime.now(UTC))

    def _folders(self) -> dict[Path, str]:
        with serving_all(), self._database.reading() as tx:
            return watched_folders(tx)
