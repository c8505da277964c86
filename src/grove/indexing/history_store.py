"""The folders of a tenant's histories, and what is open of the last few."""

import re
from pathlib import Path
from typing import Final

from grove.indexing.content import Frame
from grove.indexing.errors import IndexMissing
from grove.indexing.history import History
from grove.kit import files
from grove.kit.caching import SizedCache

HISTORIES_BYTES_MAX: Final = 128 * 1024 * 1024
OPEN_FACTOR: Final = 3
"""How much more an open history takes in memory than on disk, at most."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class HistoryStore:
    """The histories below `root`. Safe to share between threads."""

    def __init__(self, root: Path, *, frames: SizedCache[Frame]) -> None:
        self.root = root
        self._frames = frames
        self._open: SizedCache[History] = SizedCache(HISTORIES_BYTES_MAX)

    def folder(self, name: str) -> Path:
        """Where a history is."""
        if not _NAME.fullmatch(name):
            raise IndexMissing(name=name)
        return self.root / name

    def open(self, name: str) -> History:
        """Map a history, or use again what is open.

        :raises IndexMissing: if it is not there.
        :raises IndexCorrupt: if it is damaged.
        """
        found = self._open.get(("", name))
        if found is None:
            found = History.open(self.folder(name), frames=self._frames)
            self._open.put(("", name), found, OPEN_FACTOR * found.reader.stored_bytes)
        return found

    def verify(self, name: str, *, checksum: str = "") -> None:
        """Read a history whole; it must be the one of that checksum, if one is given.

        :raises IndexCorrupt: if any byte of it is not what was written.
        """
        reader = History.open(self.folder(name), frames=self._frames).reader
        reader.require(checksum)
        reader.verify()

    def remove(self, name: str) -> None:
        """Remove a history from disk; who has it open keeps working."""
        files.remove_tree(self.folder(name))
