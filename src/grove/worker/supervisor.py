"""Keeping worker processes alive: one that dies is replaced, and its job is free for others at once."""

import operator
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from grove import sandbox
from grove.jobs import recover_workers
from grove.kit.errors import GroveError
from grove.kit.ids import new_id
from grove.kit.logging import logger
from grove.kit.tenancy import serving_all
from grove.wiring import Grove

CHECK_SECONDS = 0.5
RESTART_SECONDS = 1.0
"""The least time between two starts of the same worker."""
STOP_SECONDS_MAX = 30.0

log = logger(__name__)


class Supervisor:
    """Runs the worker processes of one server."""

    def __init__(self, grove: Grove) -> None:
        self._grove = grove
        self._prefix = f"{grove.node}/"
        self._stopping = threading.Event()
        self._processes: dict[str, sandbox.Worker] = {}
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        """Free the jobs of an earlier server's workers, then start this one's."""
        self._recover(lambda worker: worker.startswith(self._prefix))
        for _ in range(self._grove.settings.workers):
            self._spawn()
        self._thread.start()

    def stop(self) -> None:
        """Stop every worker; one that does not stop in time is killed, and its job is free for others."""
        self._stopping.set()
        self._thread.join()
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while time.monotonic() < deadline and any(process.poll() is None for process in self._processes.values()):
            time.sleep(0.05)
        for process in self._processes.values():
            if process.poll() is None:
                process.kill()

    def is_alive(self) -> bool:
        """Whether every worker runs."""
        return all(process.poll() is None for process in self._processes.values())

    def pids(self) -> list[int]:
        """The processes' numbers."""
        return [process.pid for process in self._processes.values()]

    def _spawn(self) -> None:
        name = f"{self._prefix}{new_id()[:8]}"
        argv = [sys.executable, "-m", "grove.launch", "worker", "--name", name]
        self._processes[name] = sandbox.spawn(argv, env=self._grove.settings.environment())

    def _watch(self) -> None:
        while not self._stopping.wait(CHECK_SECONDS):
            for name in [name for name, process in self._processes.items() if process.poll() is not None]:
                exit_code = self._processes.pop(name).poll()
                log.warning("worker_died", worker=name, exit_code=exit_code)
                self._recover(partial(operator.eq, name))
                self._stopping.wait(RESTART_SECONDS)
                self._spawn()

    def _recover(self, is_dead: Callable[[str], bool]) -> None:
        try:
            with serving_all(), self._grove.database.transaction() as tx:
                count = recover_workers(tx, is_dead=is_dead, now=datetime.now(UTC))
        except GroveError as busy:
            log.warning("recovery_failed", code=busy.code)  # their leases run out by themselves
            return
        if count:
            log.info("jobs_recovered", count=count)
