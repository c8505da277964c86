"""Laying a published tree out by several processes, each of which writes its share of the files."""

import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Final

from grove.checkouts import laying
from grove.checkouts.index_file import with_states
from grove.checkouts.listing import LINK
from grove.checkouts.published import PublishedTree
from grove.sandbox import Command, Limits, Running, start

FILES_PER_PROCESS_MIN: Final = 300
PROCESSES_MAX: Final = 8
SECONDS_MAX: Final = 900.0
_MODE: Final = slice(24, 28)


def copy_files(published: PublishedTree, target: Path, *, clones: bool) -> bytes:
    """Write the files of a published tree to an empty folder; git's index of it.

    :raises ChildDied: if a process could not write its share, as when the disk is full.
    :raises ChildTimeout: if it took too long.
    """
    count = published.facts.files
    processes = min(os.cpu_count() or 1, PROCESSES_MAX, 1 + count // FILES_PER_PROCESS_MIN)
    bounds = [count * number // processes for number in range(processes + 1)]
    writers = [
        start(_writer(published, target, first=first, end=end, clones=clones)) for first, end in pairwise(bounds)
    ]
    try:
        states = [
            writer.read_exactly((end - first) * laying.STATE.size)
            for writer, (first, end) in zip(writers, pairwise(bounds), strict=True)
        ]
    finally:
        _end(writers)
    states += _lay_others(published, target)
    return with_states(published.index(), published.places(), b"".join(states))


def _writer(published: PublishedTree, target: Path, *, first: int, end: int, clones: bool) -> Command:
    words = (str(published.folder), str(target), str(first), str(end), str(published.facts.written_ns))
    return Command(
        argv=[sys.executable, "-ISB", laying.__file__, *words, "clone" if clones else "copy"],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        cwd=target,
        limits=Limits(seconds_max=SECONDS_MAX),
    )


def _end(writers: list[Running]) -> None:
    for writer in writers:
        writer.kill()


def _lay_others(published: PublishedTree, target: Path) -> list[bytes]:
    """Make links and the empty folders of submodules, now that no file is written any more."""
    states = []
    written_ns = published.facts.written_ns
    for path, mode, leads_to in published.others():
        place = target / os.fsdecode(path)
        if mode == LINK:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(os.fsdecode(leads_to))
            os.utime(place, ns=(written_ns, written_ns), follow_symlinks=False)
        else:
            place.mkdir(parents=True, exist_ok=True)
        state = bytearray(laying.state_of(place.lstat()))
        state[_MODE] = mode.to_bytes(4)
        states.append(bytes(state))
    return states
