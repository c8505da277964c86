"""Running git: the one function through which every git process is started."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from grove.git.commands import COMMANDS, words
from grove.git.complaints import error_of
from grove.git.environment import Setting, environment
from grove.git.errors import Cancelled, GitTimeout, RepositoryTooLarge
from grove.git.model import GitConfig
from grove.sandbox import Command, Conversation, Finished, Limits, Running, Stop, converse, run, start


def never() -> bool:
    """Nobody cancels."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One git command: its words, its repository, and what it is given beside them."""

    command: str
    options: Sequence[str] = ()
    arguments: Sequence[str] = ()
    paths: Sequence[bytes] = ()
    git_dir: Path | None = None
    stdin: bytes | None = None
    limits: Limits | None = None
    settings: tuple[Setting, ...] = ()
    protocols: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    pass_fds: tuple[int, ...] = ()
    on_stderr: Callable[[bytes], None] | None = None
    exit_codes: tuple[int, ...] = (0,)
    """By which it tells that it did what it should."""


class Runner:
    """Starts git as the configuration says."""

    def __init__(self, config: GitConfig) -> None:
        self.config = config

    @contextmanager
    def job_dir(self) -> Iterator[Path]:
        """A private folder for the time of one command."""
        with tempfile.TemporaryDirectory(prefix="git-", dir=self.config.job_root) as folder:
            yield Path(folder)

    def run(self, call: Call, *, cancelled: Callable[[], bool] = never, job_dir: Path | None = None) -> Finished:
        """Run a command that must succeed.

        :raises GroveError: one of `grove.git.errors`, for every way in which it can fail.
        """
        finished = run(self._command(call, job_dir), cancelled=cancelled)
        if finished.stopped is not None:
            raise _stopped(call, finished.stopped)
        if finished.exit_code not in call.exit_codes:
            raise error_of(call.command, finished)
        return finished

    def start(self, call: Call) -> Running:
        """Start a command that is spoken to through pipes."""
        return start(self._command(call, None))

    def feed(self, call: Call, *, stdin: int) -> Running:
        """Start a command that reads an open file."""
        return start(self._command(call, None), stdin=stdin)

    def pour(self, call: Call, *, stdin: int, stdout: int) -> Running:
        """Start a command that reads one open file and writes to another."""
        return start(self._command(call, None), stdin=stdin, stdout=stdout)

    def converse(self, call: Call) -> AbstractAsyncContextManager[Conversation]:
        """Start a command that an event loop speaks to, for the time of a block."""
        return converse(self._command(call, None))

    def _command(self, call: Call, job_dir: Path | None) -> Command:
        repository = [f"--git-dir={call.git_dir}"] if call.git_dir else []
        config = self.config
        env = environment(
            config,
            job_dir=job_dir or config.job_root,
            settings=call.settings,
            protocols=call.protocols,
            writes=COMMANDS[call.command].writes,
        )
        paths = [os.fsdecode(path) for path in call.paths]
        given = words(call.command, call.options, call.arguments, paths)
        return Command(
            argv=[str(config.executable), *repository, *given],
            env={**env, **call.variables},
            cwd=config.home,
            stdin=call.stdin,
            limits=call.limits or self.limits(),
            pass_fds=call.pass_fds,
            on_stderr=call.on_stderr,
        )

    def limits(self, *, seconds_max: float | None = None) -> Limits:
        """The limits of a command that only reads and writes refs and objects here."""
        config = self.config
        return Limits(seconds_max=seconds_max or config.command_seconds_max, memory_bytes_max=config.memory_bytes_max)


def _stopped(call: Call, stop: Stop) -> Exception:
    if stop is Stop.CANCELLED:
        return Cancelled(command=call.command)
    if stop is Stop.TIMEOUT:
        return GitTimeout(command=call.command)
    return RepositoryTooLarge(command=call.command, reason="output")
