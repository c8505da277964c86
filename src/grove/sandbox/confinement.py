"""A command that is not trusted, what it may see and use, and how it ended. Pure: starts nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from grove.sandbox.model import MIB, Stop

THREADS_PER_PROCESS: Final = 32
SIGNALLED: Final = 128
"""What is added to the number of a signal that ended a command, to make its exit code, as shells do."""


class Method(StrEnum):
    """By what a command is confined; the strongest first."""

    BUBBLEWRAP = "bubblewrap"
    LANDLOCK = "landlock"


class Holder(StrEnum):
    """Who holds a command to its bounds."""

    GROUP = "cgroup"
    """The kernel counts all its processes together, and lets none have more."""
    LIMITS = "limits"
    """The kernel holds each process alone, and all together to so many; looks find what they use together."""
    LOOKS = "looks"
    """The kernel holds each process alone; all else is found by looks, since the server runs as root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a command may use at most.

    Memory and processor time are those of all its processes together; each process alone is bounded by the same. The
    command is stopped when less than `disk_free_bytes_min` is left where it writes.
    """

    seconds_max: float = 60.0
    cpu_seconds_max: int = 120
    memory_bytes_max: int = 1024 * MIB
    processes_max: int = 64
    file_bytes_max: int = 256 * MIB
    home_bytes_max: int = 256 * MIB
    open_files_max: int = 1024
    stdout_bytes_max: int = MIB
    stderr_bytes_max: int = 64 * MIB
    stderr_bytes_kept: int = 64 * 1024
    disk_free_bytes_min: int = 256 * MIB

    @property
    def threads_max(self) -> int:
        """How many threads all its processes may have together."""
        return THREADS_PER_PROCESS * self.processes_max


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """A command, and all that it is given.

    `argv[0]` and `cwd` are absolute. Besides the system's programs it sees only `readable` and `writable`, each by its
    own path. `env` is added to a search path, a locale, and a home and a temporary folder that are its own, empty and
    gone afterwards. With `network` it reaches whatever this machine reaches, services of this machine too. `on_stdout`
    and `on_stderr` are told what it says as it says it, and may not wait for long.
    """

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    readable: Sequence[Path] = ()
    writable: Sequence[Path] = ()
    network: bool = False
    stdin: bytes | None = None
    bounds: Bounds = field(default_factory=Bounds)
    on_stdout: Callable[[bytes], None] | None = None
    on_stderr: Callable[[bytes], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended: `exit_code` is 128 more than the signal when one ended it, `stopped` the bound it met.

    `stdout` is the beginning of what it said, `stderr` its last words; `held_by` held it to its bounds.
    """

    method: Method
    held_by: Holder
    exit_code: int
    stdout: bytes
    stderr: bytes
    stopped: Stop | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Whether a method works on this machine, and why not."""

    method: Method
    problem: str | None
    solution: str | None = None

    @property
    def works(self) -> bool:
        """Whether it does."""
        return self.problem is None
