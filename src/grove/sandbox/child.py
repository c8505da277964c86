"""Starting and ending one process, with its group.

The lifeline is a pipe that nobody writes to. Its reading end lives on in the child, and the kernel is told to signal
the child's process group when the last writing end closes: that of this process, whichever way it dies.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grove.sandbox.errors import ExecutableMissing
from grove.sandbox.model import Command, Limits

GRACE_SECONDS: Final = 5.0
_POLL_SECONDS_MIN: Final = 0.0005
_POLL_SECONDS_MAX: Final = 0.02
_BLOCK_BYTES: Final = 512
_SHELL: Final = "/bin/sh"


class Child:
    """A started process, the leader of its own session and process group."""

    def __init__(self, process: "subprocess.Popen[bytes]", lifeline: int) -> None:
        self.process = process
        self.pid = process.pid
        self._lifeline: int | None = lifeline

    def has_exited(self) -> bool:
        """Whether the process ended. It is not reaped, so that its number stays reserved until `end`."""
        if self.process.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self, seconds_max: float) -> bool:
        """Wait until the process has ended, or the time is over."""
        deadline = time.monotonic() + seconds_max
        pause = _POLL_SECONDS_MIN
        while not self.has_exited():
            if time.monotonic() >= deadline:
                return False
            time.sleep(pause)
            pause = min(2 * pause, _POLL_SECONDS_MAX)
        return True

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the process and to all that it started."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def end(self) -> int:
        """End what is left of the group at once, reap the process and give its exit code."""
        self.signal_group(signal.SIGKILL)
        exit_code = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        return exit_code


def launch(command: Command, *, stdin: int, stdout: int | None, stderr: int | None) -> Child:
    """Start a process; `stdin`, `stdout` and `stderr` are as `subprocess` has them.

    :raises ExecutableMissing: if the program is not there or may not be run.
    """
    program = os.fsdecode(command.argv[0])
    if not Path(program).is_absolute() or not os.access(program, os.X_OK):
        raise ExecutableMissing(program=program)
    with _pipe() as (lifeline, held), _pipe() as (gate, opener):
        process = subprocess.Popen(
            [_SHELL, "-c", _script(command.limits, gate), _SHELL, *command.argv],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            bufsize=0,
            cwd=command.cwd,
            env=dict(command.env),
            pass_fds=(lifeline, gate, *command.pass_fds),
            start_new_session=True,
            umask=0o077,
        )
        _tie(lifeline, process.pid)
        with contextlib.suppress(BrokenPipeError):
            os.write(opener, b"\n")
        return Child(process, os.dup(held))


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


def _script(limits: Limits, gate: int) -> str:
    """A shell script that waits until it is tied, limits itself and becomes the program.

    So nothing of this process, which may have many threads, is run in a copy of it.
    """
    steps = [f"read -r _ </dev/fd/{gate}", "ulimit -c 0", f"ulimit -n {limits.open_files_max}"]
    if limits.memory_bytes_max is not None:
        steps.append(f"ulimit -v {limits.memory_bytes_max // 1024}")
    if limits.file_bytes_max is not None:
        steps.append(f"ulimit -f {-(-limits.file_bytes_max // _BLOCK_BYTES)}")
    if limits.cpu_seconds_max is not None:
        steps.append(f"ulimit -t {limits.cpu_seconds_max}")
    return " && ".join([*steps, 'exec "$@"'])


def _tie(reading: int, pid: int) -> None:
    fcntl.fcntl(reading, fcntl.F_SETOWN, -pid)
    fcntl.fcntl(reading, fcntl.F_SETSIG, signal.SIGTERM)
    fcntl.fcntl(reading, fcntl.F_SETFL, fcntl.fcntl(reading, fcntl.F_GETFL) | os.O_ASYNC)
