"""Blobs by their ids: of which chunks each consists, and what its first bytes told."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing.errors import IndexCorrupt
from grove.indexing.languages import Trait
from grove.indexing.model import Mark, Ordinals, SkipReason
from grove.indexing.parts import DELTA_ZSTD, ZSTD, PartsReader, PartsWriter

SKIPS: Final = ("", *(reason.value for reason in SkipReason))


class Blob(NamedTuple):
    """A file's content: its chunks under the grammar of a language, or why it has none."""

    grammar: str
    trait: Trait
    skip: SkipReason | None
    chunks: Ordinals
    first_lines: NDArray[np.uint32]


class BlobKey(NamedTuple):
    """The same bytes are other chunks under another grammar."""

    oid: bytes
    grammar: str


class BlobTable:
    """The blobs of a segment or of a snapshot, sorted by id, then grammar."""

    def __init__(self, reader: PartsReader, facts: Mapping[str, Any]) -> None:
        self._label = reader.label
        self._words = _names_in(facts, reader.label)
        self._ends = reader.array("blob_ends", np.uint32)
        count = self._ends.size
        flat = reader.array("blob_oids", np.uint8)
        if (count and flat.size % count) or (count and flat.size // count < 8):  # noqa: PLR2004 - an id's shortest
            raise IndexCorrupt(name=reader.label, part="blob_oids")
        self.oids = flat.reshape(count, -1) if count else flat.reshape(0, 20)
        self._keys = np.ascontiguousarray(self.oids[:, :8]).view(">u8").ravel().astype(np.uint64)
        self._grammars = reader.array("blob_grammars", np.uint8)
        self._languages = reader.array("blob_languages", np.uint8)
        self._marks = reader.array("blob_marks", np.uint8)
        self.skips = reader.array("blob_skips", np.uint8)
        self.chunks = reader.array("blob_chunks", np.uint32)
        self.first_lines = reader.array("blob_first_lines", np.uint32)
        columns = (self._grammars, self._languages, self._marks, self.skips)
        words = ((self._grammars, self._words), (self._languages, self._words), (self.skips, SKIPS))
        fits = all(column.size == count for column in columns) and self.chunks.size == self.first_lines.size
        known = all(column.max(initial=0) < len(table) for column, table in words)
        ends = self._ends.astype(np.int64)
        whole = (np.diff(ends, prepend=0) >= 0).all() and (ends[-1] if count else 0) == self.chunks.size
        if not fits or not known or not whole:
            raise IndexCorrupt(name=reader.label, part="blob_ends")

    def __len__(self) -> int:
        return self._ends.size

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many chunks each blob has."""
        return self._ends.astype(np.int64) - self.begins

    @property
    def begins(self) -> NDArray[np.int64]:
        """Where each blob's chunks begin in `chunks`."""
        return np.concatenate((np.zeros(1, dtype=np.int64), self._ends[:-1].astype(np.int64)))[: len(self)]

    def chunks_of(self, number: int) -> Ordinals:
        """The chunks of a blob, in order."""
        return self.chunks[self._range(number)]

    def first_lines_of(self, number: int) -> NDArray[np.uint32]:
        """Where each chunk begins in the blob."""
        return self.first_lines[self._range(number)]

    def oid(self, number: int) -> bytes:
        """The id of a blob."""
        return bytes(self.oids[number])

    def positions(self, oids: Sequence[bytes]) -> NDArray[np.int64]:
        """For each id the number of its first blob, or -1."""
        if not oids or not len(self) or len(oids[0]) != self.oids.shape[1]:
            return np.full(len(oids), -1, dtype=np.int64)
        wanted = np.frombuffer(b"".join(oids), dtype=np.uint8).reshape(len(oids), -1)
        keys = np.ascontiguousarray(wanted[:, :8]).view(">u8").ravel().astype(np.uint64)
        found = np.minimum(np.searchsorted(self._keys, keys), len(self) - 1)
        return np.where((self.oids[found] == wanted).all(axis=1), found, -1)

    def blobs_at(self, position: int) -> list[Blob]:
        """The blobs with the same id as the one at a position, which is the first of them."""
        oid = self.oid(position)
        found = []
        while position < len(self) and self.oid(position) == oid:
            found.append(self.blob(position))
            position += 1
        return found

    def blob(self, number: int) -> Blob:
        """A blob by its number."""
        skip = SKIPS[self.skips[number]]
        return Blob(
            self._words[self._grammars[number]],
            Trait(self._words[self._languages[number]], Mark(int(self._marks[number]))),
            SkipReason(skip) if skip else None,
            self.chunks_of(number),
            self.first_lines_of(number),
        )

    def _range(self, number: int) -> slice:
        return slice(int(self._ends[number - 1]) if number else 0, int(self._ends[number]))


def write_blobs(writer: PartsWriter, blobs: Mapping[BlobKey, Blob]) -> dict[str, Any]:
    """Write all parts that a `BlobTable` reads, sorted; gives the facts that it needs."""
    keys = sorted(blobs)
    rows = [blobs[key] for key in keys]
    words = sorted({"", *(row.grammar for row in rows), *(row.trait.language for row in rows)})
    number = {word: position for position, word in enumerate(words)}
    skips = {reason: position for position, reason in enumerate(SKIPS)}
    columns = {
        "blob_grammars": [number[row.grammar] for row in rows],
        "blob_languages": [number[row.trait.language] for row in rows],
        "blob_marks": [int(row.trait.marks) for row in rows],
        "blob_skips": [skips[row.skip.value if row.skip else ""] for row in rows],
    }
    writer.add("blob_oids", b"".join(key.oid for key in keys))
    for name, column in columns.items():
        writer.add(name, np.array(column, dtype=np.uint8), encoding=ZSTD)
    writer.add(
        "blob_ends", np.cumsum([row.chunks.size for row in rows], dtype=np.int64).astype(np.uint32), encoding=DELTA_ZSTD
    )
    writer.add("blob_chunks", _joined([row.chunks for row in rows]), encoding=DELTA_ZSTD)
    writer.add("blob_first_lines", _joined([row.first_lines for row in rows]), encoding=DELTA_ZSTD)
    return {"blob_words": words}


def _joined(arrays: list[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype=np.uint32)


def _names_in(facts: Mapping[str, Any], label: str) -> list[str]:
    words = facts.get("blob_words")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise IndexCorrupt(name=label, part="facts")
    return words
