"""The files of any commit, from folders that are each read once, however many commits share them."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Final, NamedTuple

from grove.git import ObjectReader, TreeLimits, TreeTooDeep, TreeTooLarge, parse_tree

FOLDERS_BYTES_MAX: Final = 64 * 1024 * 1024
_ENTRY_BYTES: Final = 180
"""About what an entry of a folder takes in memory, beside its name."""
_FOLDER_KIND: Final = 0o04


class TreePath(NamedTuple):
    """A path of a commit that is not a folder."""

    path: bytes
    mode: int
    oid: str


Entries = tuple[tuple[int, bytes, str], ...]


class FolderCache:
    """Folders by their ids, within a limit of bytes; those not used for longest make room. Safe between threads.

    Nobody gets to a folder here but from a commit of a mirror that was opened for them.
    """

    def __init__(self, bytes_max: int = FOLDERS_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._folders: OrderedDict[str, tuple[Entries, int]] = OrderedDict()
        self._lock = Lock()

    def files_of(self, objects: ObjectReader, commit: str, *, limits: TreeLimits) -> list[TreePath]:
        """Every path of a commit (or of what a tag is of) that is not a folder, in no order.

        :raises ObjectMissing: if there is no such commit, or a folder of it is missing.
        :raises TreeTooLarge: at the limit of entries or time.
        :raises TreeTooDeep: at the limit of depth.
        """
        deadline = time.monotonic() + limits.seconds_max
        root, content = objects.read_root(commit)
        self._put(root, content)
        found: list[TreePath] = []
        level = [(b"", root)]
        for _ in range(limits.depth_max):
            folders = self._read(objects, [oid for _, oid in level])
            level = _one_level(level, folders, found, limits)
            if not level:
                return found
            if time.monotonic() > deadline:
                raise TreeTooLarge(seconds_max=limits.seconds_max)
        raise TreeTooDeep(depth_max=limits.depth_max)

    def _read(self, objects: ObjectReader, oids: Sequence[str]) -> dict[str, Entries]:
        folders = {oid: entries for oid in oids if (entries := self._get(oid)) is not None}
        missing = [oid for oid in dict.fromkeys(oids) if oid not in folders]
        if missing:
            for oid, content in objects.read_all(missing):
                folders[oid] = self._put(oid, content)
        return folders

    def _get(self, oid: str) -> Entries | None:
        with self._lock:
            found = self._folders.get(oid)
            if found is None:
                return None
            self._folders.move_to_end(oid)
            return found[0]

    def _put(self, oid: str, content: bytes) -> Entries:
        entries = tuple(parse_tree(content, oid_bytes=len(oid) // 2))
        size = len(content) + _ENTRY_BYTES * len(entries)
        with self._lock:
            _, replaced = self._folders.pop(oid, ((), 0))
            self._folders[oid] = (entries, size)
            self._bytes += size - replaced
            while self._bytes > self._bytes_max and len(self._folders) > 1:
                _, (_, dropped) = self._folders.popitem(last=False)
                self._bytes -= dropped
        return entries


def _one_level(
    level: Sequence[tuple[bytes, str]], folders: dict[str, Entries], found: list[TreePath], limits: TreeLimits
) -> list[tuple[bytes, str]]:
    """Add the files of some folders to `found`; gives the folders in them. Counted before anything is made of them."""
    count = len(found) + sum(len(folders[oid]) for _, oid in level)
    if count > limits.entries_max:
        raise TreeTooLarge(entries_max=limits.entries_max)
    below: list[tuple[bytes, str]] = []
    for prefix, oid in level:
        for mode, name, entry in folders[oid]:
            if mode >> 12 == _FOLDER_KIND:
                below.append((prefix + name + b"/", entry))
            else:
                found.append(TreePath(prefix + name, mode, entry))
    return below
