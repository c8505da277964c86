"""Removing what a command left that nobody trusts."""

from pathlib import Path
from typing import Final

from grove.sandbox.model import Command, Limits
from grove.sandbox.run import run

_SCRIPT: Final = 'rm -rf "$1" 2>/dev/null || { chmod -R u+rwx "$1"; rm -rf "$1"; } 2>/dev/null'
_SECONDS_MAX: Final = 120.0


def remove_written(folder: Path) -> None:
    """Remove a folder, be it nested ever so deep or closed to its owner; links in it are not followed."""
    argv = ["/bin/sh", "-c", _SCRIPT, "sh", str(folder)]
    run(Command(argv=argv, env={"PATH": "/usr/bin:/bin"}, cwd=Path("/"), limits=Limits(seconds_max=_SECONDS_MAX)))
