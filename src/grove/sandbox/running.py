"""A process that is asked many questions through its pipes."""

import subprocess
import time
from typing import Final, Self

from grove.sandbox.child import Child, launch
from grove.sandbox.errors import ChildDied, ChildTimeout
from grove.sandbox.model import Command
from grove.sandbox.pipes import Pipes

_TICK_SECONDS: Final = 0.05
_CLOSE_SECONDS_MAX: Final = 1.0


class Running:
    """A started process. Use it as a context manager; it belongs to one thread at a time."""

    def __init__(self, child: Child, command: Command) -> None:
        self.pid = child.pid
        self._child = child
        self._seconds_max = command.limits.seconds_max
        self._pipes = Pipes(child, tail_bytes_max=command.limits.stderr_bytes_kept, on_stderr=command.on_stderr)
        if command.stdin is not None:
            self._pipes.send(command.stdin, last=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def complaints(self) -> bytes:
        """The tail of its standard error."""
        return bytes(self._pipes.tail)

    def write(self, content: bytes, *, last: bool = False) -> None:
        """Give it bytes to read, as it answers; after the last ones its input ends."""
        self._pipes.send(content, last=last)

    def read_exactly(self, count: int, *, seconds_max: float | None = None) -> bytes:
        """The next `count` bytes of its output, by default in the time of its limits.

        :raises ChildDied: if its output ends before.
        :raises ChildTimeout: if they do not come in time.
        """
        deadline = self._deadline(seconds_max)
        received = self._pipes.received
        while len(received) < count:
            self._wait(deadline)
        return self._take(count)

    def read_until(self, separator: bytes, *, bytes_max: int) -> bytes | None:
        """Its output up to and without the next separator, or `None` when its output ended well before one.

        :raises ChildDied: if its output ends in the middle, or there is no separator in the first `bytes_max` bytes.
        :raises ChildTimeout: if it does not come in time.
        """
        deadline = self._deadline()
        received = self._pipes.received
        searched = 0
        while (found := received.find(separator, searched)) < 0:
            searched = max(0, len(received) - len(separator) + 1)
            if self._pipes.output_ended and not received:
                return None
            if len(received) > bytes_max:
                raise ChildDied(reason="answer too long", bytes_max=bytes_max)
            self._wait(deadline)
        taken = self._take(found)
        self._take(len(separator))
        return taken

    def close(self) -> int:
        """End its input, give it a moment to finish, end it, and give its exit code."""
        self._pipes.send(b"", last=True)
        deadline = time.monotonic() + _CLOSE_SECONDS_MAX
        while self._pipes.is_open and time.monotonic() < deadline:
            self._pipes.move(_TICK_SECONDS)
            self._pipes.received.clear()
        self._child.wait(max(0.0, deadline - time.monotonic()))
        return self.kill()

    def kill(self) -> int:
        """End it and all that it started, at once, and give its exit code."""
        exit_code = self._child.end()
        self._pipes.close()
        return exit_code

    def _deadline(self, seconds_max: float | None = None) -> float:
        return time.monotonic() + (self._seconds_max if seconds_max is None else seconds_max)

    def _take(self, count: int) -> bytes:
        received = self._pipes.received
        taken = bytes(received[:count])
        del received[:count]
        return taken

    def _wait(self, deadline: float) -> None:
        if self._pipes.output_ended:
            raise ChildDied(reason="output ended")
        left = deadline - time.monotonic()
        if left <= 0:
            raise ChildTimeout(pid=self.pid)
        self._pipes.move(min(left, _TICK_SECONDS))


def start(command: Command, *, stdin: int = subprocess.PIPE, stdout: int = subprocess.PIPE) -> Running:
    """Start a process that is spoken to through pipes, but for those in whose place an open file is given.

    :raises ExecutableMissing: if the program is not there or may not be run.
    """
    child = launch(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)
    return Running(child, command)
