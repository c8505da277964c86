"""The thread of a process that writes its counts down."""

import threading
from datetime import UTC, datetime
from typing import Final

from grove.kit.errors import GroveError
from grove.kit.logging import logger
from grove.usage.meter import UsageMeter

WRITE_SECONDS: Final = 5.0
log = logger(__name__)


class UsageKeeper:
    """Writes counts down every few seconds as long as it runs, and once more at its end."""

    def __init__(self, meter: UsageMeter) -> None:
        self._meter = meter
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="usage", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait until it has ended."""
        self._stopping.set()
        self._thread.join()

    def _go_on(self) -> None:
        is_over = False
        while not is_over:
            is_over = self._stopping.wait(WRITE_SECONDS)
            try:
                self._meter.write(now=datetime.now(UTC))
            except GroveError as busy:
                log.warning("usage_not_written", code=busy.code)
            except Exception:
                log.exception("usage_not_written")
