"""How this process asks the system for memory, and looks for what it no longer needs."""

import ctypes
import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_ARENA_MAX: Final = -8
"""`M_ARENA_MAX` of glibc's malloc.h."""
ARENAS: Final = 2
_SET_DUMPABLE: Final = 4
"""`PR_SET_DUMPABLE` of Linux's prctl.h."""


def share_arenas() -> bool:
    """Let all threads take memory from few places; whether this system's allocator can.

    With a place of its own each thread keeps what its largest question needed: at 32 clients that was a third of all.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_ARENA_MAX, ARENAS))


def keep_secrets() -> None:
    """Keep what is in the memory of this process from files and from other processes, but root's.

    When it, or one that it starts, crashes, no core file is written. On Linux other processes of the same user can read
    neither its memory nor the environment that it was started with, and cannot attach to it. That does not pass on to
    programs that it starts.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


@contextmanager
def loading() -> Iterator[None]:
    """Load code in the block without looking for garbage meanwhile, nor ever among what was loaded.

    Code stays until the process ends. Looking through it again and again was a third of a server's start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
