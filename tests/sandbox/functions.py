"""Functions that the tests run in child processes."""

import ctypes
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Found:
    name: str
    line: int


def double(number: int) -> int:
    return 2 * number


def _raise() -> object:
    raise ValueError


FORKS_MAX = 20


def _fork() -> int:
    """Start some processes, as somebody who is not root; how many there were."""
    if os.getuid() == 0:
        os.setuid(65_534)
    started = 0
    for _ in range(FORKS_MAX):
        try:
            child = os.fork()
        except BlockingIOError:
            continue
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        started += 1
    return started


ACTS: dict[str, Callable[[], object]] = {
    "hang": lambda: time.sleep(60),
    "crash": lambda: ctypes.string_at(0),
    "exit": lambda: os._exit(3),
    "eat": lambda: len(b"x" * 4_000_000_000),
    "raise": _raise,
    "fork": _fork,
    "print": lambda: print("noise", flush=True) or "print",  # noqa: T201
    "path": lambda: Path("/x"),
    "found": lambda: [Found("main", 1)],
}


def misbehave(act: str) -> object:
    """Do what a parser may do when a file is hostile; any other word is answered."""
    return ACTS[act]() if act in ACTS else act
