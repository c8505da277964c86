"""Blobs by their ids: of which chunks each consists, and what its first bytes told."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing.arrays import spans
from grove.indexing.errors import IndexCorrupt
from grove.indexing.model import Ordinals, SkipReason
from grove.indexing.parts import DELTA_ZSTD, ZSTD, PartsReader, PartsWriter
from grove.languages import Mark, Trait

SKIPS: Final = ("", *(reason.value for reason in SkipReason))
SKIP_NUMBERS: Final = {skip: number for number, skip in enumerate(SKIPS)}
_KEY_BYTES: Final = 8
_OID_BYTES: Final = 20


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


class BlobColumns(NamedTuple):
    """Blobs as arrays, sorted by id, then grammar; grammars and languages are numbers in `words`, which are sorted."""

    oids: NDArray[np.uint8]
    grammars: NDArray[np.uint8]
    languages: NDArray[np.uint8]
    marks: NDArray[np.uint8]
    skips: NDArray[np.uint8]
    counts: NDArray[np.int64]
    chunks: Ordinals
    first_lines: NDArray[np.uint32]
    words: list[str]

    def rows(self, numbers: NDArray[np.int64]) -> "BlobColumns":
        """Some of the blobs, in the order given."""
        places = spans((np.cumsum(self.counts) - self.counts)[numbers], self.counts[numbers])
        return BlobColumns(
            self.oids[numbers],
            self.grammars[numbers],
            self.languages[numbers],
            self.marks[numbers],
            self.skips[numbers],
            self.counts[numbers],
            self.chunks[places],
            self.first_lines[places],
            self.words,
        )

    def write(self, writer: PartsWriter) -> dict[str, Any]:
        """Write all parts that a `BlobTable` reads; gives the facts that it needs."""
        writer.add("blob_oids", self.oids)
        writer.add("blob_grammars", self.grammars, encoding=ZSTD)
        writer.add("blob_languages", self.languages, encoding=ZSTD)
        writer.add("blob_marks", self.marks, encoding=ZSTD)
        writer.add("blob_skips", self.skips, encoding=ZSTD)
        writer.add("blob_ends", np.cumsum(self.counts).astype(np.uint32), encoding=DELTA_ZSTD)
        writer.add("blob_chunks", self.chunks, encoding=DELTA_ZSTD)
        writer.add("blob_first_lines", self.first_lines, encoding=DELTA_ZSTD)
        return {"blob_words": self.words}


class BlobTable:
    """The blobs of a segment or of a snapshot."""

    def __init__(self, columns: BlobColumns) -> None:
        self.columns = columns
        self._ends = np.cumsum(columns.counts)
        self._keys = _words_of(columns.oids[:, :_KEY_BYTES])[0]

    @classmethod
    def read(cls, reader: PartsReader, facts: Mapping[str, Any]) -> "BlobTable":
        """The blobs that `BlobColumns.write` wrote.

        :raises IndexCorrupt: if they are damaged.
        """
        ends = reader.array("blob_ends", np.uint32).astype(np.int64)
        bytes_of_oids = reader.array("blob_oids", np.uint8)
        width = bytes_of_oids.size // ends.size if ends.size else _OID_BYTES
        if width < _KEY_BYTES or width * ends.size != bytes_of_oids.size:
            raise IndexCorrupt(name=reader.label, part="blob_oids")
        columns = BlobColumns(
            bytes_of_oids.reshape(-1, width),
            reader.array("blob_grammars", np.uint8),
            reader.array("blob_languages", np.uint8),
            reader.array("blob_marks", np.uint8),
            reader.array("blob_skips", np.uint8),
            np.diff(ends, prepend=0),
            reader.array("blob_chunks", np.uint32),
            reader.array("blob_first_lines", np.uint32),
            _words_in(facts, reader.label),
        )
        if not _is_whole(columns, ends):
            raise IndexCorrupt(name=reader.label, part="blob_ends")
        return cls(columns)

    def __len__(self) -> int:
        return self._ends.size

    @property
    def begins(self) -> NDArray[np.int64]:
        """Where each blob's chunks begin among the chunks of all."""
        return self._ends - self.columns.counts

    def chunks_of(self, number: int) -> Ordinals:
        """The chunks of a blob, in order."""
        return self.columns.chunks[self._range(number)]

    def first_lines_of(self, number: int) -> NDArray[np.uint32]:
        """Where each chunk begins in the blob."""
        return self.columns.first_lines[self._range(number)]

    def oid(self, number: int) -> bytes:
        """The id of a blob."""
        return bytes(self.columns.oids[number])

    def positions(self, oids: Sequence[bytes]) -> NDArray[np.int64]:
        """For each id the number of its first blob, or -1."""
        stored = self.columns.oids
        if not oids or not len(self) or len(oids[0]) != stored.shape[1]:
            return np.full(len(oids), -1, dtype=np.int64)
        wanted = np.frombuffer(b"".join(oids), dtype=np.uint8).reshape(len(oids), -1)
        found = np.minimum(np.searchsorted(self._keys, _words_of(wanted[:, :_KEY_BYTES])[0]), len(self) - 1)
        return np.where((stored[found] == wanted).all(axis=1), found, -1)

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
        _, grammars, languages, marks, skips, *_ = self.columns
        words, skip = self.columns.words, SKIPS[skips[number]]
        return Blob(
            words[grammars[number]],
            Trait(words[languages[number]], Mark(int(marks[number]))),
            SkipReason(skip) if skip else None,
            self.chunks_of(number),
            self.first_lines_of(number),
        )

    def _range(self, number: int) -> slice:
        return slice(int(self._ends[number - 1]) if number else 0, int(self._ends[number]))


def columns_of(blobs: Mapping[BlobKey, Blob]) -> BlobColumns:
    """The blobs as arrays, in the order of their keys."""
    keys = sorted(blobs)
    rows = [blobs[key] for key in keys]
    words = sorted({"", *(row.grammar for row in rows), *(row.trait.language for row in rows)})
    number = {word: position for position, word in enumerate(words)}
    none = np.empty(0, dtype=np.uint32)
    return BlobColumns(
        np.frombuffer(b"".join(key.oid for key in keys), dtype=np.uint8).reshape(len(keys), -1)
        if keys
        else np.empty((0, _OID_BYTES), dtype=np.uint8),
        np.array([number[row.grammar] for row in rows], dtype=np.uint8),
        np.array([number[row.trait.language] for row in rows], dtype=np.uint8),
        np.array([int(row.trait.marks) for row in rows], dtype=np.uint8),
        np.array([SKIP_NUMBERS[row.skip.value if row.skip else ""] for row in rows], dtype=np.uint8),
        np.array([row.chunks.size for row in rows], dtype=np.int64),
        np.concatenate([none, *(row.chunks for row in rows)]),
        np.concatenate([none, *(row.first_lines for row in rows)]),
        words,
    )


def joined(one: BlobColumns, other: BlobColumns) -> tuple[BlobColumns, NDArray[np.int64]]:
    """The blobs of both, each once, and the number of each of theirs in the result; one with text counts first."""
    if not len(one.oids) or not len(other.oids):
        return (one if len(one.oids) else other), np.arange(len(one.oids) + len(other.oids))
    words = sorted({*one.words, *other.words})
    one, other = _renamed(one, words), _renamed(other, words)
    both = BlobColumns(
        np.concatenate((one.oids, other.oids)),
        np.concatenate((one.grammars, other.grammars)),
        np.concatenate((one.languages, other.languages)),
        np.concatenate((one.marks, other.marks)),
        np.concatenate((one.skips, other.skips)),
        np.concatenate((one.counts, other.counts)),
        np.concatenate((one.chunks, other.chunks)),
        np.concatenate((one.first_lines, other.first_lines)),
        words,
    )
    of_oids = _words_of(both.oids)
    order = np.lexsort([both.skips.astype(np.uint64), both.grammars.astype(np.uint64), *reversed(of_oids)])
    differs = np.zeros(order.size, dtype=np.bool_)
    differs[:1] = True
    for column in [both.grammars.astype(np.uint64), *of_oids]:
        differs[1:] |= column[order[1:]] != column[order[:-1]]
    numbers = np.empty(order.size, dtype=np.int64)
    numbers[order] = np.cumsum(differs) - 1
    return both.rows(order[differs]), numbers


def _renamed(columns: BlobColumns, words: list[str]) -> BlobColumns:
    number = {word: position for position, word in enumerate(words)}
    renamed = np.array([number[word] for word in columns.words], dtype=np.uint8)
    grammars, languages = renamed[columns.grammars], renamed[columns.languages]
    return columns._replace(grammars=grammars, languages=languages, words=words)


def _words_of(oids: NDArray[np.uint8]) -> list[NDArray[np.uint64]]:
    """Ids as columns of numbers that are ordered as the ids are."""
    padded = np.zeros((oids.shape[0], -(-oids.shape[1] // _KEY_BYTES) * _KEY_BYTES), dtype=np.uint8)
    padded[:, : oids.shape[1]] = oids
    return list(padded.view(">u8").astype(np.uint64).T.copy())


def _is_whole(columns: BlobColumns, ends: NDArray[np.int64]) -> bool:
    numbered = ((columns.grammars, columns.words), (columns.languages, columns.words), (columns.skips, SKIPS))
    return (
        all(column.size == ends.size for column in columns[1:5])
        and all(column.max(initial=0) < len(names) for column, names in numbered)
        and bool((columns.counts >= 0).all())
        and columns.chunks.size == columns.first_lines.size == (ends[-1] if ends.size else 0)
    )


def _words_in(facts: Mapping[str, Any], label: str) -> list[str]:
    words = facts.get("blob_words")
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise IndexCorrupt(name=label, part="facts")
    return words
