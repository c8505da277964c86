"""Laying a tree out by several processes, each of which writes its share of the files.

What is not published yet comes from git, a process for each share, and is published by the same stroke.
"""

import errno
import fcntl
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from grove.checkouts import laying
from grove.checkouts.index_file import with_states
from grove.checkouts.listing import LINK, Listing
from grove.checkouts.published import LINK_BYTES_MAX, PublishedTree, describe_index
from grove.git import ObjectReader
from grove.kit.errors import StorageFull
from grove.sandbox import ChildDied, Command, Limits, Running, start

FILES_PER_PROCESS_MIN: Final = 300
PROCESSES_MAX: Final = 8
SECONDS_MAX: Final = 900.0
PIPE_BYTES: Final = 1024 * 1024
_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_MODE: Final = slice(24, 28)


def copy_files(published: PublishedTree, target: Path, *, clones: bool) -> bytes:
    """Write the files of a published tree to an empty folder; git's index of it.

    :raises StorageFull: if the disk is full.
    :raises ChildFailure: if a process could not write its share.
    """
    with ExitStack() as ends:
        writers = []
        for first, end in pairwise(_bounds(published)):
            command = _writer(published, target, first=first, end=end, clones=clones, whence="published")
            writers.append(ends.enter_context(start(command)))
        return _index(published, target, writers)


def publish_files(
    reader: ObjectReader,
    published: PublishedTree,
    target: Path,
    *,
    listing: Listing,
    order: Sequence[int],
    clones: bool,
) -> bytes:
    """Write the files of a tree both to an empty folder and to that of the published tree; git's index of the former.

    `order` are the numbers of its files in the listing, as the published tree has them.

    :raises StorageFull: if the disk is full.
    :raises ChildFailure: if a process could not write its share, as when an object is broken.
    """
    oids = [listing.entries[number].oid for number in order]
    numbers = published.numbers()
    with ExitStack() as ends:
        writers = []
        for first, end in pairwise(_bounds(published)):
            wanted = dict.fromkeys(oids[number] for number in range(first, end) if numbers[number][1])
            names = ends.enter_context(TemporaryFile(dir=published.folder))
            names.write("".join(f"{oid}\n" for oid in wanted).encode())
            names.seek(0)
            command = _writer(published, target, first=first, end=end, clones=clones, whence="arriving")
            reading, writing = _wide_pipe()
            try:
                ends.enter_context(reader.pour(names=names.fileno(), into=writing))
                writers.append(ends.enter_context(start(command, stdin=reading)))
            finally:
                os.close(reading)
                os.close(writing)
        describe_index(published.folder, listing, order)  # they write meanwhile
        _publish_links(reader, published, dict(zip(oids, numbers, strict=True)))
        return _index(published, target, writers)


def _wide_pipe() -> tuple[int, int]:
    """A pipe that holds many files, so that git and who writes them take turns less often."""
    reading, writing = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # the system allows no more
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return reading, writing


def _publish_links(reader: ObjectReader, published: PublishedTree, numbers: Mapping[str, tuple[int, int, int]]) -> None:
    links = [oid for oid, (_, _, mode) in numbers.items() if mode == LINK]
    with (published.folder / "contents").open("r+b") as contents:
        for oid, leads_to in reader.read_blobs(links, LINK_BYTES_MAX):
            contents.seek(numbers[oid][0])
            contents.write(leads_to)


def _bounds(published: PublishedTree) -> list[int]:
    count = published.facts.files
    processes = min(os.cpu_count() or 1, PROCESSES_MAX, 1 + count // FILES_PER_PROCESS_MIN)
    return [count * number // processes for number in range(processes + 1)]


def _writer(published: PublishedTree, target: Path, *, first: int, end: int, clones: bool, whence: str) -> Command:
    words = (str(published.folder), str(target), str(first), str(end), str(published.facts.written_ns))
    return Command(
        argv=[sys.executable, "-ISB", laying.__file__, *words, "clone" if clones else "copy", whence],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        cwd=target,
        limits=Limits(seconds_max=SECONDS_MAX),
    )


def _index(published: PublishedTree, target: Path, writers: Sequence[Running]) -> bytes:
    shares = [(end - first) * laying.STATE.size for first, end in pairwise(_bounds(published))]
    states = [_states(writer, share) for writer, share in zip(writers, shares, strict=True)]
    states += _lay_others(published, target)
    return with_states(published.index(), published.places(), b"".join(states))


def _states(writer: Running, size_bytes: int) -> bytes:
    try:
        return writer.read_exactly(size_bytes)
    except ChildDied as died:
        if writer.close() in _FULL:
            raise StorageFull(reason=os.strerror(errno.ENOSPC)) from died
        raise


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
