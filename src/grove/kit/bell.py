"""A bell between the processes of one machine: whoever waits for something to do hears at once that there is some.

It is a named pipe. Nothing depends on its being heard: who listens looks from time to time in any case.
"""

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_BYTES_TOGETHER: Final = 4_096
_FLAGS: Final = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW


class Bell:
    """Can be rung and heard by any number of processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ring(self) -> None:
        """Wake whoever listens. It is well if nobody does."""
        with suppress(OSError):  # nobody has ever listened, nobody does now, or it has been rung often enough
            descriptor = os.open(self._path, os.O_WRONLY | _FLAGS)
            try:
                os.write(descriptor, b".")
            finally:
                os.close(descriptor)

    @contextmanager
    def heard(self) -> Iterator["Ear"]:
        """Listen while the block lasts."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.mkfifo(self._path, 0o600)
        # Open for writing too: else it would be at its end whenever nobody rings.
        descriptor = os.open(self._path, os.O_RDWR | _FLAGS)
        try:
            yield Ear(descriptor)
        finally:
            os.close(descriptor)


class Ear:
    """Somebody who listens; what is rung while nobody waits is heard with the next wait."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def wait(self, seconds_max: float) -> bool:
        """Wait until the bell is rung, or the time is over; whether it was rung."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        if not poll.poll(seconds_max * 1_000):
            return False
        with suppress(BlockingIOError):  # somebody else has heard it too, and was quicker
            os.read(self._descriptor, _BYTES_TOGETHER)
        return True
