"""Control groups, version 2, in which the kernel itself holds a command and all that it starts to its bounds.

Only a group that is ours is divided: one that the operator names, or one that systemd says it has handed over. Nothing
else on the machine is touched, and where there is none, bounds are held as far as limits of processes and looks can.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grove.kit.ids import new_id
from grove.sandbox.confinement import Bounds

PREFIX: Final = "grove-"
NEEDED: Final = ("memory", "pids")
WEIGHT: Final = 50
"""Half of what others get of the processors when all want them."""
OWN_THREADS: Final = 8
OWN_BYTES: Final = 32 * 1024 * 1024
_MARKS: Final = ("user.delegate", "trusted.delegate")
_GONE_SECONDS_MAX: Final = 5.0
_TICK_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlGroups:
    """Groups for commands below one that is ours; without a `parent`, `problem` is why there is none."""

    parent: Path | None
    problem: str = ""

    @classmethod
    def found(cls, named: Path | None) -> "ControlGroups":
        """Those below the named group, or below the one that systemd has handed over; tried by making one."""
        parent = named or _delegated()
        if parent is None:
            return cls(parent=None, problem="no control group is handed over to the server")
        groups = cls(parent=parent)
        try:
            _divide(parent)
            groups.sweep()
            with groups.group(Bounds()) as group:
                problem = "" if group is not None else "no group could be made"
        except OSError as error:
            problem = error.strerror or type(error).__name__
        return cls(parent=None, problem=f"{parent}: {problem}") if problem else groups

    @contextmanager
    def group(self, bounds: Bounds) -> Iterator["ControlGroup | None"]:
        """A group with these bounds for the time of the block; nothing where there are no groups.

        :raises OSError: if the kernel does not take a bound.
        """
        if self.parent is None:
            yield None
            return
        folder = self.parent / f"{PREFIX}{new_id()}"
        folder.mkdir()
        group = ControlGroup(folder=folder)
        try:
            group.bind(bounds)
            yield group
        finally:
            group.end()

    def sweep(self) -> None:
        """Remove the groups that a server which died has left; those in use stay."""
        if self.parent is not None:
            for left in self.parent.glob(f"{PREFIX}*"):
                with suppress(OSError):
                    left.rmdir()


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlGroup:
    """The group of one command."""

    folder: Path

    @property
    def entrance(self) -> Path:
        """The file to which a process writes to be in the group, with all that it starts."""
        return self.folder / "cgroup.procs"

    def bind(self, bounds: Bounds) -> None:
        """Have the kernel hold these bounds.

        :raises OSError: if it does not take them.
        """
        memory_bytes_max = bounds.memory_bytes_max + bounds.home_bytes_max + OWN_BYTES
        self._write("memory.max", memory_bytes_max)
        self._write("pids.max", bounds.threads_max + OWN_THREADS)
        for name, value in (("memory.swap.max", 0), ("memory.oom.group", 1), ("cpu.weight", WEIGHT)):
            with suppress(OSError):  # not every kernel has them, and no bound hangs on them
                self._write(name, value)

    @property
    def is_out_of_memory(self) -> bool:
        """Whether the kernel has ended something of it for want of memory."""
        return self._told("memory.events").get("oom_kill", 0) > 0

    @property
    def cpu_seconds(self) -> float:
        """The processor time of all that was ever in it."""
        return self._told("cpu.stat").get("usage_usec", 0) / 1e6

    def end(self) -> None:
        """End all that is in it, and remove it."""
        with suppress(OSError):
            self._write("cgroup.kill", 1)
        deadline = time.monotonic() + _GONE_SECONDS_MAX
        while time.monotonic() < deadline and self._told("cgroup.events").get("populated", 0):
            time.sleep(_TICK_SECONDS)
        with suppress(OSError):  # the next server sweeps it away
            self.folder.rmdir()

    def _write(self, name: str, value: int) -> None:
        with (self.folder / name).open("w") as file:
            file.write(str(value))

    def _told(self, name: str) -> dict[str, int]:
        try:
            lines = (self.folder / name).read_text().splitlines()
        except OSError:
            return {}
        return {key: int(value) for key, _, value in (line.partition(" ") for line in lines) if value.isdigit()}


def _divide(parent: Path) -> None:
    """Have the kernel account for groups below one.

    :raises OSError: if it has not what is needed, or processes are in it.
    """
    present = (parent / "cgroup.controllers").read_text().split()
    missing = [name for name in NEEDED if name not in present]
    if missing:
        raise OSError(0, f"{' and '.join(missing)} is not handed over to it")
    wanted = [*NEEDED, *(["cpu"] if "cpu" in present else [])]
    (parent / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in wanted))


def _delegated() -> Path | None:
    """The innermost group above this process that systemd says it does not rule."""
    own = _own_group()
    for folder in () if own is None else (own, *own.parents):
        if any(_has_mark(folder, mark) for mark in _MARKS):
            return folder
    return None


def _own_group() -> Path | None:
    mount = next((Path(words[4]) for words in _mounts() if "cgroup2" in words[words.index("-") + 1 :][:1]), None)
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    below = next((line[3:] for line in lines if line.startswith("0::")), None)
    return None if mount is None or below is None else mount / below.lstrip("/")


def _mounts() -> Iterator[Sequence[str]]:
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        yield line.split(" ")


def _has_mark(folder: Path, name: str) -> bool:
    try:
        return os.getxattr(folder, name) == b"1"
    except OSError:
        return False
