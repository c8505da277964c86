"""Locks between threads and processes, which the system lets go when their holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, shared: bool = False, waiting: bool = True) -> Iterator[bool]:
    """Hold a lock for the time of the block; whether it is held, when nobody waits for it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _take(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if waiting else fcntl.LOCK_NB))
    finally:
        os.close(descriptor)


def _take(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        return False
    return True
