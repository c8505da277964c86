"""The history of a repository: its commits, and what each changed, down to the chunks that came and went.

Layout: docs/formats/history.md. Commits are in no order; `commit_times` give one.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from grove.indexing import grams
from grove.indexing.arrays import distinct, spans
from grove.indexing.content import ContentIndex, ContentWriter, Frame
from grove.indexing.errors import IndexCorrupt
from grove.indexing.model import Ordinals
from grove.indexing.parts import DELTA_ZSTD, ZSTD, PartsReader, PartsWriter
from grove.indexing.postings import Runs
from grove.kit.caching import SizedCache

KIND: Final = "history"
FILE_NAME: Final = "history.grove"
_OID_BYTES: Final = 20
_GRAM_BATCH: Final = 4_096


class Ragged(NamedTuple):
    """Rows of different lengths: row `i` is `values[ends[i - 1]:ends[i]]`."""

    ends: NDArray[np.int64]
    values: NDArray[Any]

    def counts(self) -> NDArray[np.int64]:
        """How long each row is."""
        return np.diff(self.ends, prepend=0)

    def row(self, number: int) -> NDArray[Any]:
        """One row."""
        return self.values[int(self.ends[number - 1]) if number else 0 : int(self.ends[number])]

    def rows(self, numbers: NDArray[np.int64]) -> "Ragged":
        """Some rows, in the order given."""
        counts = self.counts()[numbers]
        return Ragged(np.cumsum(counts), self.values[spans((self.ends - self.counts())[numbers], counts)])

    def joined_with(self, other: "Ragged") -> "Ragged":
        """These rows, then others."""
        first = int(self.ends[-1]) if self.ends.size else 0
        return Ragged(np.concatenate((self.ends, other.ends + first)), np.concatenate((self.values, other.values)))

    def owners(self) -> NDArray[np.int64]:
        """For each value the number of its row."""
        return np.repeat(np.arange(self.ends.size), self.counts())


class Commits(NamedTuple):
    """Commits as arrays: people are numbers in `History.people`, times seconds since 1970, zones minutes."""

    oids: NDArray[np.uint8]
    times: NDArray[np.int64]
    author_times: NDArray[np.int64]
    author_zones: NDArray[np.int16]
    authors: NDArray[np.uint32]
    committers: NDArray[np.uint32]
    parents: Ragged
    """Rows of ids, as bytes, one id after the other."""
    changes: NDArray[np.int64]
    """How many changes each commit made."""

    def rows(self, numbers: NDArray[np.int64]) -> "Commits":
        """Some commits, in the order given."""
        return Commits(
            self.oids[numbers],
            self.times[numbers],
            self.author_times[numbers],
            self.author_zones[numbers],
            self.authors[numbers],
            self.committers[numbers],
            self.parents.rows(numbers),
            self.changes[numbers],
        )

    def joined_with(self, other: "Commits") -> "Commits":
        """These commits, then others."""
        if not len(other.oids):
            return self
        return Commits(
            np.concatenate((self.oids, other.oids)),
            np.concatenate((self.times, other.times)),
            np.concatenate((self.author_times, other.author_times)),
            np.concatenate((self.author_zones, other.author_zones)),
            np.concatenate((self.authors, other.authors)),
            np.concatenate((self.committers, other.committers)),
            self.parents.joined_with(other.parents),
            np.concatenate((self.changes, other.changes)),
        )


class Changes(NamedTuple):
    """Changes as arrays, commit by commit: paths are numbers in `History.paths`, blobs in `History.blob_oids` from 1.

    A blob of 0 is no file. `before` is the first parent's. `known` are those whose chunks were looked at: `came` are
    the chunks that no parent had, `went` those that only the first parent had.
    """

    paths: NDArray[np.uint32]
    before: NDArray[np.uint32]
    after: NDArray[np.uint32]
    known: NDArray[np.bool_]
    came: Ragged
    went: Ragged

    def rows(self, numbers: NDArray[np.int64]) -> "Changes":
        """Some changes, in the order given."""
        return Changes(
            self.paths[numbers],
            self.before[numbers],
            self.after[numbers],
            self.known[numbers],
            self.came.rows(numbers),
            self.went.rows(numbers),
        )

    def joined_with(self, other: "Changes") -> "Changes":
        """These changes, then others."""
        return Changes(
            np.concatenate((self.paths, other.paths)),
            np.concatenate((self.before, other.before)),
            np.concatenate((self.after, other.after)),
            np.concatenate((self.known, other.known)),
            self.came.joined_with(other.came),
            self.went.joined_with(other.went),
        )


class History:
    """Reads the history of a repository. Safe to share between threads."""

    def __init__(self, reader: PartsReader, *, name: str, frames: SizedCache[Frame]) -> None:
        self.name = name
        self.reader = reader
        self._frames = frames
        self.facts: Mapping[str, Any] = reader.facts("facts")
        self.commits = _commits_in(reader)
        if self.commits.changes.sum() != reader.size("change_paths") // 4:
            raise IndexCorrupt(name=name, part="commit_changes")

    @classmethod
    def open(cls, folder: Path, *, frames: SizedCache[Frame]) -> "History":
        """Map the history in a folder.

        :raises IndexMissing: if there is none.
        :raises IndexCorrupt: if it is damaged.
        """
        return cls(PartsReader.open(folder / FILE_NAME, kind=KIND), name=folder.name, frames=frames)

    def __len__(self) -> int:
        return len(self.commits.oids)

    @property
    def is_complete(self) -> bool:
        """Whether all commits are here that led to the tips when it was made."""
        return bool(self.facts.get("complete"))

    @property
    def tips(self) -> list[str]:
        """The commits from which it was made."""
        tips = self.facts.get("tips")
        return [str(tip) for tip in tips] if isinstance(tips, list) else []

    def oid(self, commit: int) -> str:
        """The id of a commit."""
        oid: bytes = self.commits.oids[commit].tobytes()
        return oid.hex()

    def parents_of(self, commit: int) -> list[str]:
        """The ids of a commit's parents."""
        width = 2 * self.commits.oids.shape[1]
        joined = self.commits.parents.row(commit).tobytes().hex()
        return [joined[at : at + width] for at in range(0, len(joined), width)]

    @cached_property
    def changes(self) -> Changes:
        """What the commits changed."""
        reader = self.reader
        found = Changes(
            reader.array("change_paths", np.uint32),
            reader.array("change_before", np.uint32),
            reader.array("change_after", np.uint32),
            reader.array("change_known", np.uint8).astype(np.bool_),
            _ragged(reader, "came", np.uint32),
            _ragged(reader, "went", np.uint32),
        )
        sizes = {column.size for column in found[:4]} | {found.came.ends.size, found.went.ends.size}
        if len(sizes) != 1 or found.paths.max(initial=0) >= max(len(self.paths), 1):
            raise IndexCorrupt(name=self.name, part="change_paths")
        if max(found.before.max(initial=0), found.after.max(initial=0)) > len(self.blob_oids):
            raise IndexCorrupt(name=self.name, part="change_before")
        return found

    @cached_property
    def commit_of_change(self) -> NDArray[np.int64]:
        """For each change the number of its commit."""
        return np.repeat(np.arange(len(self)), self.commits.changes)

    def changes_of(self, commit: int) -> range:
        """The numbers of the changes that a commit made."""
        end = int(self._change_ends[commit])
        return range(end - int(self.commits.changes[commit]), end)

    @cached_property
    def _change_ends(self) -> NDArray[np.int64]:
        return np.cumsum(self.commits.changes)

    @cached_property
    def paths(self) -> list[bytes]:
        """The paths that were changed, in no order."""
        return _strings(self.reader, "paths")

    @cached_property
    def people(self) -> list[str]:
        """Authors and committers, as `name <address>`."""
        people = [person.decode("utf-8", "replace") for person in _strings(self.reader, "people")]
        if max(self.commits.authors.max(initial=0), self.commits.committers.max(initial=0)) >= max(len(people), 1):
            raise IndexCorrupt(name=self.name, part="people")
        return people

    @cached_property
    def blob_oids(self) -> NDArray[np.uint8]:
        """The ids of the blobs that came or went, one per row."""
        return _oids(self.reader, "blob_oids")

    def blob(self, number: int) -> str | None:
        """The id of a blob as changes number them."""
        return self.blob_oids[number - 1].tobytes().hex() if number else None

    @cached_property
    def ordinals(self) -> Ordinals:
        """The chunks that the history needs: ascending, each once."""
        try:
            bitmap = BitMap.deserialize(self.reader.array("bitmap", np.uint8).tobytes())
        except ValueError as error:
            raise IndexCorrupt(name=self.name, part="bitmap") from error
        return np.array(bitmap.to_array(), dtype=np.uint32)

    @property
    def pinned(self) -> Ordinals:
        """Those chunks among `ordinals` that are needed beside those that came or went."""
        return self.reader.array("pinned", np.uint32)

    @cached_property
    def messages(self) -> ContentIndex:
        """The messages of the commits."""
        return ContentIndex(self.reader, self._frames, chunk_count=len(self))

    def may_say(self, literals: Sequence[bytes], *, fold_case: bool) -> NDArray[np.bool_]:
        """Per commit, whether its message may hold all literals."""
        bitmap = np.full(-(-len(self) // grams.GROUP), 0xFF, dtype=np.uint8)
        for literal in literals:
            bitmap = self._grams.containing(literal, bitmap, fold_case=fold_case)
        return np.unpackbits(bitmap, bitorder="little")[: len(self)].astype(np.bool_)

    @cached_property
    def _grams(self) -> grams.GramIndex:
        return grams.GramIndex(self.reader, chunk_count=len(self))

    def verify(self) -> None:
        """Read everything and open every look-up.

        :raises IndexCorrupt: if anything is not what was written.
        """
        self.reader.verify()
        for part in (self.changes, self.people, self.ordinals, self.messages, self._grams):
            assert part is not None


class HistoryContent(NamedTuple):
    """All that a history is written from."""

    commits: Commits
    changes: Changes
    paths: Sequence[bytes]
    people: Sequence[bytes]
    blob_oids: Sequence[bytes]
    messages: Sequence[bytes]
    pinned: Ordinals
    """Chunks that are needed beside those that came or went."""
    facts: Mapping[str, Any]


def write_history(folder: Path, content: HistoryContent) -> str:
    """Write a history into a new folder; gives its checksum."""
    folder.mkdir(parents=True)
    parts = PartsWriter(folder / FILE_NAME, kind=KIND)
    commits, changes = content.commits, content.changes
    parts.add("commit_oids", commits.oids)
    parts.add("commit_times", commits.times, encoding=ZSTD)
    parts.add("author_times", commits.author_times, encoding=ZSTD)
    parts.add("author_zones", commits.author_zones, encoding=ZSTD)
    parts.add("authors", commits.authors, encoding=ZSTD)
    parts.add("committers", commits.committers, encoding=ZSTD)
    _add_ragged(parts, "parent", commits.parents)
    parts.add("commit_changes", commits.changes.astype(np.uint32), encoding=ZSTD)
    parts.add("change_paths", changes.paths, encoding=ZSTD)
    parts.add("change_before", changes.before, encoding=DELTA_ZSTD)
    parts.add("change_after", changes.after, encoding=DELTA_ZSTD)
    parts.add("change_known", changes.known.astype(np.uint8), encoding=ZSTD)
    _add_ragged(parts, "came", changes.came)
    _add_ragged(parts, "went", changes.went)
    parts.add("paths", b"".join(path + b"\0" for path in content.paths), encoding=ZSTD)
    parts.add("people", b"".join(person + b"\0" for person in content.people), encoding=ZSTD)
    parts.add("blob_oids", b"".join(content.blob_oids))
    parts.add("pinned", content.pinned, encoding=DELTA_ZSTD)
    parts.add("bitmap", _bitmap(np.concatenate((changes.came.values, changes.went.values, content.pinned))))
    _add_messages(parts, content.messages, folder / "grams.runs")
    facts = dict(content.facts) | {"oid_bytes": commits.oids.shape[1]}
    parts.add("facts", _json(facts))
    return parts.finish()


def _add_messages(parts: PartsWriter, messages: Sequence[bytes], scratch: Path) -> None:
    texts = ContentWriter(parts)
    for message in messages:
        texts.add(message)
    texts.finish()
    runs = Runs(scratch)
    for first in range(0, len(messages), _GRAM_BATCH):
        runs.add(grams.postings_of(list(messages[first : first + _GRAM_BATCH]), first))
    grams.write_grams(parts, runs, chunk_count=len(messages))


def _add_ragged(parts: PartsWriter, name: str, rows: Ragged) -> None:
    parts.add(f"{name}_ends", rows.ends.astype(np.uint32), encoding=DELTA_ZSTD)
    parts.add(f"{name}_values", rows.values, encoding=DELTA_ZSTD if rows.values.dtype == np.uint32 else ZSTD)


def _bitmap(ordinals: Ordinals) -> bytes:
    bitmap = BitMap(distinct(ordinals))
    bitmap.run_optimize()
    serialized: bytes = bitmap.serialize()
    return serialized


def _json(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True).encode()


def _commits_in(reader: PartsReader) -> Commits:
    oids = _oids(reader, "commit_oids")
    found = Commits(
        oids,
        reader.array("commit_times", np.int64),
        reader.array("author_times", np.int64),
        reader.array("author_zones", np.int16),
        reader.array("authors", np.uint32),
        reader.array("committers", np.uint32),
        _ragged(reader, "parent", np.uint8),
        reader.array("commit_changes", np.uint32).astype(np.int64),
    )
    sizes = {column.size for column in (*found[1:6], found.parents.ends, found.changes)} | {len(oids)}
    if len(sizes) != 1:
        raise IndexCorrupt(name=reader.label, part="commit_oids")
    return found


def _oids(reader: PartsReader, name: str) -> NDArray[np.uint8]:
    width = reader.facts("facts").get("oid_bytes")
    content = reader.array(name, np.uint8)
    if not isinstance(width, int) or width < 1 or content.size % width:
        raise IndexCorrupt(name=reader.label, part=name)
    return content.reshape(-1, width)


def _ragged(reader: PartsReader, name: str, dtype: type[np.generic]) -> Ragged:
    ends = reader.array(f"{name}_ends", np.uint32).astype(np.int64)
    values: NDArray[Any] = reader.array(f"{name}_values", dtype)
    if (np.diff(ends, prepend=0) < 0).any() or (int(ends[-1]) if ends.size else 0) != values.size:
        raise IndexCorrupt(name=reader.label, part=f"{name}_ends")
    return Ragged(ends, values)


def _strings(reader: PartsReader, name: str) -> list[bytes]:
    return reader.array(name, np.uint8).tobytes().split(b"\0")[:-1]
