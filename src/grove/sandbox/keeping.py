"""Worker processes that are kept running: one that dies is replaced."""

import threading
import time
from collections.abc import Callable
from typing import Final

from grove.kit.logging import logger
from grove.sandbox.worker import Worker

CHECK_SECONDS: Final = 0.5
RESTART_SECONDS: Final = 1.0
"""The least time between two starts after deaths."""
STOP_SECONDS_MAX: Final = 30.0

log = logger(__name__)


class KeptProcesses:
    """So many processes of one sort, each by a name of its own."""

    def __init__(
        self,
        sort: str,
        *,
        count: int,
        start: Callable[[], tuple[str, Worker]],
        on_death: Callable[[str], None] = lambda _name: None,
        on_whole: Callable[[], None] = lambda: None,
    ) -> None:
        """`start` starts one and names it; `on_death` is told the name of one that died, `on_whole` that all run."""
        self._sort = sort
        self._count = count
        self._start = start
        self._on_death = on_death
        self._on_whole = on_whole
        self._stopping = threading.Event()
        self._processes: dict[str, Worker] = {}
        self._thread = threading.Thread(target=self._watch, name=f"kept-{sort}", daemon=True)

    def start(self) -> None:
        """Start them all, and begin to watch them."""
        self._fill()
        self._thread.start()

    def stop(self) -> None:
        """Stop them all; one that does not stop in time is killed."""
        self._stopping.set()
        self._thread.join()
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while time.monotonic() < deadline and not self._are_dead():
            time.sleep(0.05)
        for process in self._processes.values():
            if process.poll() is None:
                process.kill()

    def are_alive(self) -> bool:
        """Whether every one runs."""
        return all(process.poll() is None for process in list(self._processes.values()))

    def _are_dead(self) -> bool:
        return all(process.poll() is not None for process in self._processes.values())

    def _fill(self) -> None:
        while len(self._processes) < self._count:
            name, process = self._start()
            self._processes[name] = process
        self._on_whole()

    def _watch(self) -> None:
        while not self._stopping.wait(CHECK_SECONDS):
            dead = [name for name, process in self._processes.items() if process.poll() is not None]
            if not dead:
                continue
            for name in dead:
                exit_code = self._processes[name].poll()
                log.warning("process_died", sort=self._sort, name=name, exit_code=exit_code)
                self._on_death(name)
            self._stopping.wait(RESTART_SECONDS)
            for name in dead:
                del self._processes[name]
            self._fill()
