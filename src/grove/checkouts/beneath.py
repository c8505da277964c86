"""Reading and writing below a folder that somebody else may change meanwhile.

Each folder on the way is opened from the one above it and is never a link, so that nothing outside can be reached,
whatever is swapped and when.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from grove.kit.ids import new_id

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NOT_THERE: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


@contextmanager
def folder_beneath(root: Path, path: bytes, *, making: bool = False) -> Iterator[int]:
    """A folder below the root, open.

    :raises FileNotFoundError: if there is none, or a link or a file is in the way.
    """
    current = os.open(root, _FOLDER)
    try:
        for name in path.split(b"/") if path else ():
            try:
                below = _opened(name, current, making=making)
            except OSError as error:
                if error.errno in _NOT_THERE:
                    raise FileNotFoundError(error.errno, "no folder", path) from error
                raise
            os.close(current)
            current = below
        yield current
    finally:
        os.close(current)


def _opened(name: bytes, parent: int, *, making: bool) -> int:
    if making:
        with suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=parent)
    return os.open(name, _FOLDER, dir_fd=parent)


def read_file(folder: int, name: bytes, *, bytes_max: int) -> tuple[os.stat_result, bytes] | None:
    """A plain file's state and its content; nothing if it is none any more, or has more bytes."""
    try:
        descriptor = os.open(name, _FILE, dir_fd=folder)
    except OSError as error:
        if error.errno in _NOT_THERE | {errno.ENXIO, errno.EACCES}:
            return None
        raise
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > bytes_max:
            return None
        content = file.read(bytes_max + 1)
    return None if len(content) > bytes_max else (found, content)


def write_file(root: Path, path: bytes, content: bytes, *, mode: int) -> os.stat_result:
    """Put a file (or a link, by its mode) in place of what is there, whole or not at all; its state.

    :raises FileNotFoundError: if a link or a file is in the way.
    :raises IsADirectoryError: if a folder is there.
    """
    parent, _, name = path.rpartition(b"/")
    aside = f".grove-{new_id()}".encode()
    with folder_beneath(root, parent, making=True) as folder:
        if stat.S_ISLNK(mode):
            os.symlink(content, aside, dir_fd=folder)
        else:
            with os.fdopen(os.open(aside, _NEW, mode & 0o777, dir_fd=folder), "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), mode & 0o777)
        try:
            os.rename(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            os.unlink(aside, dir_fd=folder)
            raise
        return os.stat(name, dir_fd=folder, follow_symlinks=False)


def remove_file(root: Path, path: bytes) -> None:
    """Remove a file or a link, if it is there, and the folders that become empty."""
    parent, _, name = path.rpartition(b"/")
    try:
        with folder_beneath(root, parent) as folder:
            os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    while parent:
        above, _, name = parent.rpartition(b"/")
        try:
            with folder_beneath(root, above) as folder:
                os.rmdir(name, dir_fd=folder)
        except OSError:
            return
        parent = above
