"""Steps that a process takes again and again beside its work, each sort in a thread of its own."""

import threading
from collections.abc import Callable

from grove.kit.errors import GroveError
from grove.kit.logging import logger

log = logger(__name__)


class Rounds:
    """Takes a step every so many seconds as long as it runs; one that fails is logged, and the next is taken."""

    def __init__(self, name: str, step: Callable[[], object], *, seconds: float, also_at_the_end: bool = False) -> None:
        """The first step is taken `seconds` after the start, one more when it is stopped if `also_at_the_end`."""
        self._name = name
        self._step = step
        self._seconds = seconds
        self._also_at_the_end = also_at_the_end
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name=name, daemon=True)

    @property
    def stopping(self) -> threading.Event:
        """Set when it is to stop: what a long step may listen for."""
        return self._stopping

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait until it has ended."""
        self._stopping.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stopping.wait(self._seconds):
            self._take()
        if self._also_at_the_end:
            self._take()

    def _take(self) -> None:
        try:
            self._step()
        except GroveError as failure:
            log.warning("round_failed", name=self._name, code=failure.code)
        except Exception:
            log.exception("round_failed", name=self._name)
