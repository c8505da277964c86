"""What a power cut may take, and what is done after a checkout was handed out so that it takes nothing more.

Files are laid out without waiting for the disk: that would take longer than laying them. A while later all of them are
written to it at once, and a mark says so. A folder without the mark that was made before the machine last started may
hold files that are empty or torn, which would look like changes of its user's: it is given up.
"""

import ctypes
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from grove.kit.files import write_durably

SETTLE_SECONDS: Final = 5.0
"""How long it waits for further checkouts before it has the disk written: one time serves them all."""
MARK: Final = "lasting"
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """What tells this run of the machine from others; nothing where the system does not say."""
    return _BOOT.read_text().strip() if _BOOT.exists() else ""


def look_after(folder: Path, files: Path, *, names: bool) -> None:
    """Have a checkout written to the disk, in a moment and by a thread; nobody waits for it.

    With `names` the kernel first looks up each name in it, so that whoever asks for all of them next, as `git status`
    does, finds them known.
    """
    threading.Thread(target=_look_after, args=(folder, files, names), name="lasting", daemon=True).start()


def is_lasting(folder: Path, *, boot: str) -> bool:
    """Whether the files of a checkout are whole after whatever happened; `boot` is the run in which it was made."""
    return (folder / MARK).exists() or boot == boot_id()


def make_lasting(folder: Path) -> None:
    """Write all of a checkout to the disk, and the mark.

    :raises OSError: if the folder has gone.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if not hasattr(library, "syncfs"):
            os.sync()
        elif library.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)
    write_durably(folder / MARK, b"")


def _look_after(folder: Path, files: Path, names: bool) -> None:  # noqa: FBT001 - a thread's arguments
    with suppress(OSError):  # it was removed meanwhile
        if names:
            _look_up(files)
        time.sleep(SETTLE_SECONDS)
        make_lasting(folder)


def _look_up(root: Path) -> None:
    for folder, _, names in os.walk(root):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            for name in names:
                os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        finally:
            os.close(descriptor)
