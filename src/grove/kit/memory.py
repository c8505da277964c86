"""How this process asks the system for memory."""

import ctypes
from typing import Final

_ARENA_MAX: Final = -8
"""`M_ARENA_MAX` of glibc's malloc.h."""
ARENAS: Final = 2


def share_arenas() -> bool:
    """Let all threads take memory from few places; whether this system's allocator can.

    With a place of its own each thread keeps what its largest question needed: at 32 clients that was a third of all.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_ARENA_MAX, ARENAS))
