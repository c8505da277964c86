"""Running a command in the folder of a workspace, confined, within bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
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
OUTPUT_BYTES_MAX: Final = 1024 * 1024
_MB: Final = 1024 * 1024


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """How a command ended, and what came of its changes; `problem` tells why they were not collected."""

    outcome: Outcome
    collected: Collected | None
    problem: str


def run_order(confiner: Confiner, order: Order, *, files: Path, readable: Sequence[Path]) -> Outcome:
    """Run a command in a folder: it can change that folder, read what it borrows from, and reach nothing else of ours.

    :raises ConfinementUnavailable: if nothing on this machine can confine it.
    """
    return confiner.confine(
        Confinement(
            argv=["/usr/bin/env", "--", *order.words],
            cwd=files,
            readable=readable,
            writable=[files],
            network=order.network,
            stdin=order.stdin,
            bounds=Bounds(
                seconds_max=order.seconds_max,
                cpu_seconds_max=int(order.seconds_max) * 4 + 1,
                memory_bytes_max=order.memory_mb_max * _MB,
                processes_max=order.processes_max,
                stdout_bytes_max=OUTPUT_BYTES_MAX,
            ),
        )
    )
