"""The files of any commit, from folders that are each read once, however many commits share them."""

import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
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


class TreeDifferences(NamedTuple):
    """What one tree has and the other has not, or not like that: a path that was changed is in both."""

    gone: list[TreePath]
    came: list[TreePath]


class _Pair(NamedTuple):
    """The same folder in two trees; nothing where it is none."""

    prefix: bytes
    before: str | None
    after: str | None


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

    def differences(
        self, objects: ObjectReader, before: str, after: str, *, limits: TreeLimits, paths_max: int
    ) -> "TreeDifferences | None":
        """The paths in which two commits or trees differ, found by reading only folders that do.

        Nothing if there are more than `paths_max`.

        :raises ObjectMissing: if there is no such commit, or a folder of it is missing.
        :raises TreeTooDeep: at the limit of depth.
        """
        roots = [objects.read_root(each) for each in (before, after)]
        for root, content in roots:
            self._put(root, content)
        found = TreeDifferences([], [])
        level = [_Pair(b"", roots[0][0], roots[1][0])]
        for _ in range(limits.depth_max):
            folders = self._read(objects, [oid for _, *both in level for oid in both if oid])
            level = [each for folder in level for each in _differing(folder, folders, found)]
            if not level:
                return found
            if len(found.gone) + len(found.came) + len(level) > paths_max:
                return None
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


def _differing(pair: "_Pair", folders: Mapping[str, Entries], found: TreeDifferences) -> Iterator["_Pair"]:
    """Add the files to `found` in which two folders differ; gives the folders in them that do."""
    prefix, before, after = pair
    one, other = ({name: (mode, oid) for mode, name, oid in folders[each]} if each else {} for each in (before, after))
    for name in one.keys() | other.keys():
        was, now = one.get(name), other.get(name)
        if was == now:
            continue
        below: list[str | None] = []
        for entry, into in ((was, found.gone), (now, found.came)):
            is_folder = entry is not None and entry[0] >> 12 == _FOLDER_KIND
            below.append(entry[1] if entry is not None and is_folder else None)
            if entry is not None and not is_folder:
                into.append(TreePath(prefix + name, *entry))
        if any(below):
            yield _Pair(prefix + name + b"/", *below)
