"""Running commands that are not trusted: by bubblewrap, else by Landlock, else not at all."""

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from grove.sandbox import warden
from grove.sandbox.census import is_alive, is_group_alive, usage_of
from grove.sandbox.confinement import SIGNALLED, Bounds, Confinement, Holder, Method, Outcome, Trial
from grove.sandbox.control_groups import ControlGroup, ControlGroups
from grove.sandbox.errors import ConfinementFailed, ConfinementUnavailable
from grove.sandbox.model import Stop
from grove.sandbox.preparing import installed_bubblewrap, prepared
from grove.sandbox.run import run
from grove.sandbox.syscalls import is_known_machine

_MARKS: Final = {Method.BUBBLEWRAP: b'"exit-code"', Method.LANDLOCK: warden.CONFINED}
"""What is left in the status when the command was started, and not only what was to confine it."""
_LANDLOCK_VERSION_MIN: Final = 6
"""The first that keeps signals within the confinement; Linux 6.12 has it."""
_CENSUS_SECONDS: Final = 0.05
_GONE_SECONDS_MAX: Final = 10.0
_GONE_TICK_SECONDS: Final = 0.005
_CHILD_PID: Final = re.compile(rb'"child-pid": ?([0-9]+)')
_OWN_PROCESSES: Final = {Method.BUBBLEWRAP: 3, Method.LANDLOCK: 1}
_OWN_BYTES: Final = 32 * 1024 * 1024
_STATUS_BYTES_MAX: Final = 4096
_TRIAL_SECONDS_MAX: Final = 20.0


def _never() -> bool:
    return False


class Confiner:
    """Runs confined commands by the strongest of the allowed methods that works here.

    `scratch` is where commands that Landlock confines have their homes, `cgroup` a control group that the operator has
    handed over.
    """

    def __init__(self, scratch: Path, *, methods: Sequence[Method] = tuple(Method), cgroup: Path | None = None) -> None:
        self.scratch = scratch
        self._methods = methods
        self._cgroup = cgroup

    @cached_property
    def groups(self) -> ControlGroups:
        """The control groups in which commands are; found out once."""
        return ControlGroups.found(self._cgroup)

    @property
    def held_by(self) -> Holder:
        """Who holds commands to their bounds here."""
        if self.groups.parent is not None:
            return Holder.GROUP
        return Holder.LIMITS if os.getuid() else Holder.LOOKS

    @cached_property
    def trials(self) -> list[Trial]:
        """What was found out by confining a command with each of the methods in turn, until one did; done once."""
        trials: list[Trial] = []
        for method in self._methods:
            trials.append(_tried(method, self.scratch))
            if trials[-1].works:
                break
        return trials

    @property
    def method(self) -> Method | None:
        """By what commands are confined; `None` if nothing that is allowed works here."""
        return next((trial.method for trial in self.trials if trial.works), None)

    def confine(self, confinement: Confinement, *, cancelled: Callable[[], bool] = _never) -> Outcome:
        """Run a command and wait for it; `cancelled` is asked at least ten times a second.

        When a bound is met, all its processes are ended at once.

        :raises ConfinementUnavailable: if commands cannot be confined on this machine.
        :raises ConfinementFailed: if the confinement makes no sense, or the command could not be started.
        """
        if self.method is None:
            reasons = {str(trial.method): f"{trial.problem}; {trial.solution}" for trial in self.trials}
            raise ConfinementUnavailable(**reasons)
        try:
            with self.groups.group(confinement.bounds) as group:
                return _confined(
                    self.method,
                    confinement,
                    scratch=self.scratch,
                    cancelled=cancelled,
                    group=group,
                    held_by=self.held_by,
                )
        except OSError as error:
            raise ConfinementFailed(reason=str(error), method=str(self.method)) from error


def _confined(
    method: Method,
    confinement: Confinement,
    *,
    scratch: Path,
    cancelled: Callable[[], bool],
    group: ControlGroup | None = None,
    held_by: Holder = Holder.LOOKS,
) -> Outcome:
    entrance = None if group is None else group.entrance
    with prepared(method, confinement, scratch=scratch, entrance=entrance) as made:
        watch = _Watch(confinement.bounds, written=made.written, own_processes=_OWN_PROCESSES[method], group=group)
        finished = run(made.command, cancelled=cancelled, watch=watch)
        status = os.pread(made.status, _STATUS_BYTES_MAX, 0)
        _wait_for_all(method, finished.pid, status)
    stopped = finished.stopped or (Stop.MEMORY if group is not None and group.is_out_of_memory else None)
    started = _MARKS[method] in status and warden.FAILED not in status
    if not (started or stopped):
        raise ConfinementFailed(reason=finished.stderr.decode(errors="replace").strip(), method=str(method))
    return Outcome(
        method=method,
        held_by=held_by,
        exit_code=finished.exit_code if finished.exit_code >= 0 else SIGNALLED - finished.exit_code,
        stdout=finished.stdout,
        stderr=finished.stderr,
        stopped=stopped,
        seconds=finished.seconds,
    )


def _wait_for_all(method: Method, pid: int, status: bytes) -> None:
    """Wait until the last process that was killed is gone; the first one of a namespace goes after all others."""
    found = _CHILD_PID.search(status)
    deadline = time.monotonic() + _GONE_SECONDS_MAX
    while time.monotonic() < deadline:
        if not (is_alive(int(found[1])) if found else method is Method.LANDLOCK and is_group_alive(pid)):
            return
        time.sleep(_GONE_TICK_SECONDS)


class _Watch:
    """Looks at what a command uses, every now and then, and says when it is too much."""

    def __init__(
        self, bounds: Bounds, *, written: Sequence[Path], own_processes: int, group: ControlGroup | None
    ) -> None:
        self._bounds = bounds
        self._group = group
        self._written = written
        self._own_processes = own_processes
        self._next = 0.0

    def __call__(self, pid: int) -> Stop | None:
        """The bound that the processes of a group have met."""
        now = time.monotonic()
        if now < self._next:
            return None
        usage, bounds = usage_of(pid), self._bounds
        self._next = now + _CENSUS_SECONDS + 4 * (time.monotonic() - now)  # a fifth of our time at most
        if usage.processes - self._own_processes > bounds.processes_max or usage.threads > bounds.threads_max:
            return Stop.PROCESSES
        if usage.memory_bytes - _OWN_BYTES > bounds.memory_bytes_max:
            return Stop.MEMORY
        cpu_seconds = max(usage.cpu_seconds, self._group.cpu_seconds if self._group is not None else 0.0)
        if cpu_seconds > bounds.cpu_seconds_max:
            return Stop.CPU
        return Stop.DISK if any(_bytes_free(path) < bounds.disk_free_bytes_min for path in self._written) else None


def _bytes_free(path: Path) -> int:
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def _tried(method: Method, scratch: Path) -> Trial:
    problem = _problem_beforehand(method)
    if problem is None:
        bounds = Bounds(seconds_max=_TRIAL_SECONDS_MAX, disk_free_bytes_min=0)
        trial = Confinement(argv=["/bin/sh", "-c", "echo > ~/confined"], cwd=Path("/"), bounds=bounds)
        try:
            outcome = _confined(method, trial, scratch=scratch, cancelled=_never)
            if outcome.exit_code or outcome.stopped:
                problem = f"it was tried and failed: {outcome.stderr.decode(errors='replace').strip()}"
        except ConfinementFailed as failed:
            problem = str(failed.facts["reason"])
    return Trial(method=method, problem=problem, solution=_solution(method) if problem else None)


def _problem_beforehand(method: Method) -> str | None:
    if sys.platform != "linux" or not is_known_machine():
        return "only Linux on x86_64 and aarch64 has it"
    if method is Method.BUBBLEWRAP:
        return None if installed_bubblewrap() else "bwrap is not installed"
    version = warden.landlock_version()
    if version < _LANDLOCK_VERSION_MIN:
        return f"the kernel has its version {version}, and {_LANDLOCK_VERSION_MIN} is needed"
    return None


def _solution(method: Method) -> str:
    if method is Method.LANDLOCK:
        return "use Linux 6.12 or newer, with landlock among its security modules"
    if installed_bubblewrap() is None:
        return "install bubblewrap from the system's packages (apt install bubblewrap)"
    return "allow user namespaces (kernel.unprivileged_userns_clone, AppArmor, or the profile of the container)"
