"""Worker processes: long lives of our own code beside this process."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from grove.sandbox.child import GRACE_SECONDS, Child, launch
from grove.sandbox.model import Command, Limits

_OPEN_FILES_MAX: Final = 4096


class Worker:
    """A worker process; it speaks to the same standard output and error as this process, and ends with it."""

    def __init__(self, child: Child) -> None:
        self.pid = child.pid
        self._child = child
        self._exit_code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or `None` while it lives."""
        if self._exit_code is None and self._child.has_exited():
            self._exit_code = self._child.end()
        return self._exit_code

    def wait(self, seconds_max: float) -> int | None:
        """Wait for its end, at most so long, and give its exit code if it came."""
        self._child.wait(seconds_max)
        return self.poll()

    def terminate(self) -> None:
        """Ask it to finish."""
        if self.poll() is None:
            self._child.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and all that it started, at once."""
        if self._exit_code is None:
            self._exit_code = self._child.end()

    def stop(self, seconds_max: float = GRACE_SECONDS) -> int:
        """Ask it to finish, wait so long, then end it; give its exit code."""
        self.terminate()
        exit_code = self.wait(seconds_max)
        if exit_code is None:
            self.kill()
        assert self._exit_code is not None
        return self._exit_code


def spawn(
    argv: Sequence[str], env: Mapping[str, str], *, cwd: Path = Path("/"), limits: Limits | None = None
) -> Worker:
    """Start a worker process of ours.

    :raises ExecutableMissing: if the program is not there or may not be run.
    """
    command = Command(argv=argv, env=env, cwd=cwd, limits=limits or Limits(open_files_max=_OPEN_FILES_MAX))
    return Worker(launch(command, stdin=subprocess.DEVNULL, stdout=None, stderr=None))
