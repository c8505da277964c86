"""Running a command in the folder of a workspace, confined, within bounds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from grove.checkouts.errors import CommandRefused
from grove.checkouts.model import Collected
from grove.sandbox import Bounds, Confinement, Confiner, Outcome

SECONDS_MAX: Final = 600.0
MEMORY_MB_MAX: Final = 8_192
PROCESSES_MAX: Final = 512
WORDS_MAX: Final = 1_000
WORDS_BYTES_MAX: Final = 100_000
OUTPUT_BYTES_MAX: Final = 64 * 1024 * 1024
"""A command that says more on either stream is stopped."""
KEPT_BYTES: Final = 512 * 1024
"""How much of the beginning of a stream is kept, and how much of its end."""
_MB: Final = 1024 * 1024


class Listener:
    """Somebody who waits for a command; this one hears nothing and never goes away. None of it may take long."""

    def started(self) -> None:
        """Be told that the command is about to run."""

    def hear(self, stream: str, piece: bytes) -> None:
        """Be told what it says, as it says it, on `stdout` or `stderr`."""

    def is_gone(self) -> bool:
        """Whether nobody waits any more, so that the command is ended."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command and its bounds."""

    words: Sequence[str]
    stdin: bytes | None = None
    seconds_max: float = 60.0
    memory_mb_max: int = 1_024
    processes_max: int = 64
    network: bool = False

    def check(self) -> None:
        """Return when it can be run.

        :raises CommandRefused: if it is no command, or wants more than there may be.
        """
        if not self.words or not self.words[0] or any("\0" in word for word in self.words):
            raise CommandRefused(reason="it is no command")
        if len(self.words) > WORDS_MAX or sum(map(len, self.words)) > WORDS_BYTES_MAX:
            raise CommandRefused(words_max=WORDS_MAX, characters_max=WORDS_BYTES_MAX)
        bounds = (
            (self.seconds_max, SECONDS_MAX),
            (self.memory_mb_max, MEMORY_MB_MAX),
            (self.processes_max, PROCESSES_MAX),
        )
        if any(not 0 < wanted <= most for wanted, most in bounds):
            raise CommandRefused(seconds_max=SECONDS_MAX, memory_mb_max=MEMORY_MB_MAX, processes_max=PROCESSES_MAX)


@dataclass(slots=True)
class Said:
    """What a command said on one stream: its beginning, its end, and how much it was in all."""

    size_bytes: int = 0
    _head: bytearray = field(default_factory=bytearray)
    _tail: bytearray = field(default_factory=bytearray)

    def add(self, piece: bytes) -> None:
        """Take more of it in."""
        self.size_bytes += len(piece)
        room = KEPT_BYTES - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:] if room > 0 else piece
        del self._tail[:-KEPT_BYTES]

    @property
    def left_out_bytes(self) -> int:
        """How much of its middle is not kept."""
        return self.size_bytes - len(self._head) - len(self._tail)

    @property
    def content(self) -> bytes:
        """All that is kept; where its middle is left out, a line says so."""
        left_out = self.left_out_bytes
        gap = f"\n[... {left_out:,} bytes left out ...]\n".encode() if left_out else b""
        return bytes(self._head) + gap + bytes(self._tail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """How a command ended, what it said, and what came of its changes; `problem` tells why they were not collected."""

    outcome: Outcome
    stdout: Said
    stderr: Said
    collected: Collected | None
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRun:
    """An order in a folder: it can change that folder, read what it borrows from, and reach nothing else of ours."""

    order: Order
    files: Path
    readable: Sequence[Path]
    listener: Listener
    stdout: Said = field(default_factory=Said)
    stderr: Said = field(default_factory=Said)

    def run(self, confiner: Confiner) -> Outcome:
        """Run it to its end.

        :raises ConfinementUnavailable: if nothing on this machine can confine it.
        """
        order = self.order
        confinement = Confinement(
            argv=["/usr/bin/env", "--", *order.words],
            cwd=self.files,
            readable=self.readable,
            writable=[self.files],
            network=order.network,
            stdin=order.stdin,
            on_stdout=self._on_stdout,
            on_stderr=self._on_stderr,
            bounds=Bounds(
                seconds_max=order.seconds_max,
                cpu_seconds_max=int(order.seconds_max) * 4 + 1,
                memory_bytes_max=order.memory_mb_max * _MB,
                processes_max=order.processes_max,
                stdout_bytes_max=OUTPUT_BYTES_MAX,
                stderr_bytes_max=OUTPUT_BYTES_MAX,
            ),
        )
        return confiner.confine(confinement, cancelled=self.listener.is_gone)

    def _on_stdout(self, piece: bytes) -> None:
        self.stdout.add(piece)
        self.listener.hear("stdout", piece)

    def _on_stderr(self, piece: bytes) -> None:
        self.stderr.add(piece)
        self.listener.hear("stderr", piece)
