"""A file of named parts: how every file of the index is laid out (docs/formats/segment.md).

A header, the parts one after the other, then the table of parts. Every 16 KiB of a part have a checksum, verified when
a reader first touches them, so that opening costs nothing and damage never gets past the reader.
"""

import hashlib
import json
import mmap
import os
import struct
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, TypeVar
from zlib import crc32

import numpy as np
import zstandard
from numpy.typing import NDArray

from grove.indexing.errors import IndexCorrupt, IndexFormatUnknown, IndexMissing

MAGIC: Final = b"GROVEIDX"
FORMAT_VERSION: Final = 1
BLOCK_BYTES: Final = 16 * 1024
NAME_BYTES_MAX: Final = 24
PART_BYTES_MAX: Final = 1 << 40
_ALIGNMENT: Final = 64
_HEADER: Final = struct.Struct(
    "<8sII16sQQQI"
)  # magic, version, parts, kind, table at, table bytes, file bytes, its crc
_CHECKSUM: Final = struct.Struct("<I")  # of the header, behind it
_ENTRY: Final = struct.Struct("<24sIIQQQI")  # name, encoding, crc of crcs, begin, stored bytes, raw bytes, reserved
_HEADER_BYTES: Final = 64
_LEVEL: Final = 3

RAW: Final = 0
ZSTD: Final = 1
DELTA_ZSTD: Final = 2
"""Of 32-bit numbers: the differences, modulo 2**32, compressed."""

Number = TypeVar("Number", bound=np.generic)


class _Entry(NamedTuple):
    encoding: int
    begin: int
    stored_bytes: int
    raw_bytes: int
    checksums: NDArray[np.uint32]


class PartsWriter:
    """Writes a file of parts, one part after the other; `finish` makes it whole. It may be a file in memory."""

    def __init__(self, place: Path | BytesIO, *, kind: str) -> None:
        self._file: BinaryIO = place.open("xb") if isinstance(place, Path) else place
        self._in_memory = isinstance(place, BytesIO)
        self._kind = kind
        self._entries: list[tuple[str, int, int, int, int, bytes]] = []
        self._file.write(bytes(_HEADER_BYTES))
        self._open_name = ""
        self._open_at = 0
        self._block = b""
        self._checksums: list[int] = []

    def add(self, name: str, content: NDArray[Any] | bytes, *, encoding: int = RAW) -> None:
        """Write a whole part; in memory it is kept as it is."""
        encoding = RAW if self._in_memory else encoding
        raw = content if isinstance(content, bytes) else np.ascontiguousarray(content).tobytes()
        self.begin(name)
        self.append(_encoded(raw, encoding))
        self.end(encoding=encoding, raw_bytes=len(raw))

    def begin(self, name: str) -> None:
        """Begin a part that is written piece by piece."""
        assert len(name) <= NAME_BYTES_MAX
        self._file.write(bytes(-self._file.tell() % _ALIGNMENT))
        self._open_name, self._open_at = name, self._file.tell()
        self._block, self._checksums = b"", []

    def append(self, piece: bytes) -> None:
        """Add to the part that was begun."""
        self._file.write(piece)
        waiting = memoryview(self._block + piece)
        whole = len(waiting) - len(waiting) % BLOCK_BYTES
        self._checksums.extend(crc32(waiting[at : at + BLOCK_BYTES]) for at in range(0, whole, BLOCK_BYTES))
        self._block = bytes(waiting[whole:])

    def end(self, *, encoding: int = RAW, raw_bytes: int | None = None) -> None:
        """End the part that was begun."""
        if self._block:
            self._checksums.append(crc32(self._block))
        stored = self._file.tell() - self._open_at
        checksums = np.array(self._checksums, dtype="<u4").tobytes()
        size = stored if raw_bytes is None else raw_bytes
        self._entries.append((self._open_name, encoding, self._open_at, stored, size, checksums))

    def finish(self) -> str:
        """Write the table and the header; gives the checksum that stands for the whole file."""
        at = self._file.tell()
        table = b"".join(
            _ENTRY.pack(name.encode(), encoding, crc32(checksums), begin, stored, raw, 0)
            for name, encoding, begin, stored, raw, checksums in self._entries
        ) + b"".join(entry[-1] for entry in self._entries)
        self._file.write(table)
        self._file.seek(0)
        kind = self._kind.encode()
        size = len(table)
        header = _HEADER.pack(MAGIC, FORMAT_VERSION, len(self._entries), kind, at, size, at + size, crc32(table))
        self._file.write(header + _CHECKSUM.pack(crc32(header)))
        if not self._in_memory:
            self._file.close()
        return hashlib.sha256(table).hexdigest()

    def abandon(self) -> None:
        """Close the file as it is; it is not whole."""
        self._file.close()


class PartsReader:
    """Reads a file of parts, mapped into memory or given as bytes."""

    def __init__(self, content: mmap.mmap | bytes, *, kind: str, label: str) -> None:
        self.label = label
        self._content = np.frombuffer(content, dtype=np.uint8)
        self._entries = self._table(kind)
        self._verified = {name: np.zeros(entry.checksums.size, dtype=np.bool_) for name, entry in self._entries.items()}
        self._arrays: dict[str, NDArray[np.uint8]] = {}

    @classmethod
    def open(cls, path: Path, *, kind: str) -> "PartsReader":
        """Map a file.

        :raises IndexMissing: if there is none.
        :raises IndexCorrupt: if its header or table is damaged.
        :raises IndexFormatUnknown: if another version wrote it.
        """
        label = path.parent.name
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError as error:
            raise IndexMissing(name=label) from error
        try:
            if os.fstat(descriptor).st_size < _HEADER_BYTES:
                raise IndexCorrupt(name=label, part="header")
            return cls(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ), kind=kind, label=label)
        finally:
            os.close(descriptor)

    @property
    def stored_bytes(self) -> int:
        """How large the file is."""
        return self._content.size

    def stored_sizes(self) -> dict[str, int]:
        """How many bytes each part takes in the file."""
        return {name: entry.stored_bytes for name, entry in self._entries.items()}

    def has(self, name: str) -> bool:
        """Whether there is a part of that name: a later writer may add some."""
        return name in self._entries

    def size(self, name: str) -> int:
        """How many bytes a part has when decoded."""
        return self._entry(name).raw_bytes

    def array(self, name: str, dtype: type[Number]) -> NDArray[Number]:
        """A whole part as numbers."""
        raw = self._arrays.get(name)
        if raw is None:
            raw = self._arrays[name] = self._decoded(name)
        if raw.size % np.dtype(dtype).itemsize:
            raise IndexCorrupt(name=self.label, part=name)
        return raw.view(dtype)

    def slice(self, name: str, begin: int, end: int) -> NDArray[np.uint8]:
        """Some bytes of a part that is stored raw."""
        entry = self._entry(name)
        if not 0 <= begin <= end <= entry.stored_bytes or entry.encoding != RAW:
            raise IndexCorrupt(name=self.label, part=name)
        self._verify(name, entry, begin // BLOCK_BYTES, -(-end // BLOCK_BYTES))
        return self._content[entry.begin + begin : entry.begin + end]

    def facts(self, name: str) -> Mapping[str, Any]:
        """A part that holds a JSON object."""
        try:
            facts = json.loads(self.array(name, np.uint8).tobytes())
        except ValueError as error:
            raise IndexCorrupt(name=self.label, part=name) from error
        if not isinstance(facts, dict):
            raise IndexCorrupt(name=self.label, part=name)
        return facts

    def require(self, checksum: str) -> None:
        """Return if this is the file for which `PartsWriter.finish` gave that checksum; an empty one is any.

        :raises IndexCorrupt: if it is another.
        """
        if checksum not in {"", hashlib.sha256(self._content[self._table_at :].tobytes()).hexdigest()}:
            raise IndexCorrupt(name=self.label, part="table", reason="not the file that was published")

    def verify(self) -> None:
        """Read everything.

        :raises IndexCorrupt: if a byte is not what was written.
        """
        covered = _HEADER.size + _CHECKSUM.size
        for name, entry in sorted(self._entries.items(), key=lambda item: item[1].begin):
            if self._content[covered : entry.begin].any():
                raise IndexCorrupt(name=self.label, part="padding")
            self._verified[name][:] = False
            self._verify(name, entry, 0, entry.checksums.size)
            covered = entry.begin + entry.stored_bytes

    def _entry(self, name: str) -> _Entry:
        entry = self._entries.get(name)
        if entry is None:
            raise IndexCorrupt(name=self.label, part=name)
        return entry

    def _verify(self, name: str, entry: _Entry, first: int, last: int) -> None:
        verified = self._verified[name]
        if verified[first:last].all():
            return
        for block in np.flatnonzero(~verified[first:last]) + first:
            begin = entry.begin + int(block) * BLOCK_BYTES
            end = min(begin + BLOCK_BYTES, entry.begin + entry.stored_bytes)
            if crc32(self._content[begin:end].data) != entry.checksums[block]:
                raise IndexCorrupt(name=self.label, part=name, block=int(block))
            verified[block] = True

    def _decoded(self, name: str) -> NDArray[np.uint8]:
        entry = self._entry(name)
        self._verify(name, entry, 0, entry.checksums.size)
        stored = self._content[entry.begin : entry.begin + entry.stored_bytes]
        if entry.encoding == RAW:
            return stored
        try:
            raw = zstandard.ZstdDecompressor().decompress(stored.tobytes(), max_output_size=entry.raw_bytes)
        except zstandard.ZstdError as error:
            raise IndexCorrupt(name=self.label, part=name) from error
        decoded = np.frombuffer(raw, dtype=np.uint8)
        if decoded.size != entry.raw_bytes or (entry.encoding == DELTA_ZSTD and decoded.size % 4):
            raise IndexCorrupt(name=self.label, part=name)
        if entry.encoding == DELTA_ZSTD:
            return np.cumsum(decoded.view(np.uint32), dtype=np.uint32).view(np.uint8)
        return decoded

    def _table(self, kind: str) -> dict[str, _Entry]:
        header = self._content[: _HEADER.size].tobytes()
        checksum = self._content[_HEADER.size : _HEADER.size + _CHECKSUM.size].tobytes()
        if self._content.size < _HEADER_BYTES or checksum != _CHECKSUM.pack(crc32(header)) or header[:8] != MAGIC:
            raise IndexCorrupt(name=self.label, part="header")
        _, version, count, found_kind, at, size, file_bytes, table_checksum = _HEADER.unpack(header)
        if version != FORMAT_VERSION:
            raise IndexFormatUnknown(name=self.label, version=version)
        table = self._content[at:].tobytes() if file_bytes == self._content.size == at + size else b""
        if (
            len(table) < count * _ENTRY.size
            or crc32(table) != table_checksum
            or found_kind.rstrip(b"\0") != kind.encode()
        ):
            raise IndexCorrupt(name=self.label, part="table")
        self._table_at = at
        return self._parsed(table, count, at)

    def _parsed(self, table: bytes, count: int, data_end: int) -> dict[str, _Entry]:
        entries: dict[str, _Entry] = {}
        checksums_at = count * _ENTRY.size
        for number in range(count):
            name, encoding, check, begin, stored, raw, _ = _ENTRY.unpack_from(table, number * _ENTRY.size)
            blocks = -(-stored // BLOCK_BYTES)
            checksums = table[checksums_at : checksums_at + blocks * 4]
            checksums_at += blocks * 4
            fits = _HEADER_BYTES <= begin <= begin + stored <= data_end and raw <= PART_BYTES_MAX
            if not fits or len(checksums) != blocks * 4 or crc32(checksums) != check:
                raise IndexCorrupt(name=self.label, part="table")
            numbers = np.frombuffer(checksums, dtype="<u4")
            entries[name.rstrip(b"\0").decode("ascii", "replace")] = _Entry(encoding, begin, stored, raw, numbers)
        return entries


def _encoded(raw: bytes, encoding: int) -> bytes:
    if encoding == RAW:
        return raw
    if encoding == DELTA_ZSTD:
        raw = np.diff(np.frombuffer(raw, dtype=np.uint32), prepend=np.uint32(0)).tobytes()
    return zstandard.ZstdCompressor(level=_LEVEL).compress(raw)
