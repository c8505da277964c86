"""What bubblewrap is told: namespaces of its own for everything, and a file system made of what is named."""

from pathlib import Path
from typing import Final

from grove.sandbox.confinement import Confinement

HOME: Final = "/tmp/home"  # noqa: S108 - within the confinement, where /tmp is its own


def bubblewrap_options(
    confinement: Confinement, *, env: dict[str, str], system: tuple[str, ...], filter_fd: int, status_fd: int
) -> bytes:
    """The options as `--args` takes them, each ended by a zero byte: a list of processes does not show them."""
    options = ["--unshare-all", *(["--share-net"] if confinement.network else [])]
    options += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--seccomp", str(filter_fd)]
    options += ["--json-status-fd", str(status_fd)]
    for path in system:
        options += ["--ro-bind-try", path, path]
    # As root one could else write to /proc/sys, which asks for the number of a user and not for capabilities.
    options += ["--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"]
    options += ["--size", str(confinement.bounds.home_bytes_max), "--tmpfs", "/tmp"]  # noqa: S108
    options += ["--perms", "0700", "--dir", HOME]
    folders = [(path, "--ro-bind") for path in confinement.readable] + [
        (path, "--bind") for path in confinement.writable
    ]
    for folder, option in sorted(folders, key=_outer_first):
        options += [option, str(folder), str(folder)]
    options += ["--clearenv"]
    for name, value in env.items():
        options += ["--setenv", name, value]
    options += ["--chdir", str(confinement.cwd)]
    return b"".join(option.encode("utf-8", "surrogateescape") + b"\0" for option in options)


def _outer_first(folder: tuple[Path, str]) -> int:
    return len(folder[0].parts)
