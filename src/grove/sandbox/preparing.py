"""From a confinement to the process that is started for it."""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from grove.sandbox import warden
from grove.sandbox.bubblewrap import HOME, bubblewrap_options
from grove.sandbox.census import threads_of_user
from grove.sandbox.confinement import Bounds, Confinement, Method
from grove.sandbox.errors import ConfinementFailed
from grove.sandbox.model import Command, Limits
from grove.sandbox.removing import remove_written
from grove.sandbox.syscalls import syscall_filter

BUBBLEWRAP: Final = (Path("/usr/bin/bwrap"), Path("/usr/local/bin/bwrap"), Path("/bin/bwrap"))
SEARCH_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_SYSTEM: Final = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime"),
    *("/etc/group", "/etc/passwd", "/etc/nsswitch.conf", "/etc/ssl/certs", "/etc/ssl/openssl.cnf"),
    *("/etc/hosts", "/etc/resolv.conf"),
)
"""What every command may read: programs and what they need to start; nothing that is secret on a sound system."""
_FACTS: Final = ("/proc/cpuinfo", "/proc/meminfo", "/proc/version")
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The process to be started, where it leaves word that it was confined, and where it may write."""

    command: Command
    status: int
    written: Sequence[Path]


@contextlib.contextmanager
def prepared(
    method: Method, confinement: Confinement, *, scratch: Path, entrance: Path | None = None
) -> Iterator[Prepared]:
    """Make what a command needs, and remove it in the end; `entrance` is that of its control group.

    :raises ConfinementFailed: if the confinement makes no sense, or there is no room for it.
    """
    _check(confinement)
    with contextlib.ExitStack() as stack:
        status = stack.enter_context(_memory("status", b""))
        spec: dict[str, Any] = {"limits": _limits(confinement.bounds), "cwd": str(confinement.cwd)}
        spec["entrance"] = None if entrance is None else str(entrance)
        written = list(confinement.writable)
        if method is Method.BUBBLEWRAP:
            content = syscall_filter(with_landlock=False, network=confinement.network)
            filtering = stack.enter_context(_memory("filter", content))
            env = _environment(confinement, home=HOME, temporary="/tmp")  # noqa: S108 - its own
            options = bubblewrap_options(confinement, env=env, system=_SYSTEM, filter_fd=filtering, status_fd=status)
            told = stack.enter_context(_memory("options", options))
            argv = [str(installed_bubblewrap()), "--args", str(told), "--", *confinement.argv]
            spec |= {"argv": argv, "env": {}, "fds": [status, filtering, told], "landlock": None}
        else:
            home = stack.enter_context(_home(scratch))
            env = _environment(confinement, home=str(home / "home"), temporary=str(home / "tmp"))
            rules = _rules(confinement, home)
            spec |= {"argv": list(confinement.argv), "env": env, "fds": [status], "landlock": rules}
            written.append(home)
        spec_file = stack.enter_context(_memory("spec", json.dumps(spec).encode()))
        command = Command(
            argv=[sys.executable, "-I", "-S", str(Path(warden.__file__)), str(spec_file)],
            env={},
            cwd=Path("/"),
            stdin=confinement.stdin,
            limits=Limits(
                seconds_max=confinement.bounds.seconds_max,
                grace_seconds=0.0,
                open_files_max=confinement.bounds.open_files_max,
                stdout_bytes_max=confinement.bounds.stdout_bytes_max,
                stderr_bytes_max=confinement.bounds.stderr_bytes_max,
                stderr_bytes_kept=confinement.bounds.stderr_bytes_kept,
            ),
            pass_fds=(spec_file, *spec["fds"]),
            on_stdout=confinement.on_stdout,
            on_stderr=confinement.on_stderr,
        )
        yield Prepared(command=command, status=status, written=written)


def installed_bubblewrap() -> Path | None:
    """Where bubblewrap is."""
    return next((path for path in BUBBLEWRAP if path.exists()), None)


def _check(confinement: Confinement) -> None:
    texts = [*confinement.argv, *confinement.env, *confinement.env.values()]
    folders = [*confinement.readable, *confinement.writable]
    if any("\0" in text for text in [*texts, str(confinement.cwd), *map(str, folders)]):
        raise ConfinementFailed(reason="an argument holds a zero byte")
    if any(not name or "=" in name for name in confinement.env):
        raise ConfinementFailed(reason="a variable has no proper name")
    if not (confinement.argv and confinement.argv[0].startswith("/") and confinement.cwd.is_absolute()):
        raise ConfinementFailed(reason="the program and the folder it starts in must be absolute paths")
    for folder in folders:
        if not folder.is_absolute() or Path(os.path.realpath(folder)) != folder or not folder.exists():
            raise ConfinementFailed(reason="what may be seen must be there, by its real path", path=str(folder))


def _environment(confinement: Confinement, *, home: str, temporary: str) -> dict[str, str]:
    own = {"PATH": SEARCH_PATH, "LANG": "C.UTF-8", "HOME": home, "TMPDIR": temporary}
    return {**own, **confinement.env}


def _limits(bounds: Bounds) -> list[tuple[str, int]]:
    limits = [
        ("RLIMIT_CPU", bounds.cpu_seconds_max),
        ("RLIMIT_DATA", bounds.memory_bytes_max),
        ("RLIMIT_FSIZE", bounds.file_bytes_max),
    ]
    if os.getuid():  # the kernel does not count what root starts
        limits.append(("RLIMIT_NPROC", threads_of_user(os.getuid()) + bounds.threads_max))
    return limits


def _rules(confinement: Confinement, home: Path) -> dict[str, Any]:
    return {
        "network": confinement.network,
        "readable": [*_SYSTEM, *_FACTS, *map(str, confinement.readable)],
        "writable": [str(home), *map(str, confinement.writable)],
        "devices": list(_DEVICES),
        "filter": syscall_filter(with_landlock=True, network=confinement.network).hex(),
    }


@contextlib.contextmanager
def _memory(name: str, content: bytes) -> Iterator[int]:
    """A file that is only in memory, to be read from its beginning."""
    descriptor = os.memfd_create(name)
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _home(scratch: Path) -> Iterator[Path]:
    try:
        home = Path(os.path.realpath(tempfile.mkdtemp(prefix="confined-", dir=scratch)))
    except OSError as error:
        raise ConfinementFailed(reason=f"no home could be made for it: {error.strerror}") from error
    try:
        for name in ("home", "tmp"):
            (home / name).mkdir(mode=0o700)
        yield home
    finally:
        remove_written(home)
