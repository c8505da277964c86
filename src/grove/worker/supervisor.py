"""Keeping worker processes alive: one that dies is replaced, and its job is free for others at once."""

import operator
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from grove import sandbox
from grove.jobs import recover_workers
from grove.kit.errors import GroveError
from grove.kit.ids import new_id
from grove.kit.logging import logger
from grove.kit.tenancy import serving_all
from grove.placement import ProcessPlaces
from grove.wiring import Grove

log = logger(__name__)


class Supervisor:
    """Runs the worker processes of one server."""

    def __init__(self, grove: Grove) -> None:
        self._grove = grove
        self._prefix = f"{grove.node}/"
        self._missing = ProcessPlaces(grove.locator).worker_missing
        self._processes = sandbox.KeptProcesses(
            "worker",
            count=grove.settings.workers,
            start=self._spawn,
            on_death=self._free,
            on_whole=lambda: self._missing.unlink(missing_ok=True),
        )

    def start(self) -> None:
        """Free the jobs of an earlier server's workers, then start this one's."""
        self._recover(lambda worker: worker.startswith(self._prefix))
        self._processes.start()

    def stop(self) -> None:
        """Stop every worker; one that does not stop in time is killed, and its job is free for others."""
        self._processes.stop()

    def is_alive(self) -> bool:
        """Whether every worker runs."""
        return self._processes.are_alive()

    def _spawn(self) -> tuple[str, sandbox.Worker]:
        name = f"{self._prefix}{new_id()[:8]}"
        argv = [sys.executable, "-m", "grove.launch", "worker", "--name", name]
        return name, sandbox.spawn(argv, env=self._grove.settings.environment())

    def _free(self, name: str) -> None:
        self._missing.touch()
        self._recover(partial(operator.eq, name))

    def _recover(self, is_dead: Callable[[str], bool]) -> None:
        try:
            with serving_all(), self._grove.database.transaction() as tx:
                count = recover_workers(tx, is_dead=is_dead, now=datetime.now(UTC))
        except GroveError as busy:
            log.warning("recovery_failed", code=busy.code)  # their leases run out by themselves
            return
        if count:
            log.info("jobs_recovered", count=count)
