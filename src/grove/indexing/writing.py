"""Who may write to a tenant's index: many may add to it at once, but only one may take out of it, and alone."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.1
LOCK = "writers.lock"
COPIES_LOCK = "copies.lock"


@contextmanager
def adding_to_index(root: Path, *, check_cancelled: Callable[[], None]) -> Iterator[None]:
    """Add to the index: what the block reuses of it stays until the block ends."""
    with _locked(root, LOCK, fcntl.LOCK_SH, check_cancelled):
        yield


@contextmanager
def taking_out_of_index(root: Path, *, check_cancelled: Callable[[], None]) -> Iterator[None]:
    """Take out of the index: nobody adds to it until the block ends."""
    with _locked(root, LOCK, fcntl.LOCK_EX, check_cancelled):
        yield


@contextmanager
def copying_index(root: Path, *, check_cancelled: Callable[[], None]) -> Iterator[None]:
    """Change what another server keeps of the index: one at a time, while everybody reads and writes the index."""
    with _locked(root, COPIES_LOCK, fcntl.LOCK_EX, check_cancelled):
        yield


@contextmanager
def _locked(root: Path, name: str, kind: int, check_cancelled: Callable[[], None]) -> Iterator[None]:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(root / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _try_lock(descriptor, kind):
            check_cancelled()
            time.sleep(POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
