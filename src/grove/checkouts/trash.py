"""Removing folders: renamed at once, emptied by and by.

What is in them was written by users: links are not followed, and folders that are closed even to us are opened first.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from grove.checkouts.system import remove_subvolume, unmount_beneath
from grove.kit.ids import new_id


def throw_away(folder: Path, trash: Path) -> None:
    """Take a folder out of use at once, if it is there; `empty_trash` removes it."""
    if not folder.exists():
        return
    trash.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileNotFoundError):  # somebody was quicker
        folder.rename(trash / new_id())


def empty_trash(trash: Path) -> int:
    """Remove all that was thrown away; how many folders that was. Any number of processes may do it at once."""
    if not trash.is_dir():
        return 0
    doomed = list(trash.iterdir())
    for folder in doomed:
        unmount_beneath(folder)
        with suppress(OSError):  # mostly it is no subvolume, and then it is removed like any folder
            remove_subvolume(folder / "files")
        _open_folders(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return len(doomed)


def _open_folders(root: Path) -> None:
    """Let ourselves into every folder below one; links are not followed."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            folder.chmod(0o700, follow_symlinks=False) if os.chmod in os.supports_follow_symlinks else folder.chmod(
                0o700
            )
            with os.scandir(folder) as entries:
                waiting += [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            continue
