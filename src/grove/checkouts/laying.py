"""Writing many files at once: a program of its own, so that it starts in a moment and uses a core of its own.

It is run by its path with nothing but the standard library. The files of a commit lie one after the other in a single
file, so that reading them costs nothing; where they do not lie there yet, they come from git, and are written to both.
What it answers is each file's state as git's index holds it.
"""

import fcntl
import mmap
import os
import struct
import sys
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

NUMBERS = struct.Struct("<QQI")
"""Of each file: where its content begins, how long it is, and its mode."""
STATE = struct.Struct(">10I")
"""Of each file: when it was changed, when written, device, inode, mode, owner, group and size, as git has them."""
CLONE_RANGE = 0x4020940D
CLONE_BYTES_MIN = 64 * 1024
"""Below this, sharing blocks takes more time than it saves room."""
ARRIVING_BYTES = 1024 * 1024
_WORD = 0xFFFFFFFF
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Piece(NamedTuple):
    """A file to be written."""

    path: bytes
    begin: int
    size_bytes: int
    mode: int


class Contents:
    """The contents of files in one file; those that are `arriving` are written there first, each once."""

    def __init__(self, file: int, arriving: BinaryIO | None) -> None:
        size_bytes = os.fstat(file).st_size
        self.file = file
        self._view = memoryview(mmap.mmap(file, size_bytes, access=mmap.ACCESS_READ) if size_bytes else b"")
        self._arriving = arriving
        self._arrived: set[int] = set()

    def of(self, piece: Piece) -> memoryview:
        """The content of a file; those that arrive are asked for in the order in which git was.

        :raises EOFError: if git gives another.
        """
        begin, length = piece.begin, piece.size_bytes
        if self._arriving is None or not length or begin in self._arrived:
            return self._view[begin : begin + length]
        if not self._arriving.readline().endswith(b" blob %d\n" % length):
            raise EOFError(piece.path)
        content = memoryview(self._arriving.read(length + 1))
        if len(content) != length + 1:
            raise EOFError(piece.path)
        done = 0
        while done < length:
            done += os.pwrite(self.file, content[done:length], begin + done)
        self._arrived.add(begin)
        return content[:length]


def state_of(found: os.stat_result) -> bytes:
    """A file's state as git's index holds it."""
    changed, written = divmod(found.st_ctime_ns, 10**9), divmod(found.st_mtime_ns, 10**9)
    numbers = (*changed, *written, found.st_dev, found.st_ino, found.st_mode, found.st_uid, found.st_gid, found.st_size)
    return STATE.pack(*(number & _WORD for number in numbers))


def lay(pieces: Iterator[Piece], *, contents: Contents, written_ns: int, clones: bool) -> Iterator[bytes]:
    """Write files below the current folder, which nobody else knows yet; yield the state of each."""
    current, folder = b"", os.open(b".", os.O_RDONLY | os.O_DIRECTORY)
    times = (written_ns, written_ns)
    for piece in pieces:
        parent, _, name = piece.path.rpartition(b"/")
        if parent != current:
            os.close(folder)
            os.makedirs(parent or b".", exist_ok=True)
            current, folder = parent, os.open(parent or b".", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        content = contents.of(piece)
        file = os.open(name, _NEW, 0o777 if piece.mode & 0o100 else 0o666, dir_fd=folder)
        if clones and piece.size_bytes >= CLONE_BYTES_MIN:
            _clone(contents.file, file, begin=piece.begin, length=piece.size_bytes)
        else:
            done = 0
            while done < piece.size_bytes:
                done += os.write(file, content[done:])
        os.utime(file, ns=times)
        yield state_of(os.fstat(file))
        os.close(file)


def _clone(contents: int, file: int, *, begin: int, length: int) -> None:
    """Share the blocks of a file's content; contents begin at whole blocks, and the rest of the last one is cut off."""
    block = os.fstat(contents).st_blksize
    end = min(-(-(begin + length) // block) * block, os.fstat(contents).st_size)
    fcntl.ioctl(file, CLONE_RANGE, struct.pack("qQQQ", contents, begin, end - begin, 0))
    os.ftruncate(file, length)


def pieces_of(numbers: bytes, paths: bytes, *, first: int, end: int) -> Iterator[Piece]:
    """The files that a manifest names, from the first to before the end."""
    chosen = memoryview(numbers)[first * NUMBERS.size : end * NUMBERS.size]
    for path, (begin, length, mode) in zip(paths.split(b"\0")[first:end], NUMBERS.iter_unpack(chosen), strict=True):
        yield Piece(path, begin, length, mode)


def main(published: str, target: str, *numbers_and_how: str) -> None:
    """Lay a share of a published tree, or one that is being published; the states go to standard output.

    What arrives, arrives at standard input.
    """
    first, end, written, how, whence = numbers_and_how
    os.umask(0o022)
    with (
        open(os.path.join(published, "numbers"), "rb") as numbers,
        open(os.path.join(published, "paths"), "rb") as paths,
        open(os.path.join(published, "contents"), "r+b" if whence == "arriving" else "rb") as file,
        open(0, "rb", buffering=ARRIVING_BYTES) as arriving,
    ):
        contents = Contents(file.fileno(), arriving if whence == "arriving" else None)
        pieces = pieces_of(numbers.read(), paths.read(), first=int(first), end=int(end))
        os.chdir(target)
        states = b"".join(lay(pieces, contents=contents, written_ns=int(written), clones=how == "clone"))
    sys.stdout.buffer.write(states)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(error.errno)
