"""What is started, within which limits, and how it ended. Pure: starts nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024


class Stop(StrEnum):
    """Why a process was ended before it finished by itself."""

    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    OUTPUT = "output"
    PROCESSES = "processes"
    MEMORY = "memory"
    CPU = "cpu"
    DISK = "disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a process may use at most; `None` is no limit.

    `seconds_max` is the whole life of a process that is run, and the wait for one answer of a process that is started.
    A process that is stopped has `grace_seconds` to end by itself.
    """

    seconds_max: float = 60.0
    grace_seconds: float = 5.0
    cpu_seconds_max: int | None = None
    memory_bytes_max: int | None = None
    file_bytes_max: int | None = None
    open_files_max: int = 256
    stdout_bytes_max: int = 64 * MIB
    stderr_bytes_max: int | None = None
    stderr_bytes_kept: int = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program and all that it is given.

    `argv[0]` is an absolute path; `env` is its whole environment; `stdin` is what it reads, and without it there is
    nothing to read; `on_stdout` and `on_stderr` are told every chunk of what it says, and what one was told of standard
    output is not kept here.
    """

    argv: Sequence[str | bytes]
    env: Mapping[str, str]
    cwd: Path
    stdin: bytes | None = None
    limits: Limits = field(default_factory=Limits)
    pass_fds: tuple[int, ...] = ()
    on_stdout: Callable[[bytes], None] | None = None
    on_stderr: Callable[[bytes], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a process ended: `exit_code` is minus the signal when one ended it, `stderr` its last words."""

    pid: int
    exit_code: int
    stdout: bytes
    stderr: bytes
    stopped: Stop | None
    seconds: float
