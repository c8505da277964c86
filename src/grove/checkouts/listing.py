"""The files of a tree, as they are to be laid out: bounded, and with nothing that could lead out of the folder."""

import time
from dataclasses import dataclass, field
from typing import Final

from grove.checkouts.errors import TreeRefused
from grove.git import ObjectReader, TreeLimits, TreeTooDeep, TreeTooLarge, is_safe_path, parse_tree

FOLDER: Final = 0o040000
LINK: Final = 0o120000
SUBMODULE: Final = 0o160000
PATH_BYTES_MAX: Final = 4_000
NAME_BYTES_MAX: Final = 255
FILE: Final = 0o100644
EXECUTABLE: Final = 0o100755
_LINK_KINDS: Final = {0o12: LINK, 0o16: SUBMODULE}


@dataclass(slots=True, kw_only=True)
class Entry:
    """A path that is not a folder; `state` is what git's index holds of the file on disk."""

    path: bytes
    mode: int
    oid: str
    state: bytes = bytes(40)
    is_left_out: bool = False


@dataclass(slots=True, kw_only=True)
class Listing:
    """All of a tree, in the order of git's index; folders by their paths, the root by the empty one."""

    entries: list[Entry]
    folders: dict[bytes, str]
    left_out: dict[bytes, str] = field(default_factory=dict)
    """Why a file is not laid out."""

    def leave_out(self, entry: Entry, reason: str) -> None:
        """Keep a file out of the folder; git takes it for unchanged."""
        entry.is_left_out = True
        self.left_out[entry.path] = reason


def list_files(reader: ObjectReader, tree: str, *, limits: TreeLimits) -> Listing:
    """Walk a tree, folder by folder, each distinct one read once a level.

    :raises TreeRefused: if a name leads elsewhere or is git's own, or stands twice.
    :raises TreeTooLarge: at the limit of entries or time.
    :raises TreeTooDeep: at the limit of depth.
    """
    deadline = time.monotonic() + limits.seconds_max
    listing = Listing(entries=[], folders={b"": tree})
    level = {b"": tree}
    for _ in range(limits.depth_max):
        oids = list(dict.fromkeys(level.values()))
        contents = dict(reader.read_all(oids))
        below: dict[bytes, str] = {}
        for folder, oid in level.items():
            _take(listing, folder, contents[oid], oid_bytes=len(oid) // 2, below=below)
            if len(listing.entries) + len(below) > limits.entries_max:
                raise TreeTooLarge(entries_max=limits.entries_max)
        if time.monotonic() > deadline:
            raise TreeTooLarge(seconds_max=limits.seconds_max)
        listing.folders.update(below)
        level = below
        if not level:
            listing.entries.sort(key=lambda entry: entry.path)
            return listing
    raise TreeTooDeep(depth_max=limits.depth_max)


def _take(listing: Listing, folder: bytes, content: bytes, *, oid_bytes: int, below: dict[bytes, str]) -> None:
    prefix = folder + b"/" if folder else b""
    seen: set[bytes] = set()
    for mode, name, oid in parse_tree(content, oid_bytes=oid_bytes):
        path = prefix + name
        if b"/" in name or name in seen or not is_safe_path(name):
            raise TreeRefused(path=path.decode(errors="backslashreplace"))
        seen.add(name)
        if mode >> 12 == FOLDER >> 12:
            below[path] = oid
            continue
        entry = Entry(path=path, mode=_mode(mode), oid=oid)
        listing.entries.append(entry)
        if len(name) > NAME_BYTES_MAX or len(path) > PATH_BYTES_MAX:
            listing.leave_out(entry, "its name is too long for a disk")


def _mode(mode: int) -> int:
    """The modes that git knows; what history also has is one of them."""
    return _LINK_KINDS.get(mode >> 12) or (EXECUTABLE if mode & 0o100 else FILE)
