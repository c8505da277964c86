"""Moving bytes to and from one child without ever blocking on it."""

import os
import selectors
import subprocess
from collections.abc import Callable
from typing import Final

from grove.sandbox.child import Child

_CHUNK_BYTES: Final = 256 * 1024


class Pipes:
    """The three pipes of a child: what was received and not yet taken, and the tail of what it complained about."""

    def __init__(
        self,
        child: Child,
        *,
        tail_bytes_max: int,
        on_stderr: Callable[[bytes], None] | None,
        on_stdout: Callable[[bytes], None] | None = None,
    ) -> None:
        process = child.process
        self.stdout_bytes = 0
        self.stderr_bytes = 0
        self.received = bytearray()
        self.tail = bytearray()
        self._tail_bytes_max = tail_bytes_max
        self._on_stdout = on_stdout
        self._on_stderr = on_stderr
        self._unsent = bytearray()
        self._ending = False
        self._selector = selectors.DefaultSelector()
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._register(process)

    def _register(self, process: "subprocess.Popen[bytes]") -> None:
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                self._selector.register(stream, selectors.EVENT_READ)

    @property
    def is_open(self) -> bool:
        """Whether the child can still be heard."""
        return bool(self._selector.get_map())

    @property
    def output_ended(self) -> bool:
        """Whether the child closed its standard output."""
        return self._stdout is None

    def send(self, content: bytes, *, last: bool = False) -> None:
        """Queue bytes for the child; after the last ones its input ends."""
        self._ending = self._ending or last
        if self._stdin is None:
            return
        self._unsent += content
        if self._stdin not in self._selector.get_map():
            self._selector.register(self._stdin, selectors.EVENT_WRITE)

    def move(self, seconds_max: float) -> None:
        """Wait for something to happen, at most so long, and move what can be moved."""
        for key, _ in self._selector.select(seconds_max):
            if key.fileobj is self._stdin:
                self._write()
            elif key.fileobj is self._stdout:
                self._read_output()
            else:
                self._read_complaints()

    def close(self) -> None:
        """Stop listening."""
        self._selector.close()

    def _write(self) -> None:
        assert self._stdin is not None
        try:
            del self._unsent[: os.write(self._stdin.fileno(), self._unsent[:_CHUNK_BYTES]) if self._unsent else 0]
        except BrokenPipeError:
            self._unsent.clear()
            self._ending = True
        if not self._unsent:
            self._selector.unregister(self._stdin)
            if self._ending:
                self._stdin.close()
                self._stdin = None

    def _read_output(self) -> None:
        assert self._stdout is not None
        chunk = os.read(self._stdout.fileno(), _CHUNK_BYTES)
        self.stdout_bytes += len(chunk)
        if not chunk:
            self._selector.unregister(self._stdout)
            self._stdout = None
        elif self._on_stdout is not None:
            self._on_stdout(chunk)
        else:
            self.received += chunk

    def _read_complaints(self) -> None:
        assert self._stderr is not None
        chunk = os.read(self._stderr.fileno(), _CHUNK_BYTES)
        if not chunk:
            self._selector.unregister(self._stderr)
            self._stderr = None
            return
        self.stderr_bytes += len(chunk)
        self.tail += chunk
        del self.tail[: -self._tail_bytes_max]
        if self._on_stderr is not None:
            self._on_stderr(chunk)
