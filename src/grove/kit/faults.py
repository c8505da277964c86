"""Named points at which a test can stop the process, to prove that nothing is left half-done."""

import os
import signal
from pathlib import Path
from typing import Final

_armed: dict[str, tuple[str, Path]] = {}
POINTS: Final[list[str]] = []
"""Every point that is declared, in order of import."""


def declare(name: str) -> str:
    """Name a point; call it once, at module level."""
    POINTS.append(name)
    return name


def arm(specification: str, *, folder: Path) -> None:
    """Arm points from text such as ``mirror.fetched:kill9,index.segment_written:error``; empty text disarms all.

    Each fires once for all processes that share `folder`, where it leaves a file named ``fault-NAME``.
    """
    _armed.clear()
    for part in filter(None, specification.split(",")):
        name, _, act = part.partition(":")
        _armed[name] = (act or "kill9", folder / f"fault-{name}")


def reach(name: str) -> None:
    """Do what a test armed for this point; nothing in production.

    :raises OSError: if the point is armed with ``error``.
    """
    if name not in _armed:
        return
    act, fired = _armed.pop(name)
    try:
        fired.touch(exist_ok=False)
    except FileExistsError:
        return
    if act == "kill9":
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "error":
        raise OSError(f"fault injected at {name}")
