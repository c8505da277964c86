"""Running a process to its end."""

import signal
import subprocess
import time
from collections.abc import Callable
from typing import Final

from grove.sandbox.child import Child, launch
from grove.sandbox.model import Command, Finished, Stop
from grove.sandbox.pipes import Pipes

_TICK_SECONDS: Final = 0.05
_DRAIN_SECONDS_MAX: Final = 1.0


def _never() -> bool:
    return False


def _content(_: int) -> Stop | None:
    return None


def run(
    command: Command, *, cancelled: Callable[[], bool] = _never, watch: Callable[[int], Stop | None] = _content
) -> Finished:
    """Run a process and wait for it; `cancelled` is asked at least ten times a second.

    So is `watch`, with the number of the process: whether there is a reason to stop it. On a time-out, a cancellation,
    too much output or such a reason its group is asked to end, and is killed when its grace is over.

    :raises ExecutableMissing: if the program is not there or may not be run.
    """
    began = time.monotonic()
    stdin = subprocess.DEVNULL if command.stdin is None else subprocess.PIPE
    child = launch(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    pipes = Pipes(
        child,
        tail_bytes_max=command.limits.stderr_bytes_kept,
        on_stdout=command.on_stdout,
        on_stderr=command.on_stderr,
    )
    try:
        if command.stdin is not None:
            pipes.send(command.stdin, last=True)
        stopped = _exchange(child, pipes, command, reason=lambda: _reason(child, cancelled, watch))
        if stopped is not None:
            _ask_to_end(child, pipes, grace_seconds=command.limits.grace_seconds)
    finally:
        exit_code = child.end()
        pipes.close()
    return Finished(
        pid=child.pid,
        exit_code=exit_code,
        stdout=bytes(pipes.received[: command.limits.stdout_bytes_max]),
        stderr=bytes(pipes.tail),
        stopped=stopped,
        seconds=time.monotonic() - began,
    )


def _reason(child: Child, cancelled: Callable[[], bool], watch: Callable[[int], Stop | None]) -> Stop | None:
    return Stop.CANCELLED if cancelled() else watch(child.pid)


def _exchange(child: Child, pipes: Pipes, command: Command, *, reason: Callable[[], Stop | None]) -> Stop | None:
    """Move bytes until the process has ended and said all, or must be stopped."""
    deadline = time.monotonic() + command.limits.seconds_max
    while True:
        if pipes.is_open:
            pipes.move(_TICK_SECONDS)
        else:
            child.wait(_TICK_SECONDS)
        ended = child.has_exited()
        if ended:
            _drain(child, pipes, command)
        if _has_said_too_much(pipes, command):
            return Stop.OUTPUT
        if ended:
            return None
        if (stopped := reason()) is not None:
            return stopped
        if time.monotonic() >= deadline:
            return Stop.TIMEOUT


def _has_said_too_much(pipes: Pipes, command: Command) -> bool:
    limits = command.limits
    stderr_bytes_max = pipes.stderr_bytes if limits.stderr_bytes_max is None else limits.stderr_bytes_max
    return pipes.stdout_bytes > limits.stdout_bytes_max or pipes.stderr_bytes > stderr_bytes_max


def _drain(child: Child, pipes: Pipes, command: Command) -> None:
    """Take what an ended process has said; descendants that hold its pipes open end with it."""
    child.signal_group(signal.SIGKILL)
    deadline = time.monotonic() + _DRAIN_SECONDS_MAX
    while pipes.is_open and time.monotonic() < deadline:
        pipes.move(_TICK_SECONDS)
        if _has_said_too_much(pipes, command):
            return


def _ask_to_end(child: Child, pipes: Pipes, *, grace_seconds: float) -> None:
    child.signal_group(signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while not child.has_exited() and time.monotonic() < deadline:
        pipes.received.clear()
        pipes.move(_TICK_SECONDS)
        if not pipes.is_open:
            child.wait(_TICK_SECONDS)
