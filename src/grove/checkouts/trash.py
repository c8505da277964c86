"""Removing folders: renamed at once, emptied by and by.

What is in them was written by users: nested ever so deep, closed even to us, or full of links that are not followed.
"""

from contextlib import suppress
from pathlib import Path

from grove.checkouts.system import remove_subvolume, unmount_beneath
from grove.kit.ids import new_id
from grove.sandbox import remove_written


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
        remove_written(folder)
    return len(doomed)
