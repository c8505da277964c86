"""Files that survive a power cut: written aside, synced, renamed, and the folder synced."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from grove.kit.errors import needing_room

_BLOCK_BYTES: Final = 512


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(root: Path) -> None:
    """Make every file and folder below `root` durable."""
    for folder, _, names in os.walk(root):
        for name in names:
            descriptor = os.open(Path(folder, name), os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(Path(folder))


def write_durably(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Replace `path` by `content`, whole or not at all.

    :raises StorageFull: if there is no room for it.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.new")
    with needing_room():
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except OSError:
            aside.unlink(missing_ok=True)  # it may hold the half of a key
            raise
    sync_folder(path.parent)


def publish_folder(built: Path, published: Path) -> None:
    """Make a finished folder durable and give it its final name, whole or not at all."""
    sync_tree(built)
    published.parent.mkdir(parents=True, exist_ok=True)
    built.rename(published)
    sync_folder(published.parent)
    if built.parent != published.parent:
        sync_folder(built.parent)


def remove_tree(root: Path) -> None:
    """Remove a folder, if it is there: renamed first, so that no reader sees half of it."""
    if not root.exists():
        return
    doomed = root.with_name(f".{root.name}.{os.getpid()}.removing")
    root.rename(doomed)
    shutil.rmtree(doomed)


def allocated_bytes(root: Path, *, since: float = 0.0) -> int:
    """The room that the files below a folder take on the disk; links count as themselves.

    Only of files that were changed after `since`, in seconds of the system's clock. What vanishes meanwhile does not
    count, nor does what is nested so deep that the system knows no path to it.
    """
    total = 0
    waiting = [str(root)]
    while waiting:  # and not by `os.walk`, which calls itself for each level
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    continue
                with suppress(FileNotFoundError):
                    state = entry.stat(follow_symlinks=False)
                    total += state.st_blocks * _BLOCK_BYTES if state.st_ctime > since else 0
    return total


def folder_bytes(folder: Path) -> int:
    """How many bytes the files below a folder have; what vanishes meanwhile does not count."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.lstat().st_size
    return total
