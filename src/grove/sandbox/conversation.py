"""A process that an event loop writes to and reads from piece by piece; what passes through is never held whole."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import IO, Any, Final

from grove.sandbox.child import Child, launch
from grove.sandbox.errors import ChildDied, ChildTimeout
from grove.sandbox.model import Command

_PIECE_BYTES: Final = 256 * 1024
_END_SECONDS_MAX: Final = 5.0


class Conversation:
    """A started process. One task may write to it while another reads."""

    def __init__(self, child: Child, *, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self.complaints = b""
        """The tail of its standard error."""
        self._child = child
        self._stdin = stdin
        self._stdout = stdout

    async def write(self, piece: bytes) -> None:
        """Give it bytes to read, as fast as it takes them.

        :raises ChildDied: if it reads no more.
        """
        loop, descriptor, rest = asyncio.get_running_loop(), self._stdin.fileno(), memoryview(piece)
        while rest:
            try:
                rest = rest[os.write(descriptor, rest) :]
            except BlockingIOError:
                await _until(descriptor, loop.add_writer, loop.remove_writer)
            except BrokenPipeError as error:
                raise ChildDied(reason="input refused") from error

    def end_input(self) -> None:
        """Tell it that nothing more comes."""
        self._stdin.close()

    async def read(self) -> bytes:
        """The next piece of its output; empty when there is no more."""
        return await _read(self._stdout)

    async def wait(self) -> int:
        """Wait a little for its end, end it, and give its exit code; its output has been read."""
        await asyncio.to_thread(self._child.wait, _END_SECONDS_MAX)
        return self._child.end()

    async def listen(self, stderr: IO[bytes], *, bytes_kept: int) -> None:
        """Take what it complains about, as long as it does."""
        while piece := await _read(stderr):
            self.complaints = (self.complaints + piece)[-bytes_kept:]


@asynccontextmanager
async def converse(command: Command) -> AsyncIterator[Conversation]:
    """Start a process and speak to it while the block lasts; afterwards it and all that it started are ended.

    :raises ExecutableMissing: if the program is not there or may not be run.
    :raises ChildTimeout: if the block lasts longer than the command's limit.
    """
    # Not in a thread: one that is cancelled would leave a process that nobody ends.
    child = launch(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    stdin, stdout, stderr = child.process.stdin, child.process.stdout, child.process.stderr
    assert stdin is not None
    assert stdout is not None
    assert stderr is not None
    for stream in (stdin, stdout, stderr):
        os.set_blocking(stream.fileno(), False)
    conversation = Conversation(child, stdin=stdin, stdout=stdout)
    listening = asyncio.ensure_future(conversation.listen(stderr, bytes_kept=command.limits.stderr_bytes_kept))
    try:
        async with asyncio.timeout(command.limits.seconds_max):
            yield conversation
    except TimeoutError as error:
        raise ChildTimeout(pid=child.pid) from error
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        child.end()


async def _read(stream: IO[bytes]) -> bytes:
    loop, descriptor = asyncio.get_running_loop(), stream.fileno()
    while True:
        try:
            return os.read(descriptor, _PIECE_BYTES)
        except BlockingIOError:
            await _until(descriptor, loop.add_reader, loop.remove_reader)


async def _until(descriptor: int, add: Callable[..., Any], remove: Callable[[int], Any]) -> None:
    """Wait until a pipe can be written to or read from."""
    ready = asyncio.Event()
    add(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        remove(descriptor)
