"""Git's index: which files a folder has, and how each was when it was written, so that git need not read it again.

The format is that of gitformat-index(5), versions 2 and 3, with the extension that names the trees of folders.
"""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.checkouts.errors import IndexUnreadable
from grove.checkouts.listing import Entry, Listing

STATE_BYTES: Final = 40
_MODE: Final = slice(24, 28)
_HEADER: Final = struct.Struct(">4sII")
_NAME_MASK: Final = 0xFFF
_EXTENDED: Final = 0x4000
_SKIPPED: Final = (0x4000).to_bytes(2)
_OID_BYTES: Final = 20
_FLAGS_BEGIN: Final = STATE_BYTES + _OID_BYTES
_NAME_BEGIN: Final = _FLAGS_BEGIN + 2


def write_index(listing: Listing) -> tuple[bytes, NDArray[np.int64]]:
    """The index of a folder that holds these files, and where the state of each is in it."""
    entries = listing.entries
    version = 3 if any(entry.is_left_out for entry in entries) else 2
    parts = [_HEADER.pack(b"DIRC", version, len(entries))]
    places = np.empty(len(entries), dtype=np.int64)
    position = _HEADER.size
    for number, entry in enumerate(entries):
        part = _written(entry)
        parts.append(part)
        places[number] = position
        position += len(part)
    trees = _trees(listing)
    parts += [b"TREE", len(trees).to_bytes(4), trees]
    return _signed(b"".join(parts)), places


def with_states(index: bytes, places: NDArray[np.int64], states: bytes) -> bytes:
    """The same index with other states of its files, in the order of `places`."""
    changed = np.frombuffer(index, dtype=np.uint8).copy()
    rows = np.frombuffer(states, dtype=np.uint8).reshape(-1, STATE_BYTES)
    changed[places[:, None] + np.arange(STATE_BYTES)] = rows
    return _signed(changed[:-_OID_BYTES].tobytes())


def read_index(index: bytes) -> Listing:
    """What an index of ours says.

    :raises IndexUnreadable: if it is not one.
    """
    body = _body(index)
    _, _, count = _HEADER.unpack_from(body)
    listing = Listing(entries=[], folders={})
    position = _HEADER.size
    for _ in range(count):
        entry, position = _read(body, position)
        listing.entries.append(entry)
    _read_trees(body[position + 8 :], listing.folders)
    return listing


@dataclass(slots=True)
class IndexParts:
    """An index of ours of which only a few files are looked at and changed: the others stay as they are written."""

    version: int
    _parts: dict[bytes, bytes]

    @classmethod
    def of(cls, index: bytes) -> "IndexParts":
        """The parts of an index.

        :raises IndexUnreadable: if it is not one of ours.
        """
        body = _body(index)
        _, version, count = _HEADER.unpack_from(body)
        parts: dict[bytes, bytes] = {}
        begin = _HEADER.size
        for _ in range(count):
            first = begin + _NAME_BEGIN + (2 if body[begin + _FLAGS_BEGIN] & (_EXTENDED >> 8) else 0)
            end = body.index(b"\0", first)
            following = begin + (end - begin) // 8 * 8 + 8
            parts[body[first:end]] = body[begin:following]
            begin = following
        return cls(version, parts)

    def entry(self, path: bytes) -> Entry | None:
        """What is written of a file; nothing if it is not there."""
        part = self._parts.get(path)
        return None if part is None else _read(part, 0)[0]

    def put(self, path: bytes, entry: Entry | None) -> None:
        """Write down another state of a file, or that it is gone."""
        if entry is None:
            self._parts.pop(path, None)
            return
        self._parts[path] = _written(entry)
        self.version = 3 if entry.is_left_out else self.version

    def written(self, *, tree: str) -> bytes:
        """The index with what was changed, of a folder that stands on a tree."""
        parts = [self._parts[path] for path in sorted(self._parts)]
        trees = _tree(b"", {b"": len(parts)}, 0, {b"": tree})
        header = _HEADER.pack(b"DIRC", self.version, len(parts))
        return _signed(b"".join((header, *parts, b"TREE", len(trees).to_bytes(4), trees)))


def _body(index: bytes) -> bytes:
    body = index[:-_OID_BYTES]
    if _signed(body) != index:
        raise IndexUnreadable
    return body


def _signed(body: bytes) -> bytes:
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def _written(entry: Entry) -> bytes:
    flags = min(len(entry.path), _NAME_MASK)
    extended = b""
    if entry.is_left_out:
        flags, extended = flags | _EXTENDED, _SKIPPED
    state = entry.state[: _MODE.start] + entry.mode.to_bytes(4) + entry.state[_MODE.stop :]
    part = b"".join((state, bytes.fromhex(entry.oid), flags.to_bytes(2), extended, entry.path))
    return part + bytes(8 - len(part) % 8)


def _read(body: bytes, begin: int) -> tuple[Entry, int]:
    position = begin + STATE_BYTES + _OID_BYTES
    is_left_out = bool(body[position] & (_EXTENDED >> 8))
    first = position + (4 if is_left_out else 2)
    end = body.index(b"\0", first)
    state = body[begin : begin + STATE_BYTES]
    entry = Entry(
        path=body[first:end],
        mode=int.from_bytes(state[_MODE]),
        oid=body[begin + STATE_BYTES : position].hex(),
        state=state,
        is_left_out=is_left_out,
    )
    return entry, begin + (end - begin) // 8 * 8 + 8


def _trees(listing: Listing) -> bytes:
    """Of each folder, before those in it: its name, how many files and folders are in it, and its id."""
    counts = dict.fromkeys(listing.folders, 0)
    for entry in listing.entries:
        folder = entry.path
        while folder:
            folder = folder.rpartition(b"/")[0]
            if folder in counts:
                counts[folder] += 1
    below: dict[bytes, list[bytes]] = {}
    for folder in listing.folders:
        if folder:
            below.setdefault(folder.rpartition(b"/")[0], []).append(folder)
    parts: list[bytes] = []
    waiting = [b""]
    while waiting:
        folder = waiting.pop()
        inner = below.get(folder, ())
        parts.append(_tree(folder, counts, len(inner), listing.folders))
        waiting.extend(inner)
    return b"".join(parts)


def _tree(folder: bytes, counts: Mapping[bytes, int], inner: int, oids: Mapping[bytes, str]) -> bytes:
    name = folder.rpartition(b"/")[2]
    oid = oids[folder]
    if not oid:
        return b"%s\0-1 %d\n" % (name, inner)
    return b"%s\0%d %d\n%s" % (name, counts[folder], inner, bytes.fromhex(oid))


def _read_trees(content: bytes, folders: dict[bytes, str]) -> None:
    position = 0
    open_folders: list[tuple[bytes, int]] = []
    while position < len(content):
        end = content.index(b"\n", position)
        name, numbers = content[position:end].split(b"\0")
        count, inner = (int(number) for number in numbers.split())
        path = _joined(open_folders, name)
        position = end + 1
        folders[path] = content[position : position + _OID_BYTES].hex() if count >= 0 else ""
        position += _OID_BYTES if count >= 0 else 0
        open_folders.append((path, inner))


def _joined(open_folders: list[tuple[bytes, int]], name: bytes) -> bytes:
    """The path of the next folder; those whose folders have all come are closed."""
    while open_folders and open_folders[-1][1] == 0:
        open_folders.pop()
    if not open_folders:
        return name
    parent, left = open_folders[-1]
    open_folders[-1] = (parent, left - 1)
    return parent + b"/" + name if parent else name
