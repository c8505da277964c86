"""Named points at which a test can stop the process, to prove that nothing is left half-done."""

import os
import signal
from typing import Final

_armed: dict[str, str] = {}
POINTS: Final[list[str]] = []
"""Every point that is declared, in order of import."""


def declare(name: str) -> str:
    """Name a point; call it once, at module level."""
    POINTS.append(name)
    return name


def arm(specification: str) -> None:
    """Arm points from text such as ``mirror.fetched:kill9,segment.written:error``; empty text disarms all."""
    _armed.clear()
    for part in filter(None, specification.split(",")):
        name, _, act = part.partition(":")
        _armed[name] = act or "kill9"


def reach(name: str) -> None:
    """Do what a test armed for this point; nothing in production.

    :raises OSError: if the point is armed with ``error``.
    """
    act = _armed.get(name)
    if act == "kill9":
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "error":
        raise OSError(f"fault injected at {name}")
