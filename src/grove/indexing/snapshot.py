"""One published commit: its paths, and the chunks they consist of. Layout: docs/formats/segment.md."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from grove.indexing.arrays import ChunkLists, distinct, run_starts, spans
from grove.indexing.blobs import SKIP_NUMBERS, SKIPS, BlobTable
from grove.indexing.errors import IndexCorrupt
from grove.indexing.model import Occurrence, Ordinals, SkipReason
from grove.indexing.parts import PartsReader
from grove.indexing.path_grams import FILTER_BYTES, path_filter
from grove.indexing.path_grams import PART as PATH_GRAMS
from grove.indexing.path_words import HeldWords, PathWords, scores_of
from grove.indexing.paths import shown, stored
from grove.languages import Mark

KIND: Final = "snapshot"
FILE_NAME: Final = "snapshot.grove"
_TRIED_PER_LOOKUP: Final = 50
_BY_CONTENT: Final = [SKIP_NUMBERS[skip] for skip in ("", SkipReason.BINARY.value, SkipReason.EMPTY.value)]


class Coverage(NamedTuple):
    """How many files have their content in the index, as an empty one has, of all that the commit has."""

    files_indexed: int
    files_total: int


class SnapshotView:
    """The files of a commit. A *path number* is a position in `paths`, which are sorted as bytes."""

    def __init__(self, reader: PartsReader, *, name: str) -> None:
        self.name = name
        self.reader = reader
        facts = reader.facts("facts")
        self._facts = facts
        self.commit = str(facts.get("commit", ""))
        self.path_blobs = reader.array("path_blobs", np.uint32)
        self.path_count = self.path_blobs.size
        self.language_numbers = reader.array("path_languages", np.uint8)
        self.marks = reader.array("path_marks", np.uint8)
        self.sizes = reader.array("path_sizes", np.uint64)
        self.path_skips = reader.array("path_skips", np.uint8)
        columns = (self.language_numbers, self.marks, self.sizes, self.path_skips)
        if any(column.size != self.path_count for column in columns):
            raise IndexCorrupt(name=name, part="path_blobs")
        if self.path_skips.max(initial=0) >= len(SKIPS):
            raise IndexCorrupt(name=name, part="path_skips")

    @classmethod
    def open(cls, folder: Path) -> "SnapshotView":
        """Map the snapshot in a folder.

        :raises IndexMissing: if there is none.
        :raises IndexCorrupt: if it is damaged.
        """
        return cls(PartsReader.open(folder / FILE_NAME, kind=KIND), name=folder.name)

    @cached_property
    def raw_paths(self) -> list[bytes]:
        """The paths as git has them, sorted."""
        joined = self.reader.array("paths", np.uint8).tobytes()
        paths = joined.split(b"\0")[:-1]
        if len(paths) != self.path_count:
            raise IndexCorrupt(name=self.name, part="paths")
        return paths

    @cached_property
    def paths(self) -> Sequence[str]:
        """Displayable: what is not printable UTF-8, and backslashes, are escaped reversibly (see `paths.shown`)."""
        return [shown(path) for path in self.raw_paths]

    @cached_property
    def languages(self) -> Sequence[str]:
        """Per path number: a name in `LANGUAGES`, or `""`."""
        names = self.language_names
        return [names[number] for number in self.language_numbers.tolist()]

    @cached_property
    def language_names(self) -> list[str]:
        """The languages by their numbers in this snapshot."""
        names = self._facts.get("languages")
        if not isinstance(names, list) or self.language_numbers.max(initial=0) >= max(len(names), 1):
            raise IndexCorrupt(name=self.name, part="path_languages")
        return names

    @property
    def rules(self) -> object:
        """What decided about the rows, beside paths and blobs (see `tree.rules_of`)."""
        return self._facts.get("rules")

    def files_by_path_and_oid(self) -> dict[tuple[bytes, str], int]:
        """The path numbers of all files whose content decided whether they have chunks."""
        by_content = np.isin(self.path_skips, _BY_CONTENT)
        oids, width = self.blobs.columns.oids.tobytes().hex(), 2 * self.blobs.columns.oids.shape[1]
        rows = zip(self.raw_paths, self.path_blobs.tolist(), by_content.tolist(), strict=True)
        return {
            (path, oids[blob * width : (blob + 1) * width]): number
            for number, (path, blob, found) in enumerate(rows)
            if found
        }

    @cached_property
    def unread(self) -> NDArray[np.bool_]:
        """Per path number, whether the file has content that is not in the index."""
        known = [SKIP_NUMBERS[skip] for skip in ("", SkipReason.EMPTY.value)]
        return ~np.isin(self.path_skips, known)

    @cached_property
    def skipped(self) -> Mapping[str, SkipReason]:
        """Displayable path -> why it has no chunks. Unsafe paths are only here, not in `paths`."""
        found = {self.paths[number]: self._skip_of(number) for number in np.flatnonzero(self.path_skips).tolist()}
        for path, reason in self.reader.facts("refused").items():
            found[path] = _reason(reason, self.name)
        return found

    @property
    def skipped_counts(self) -> Mapping[str, int]:
        """How many files were skipped, by reason: also those too many to be named in `skipped`."""
        counts: Any = self._facts.get("skipped", {})
        return dict(counts)

    @cached_property
    def coverage(self) -> Coverage:
        """How many of its files are in the index."""
        with_chunks, skipped = int(np.count_nonzero(self.path_skips == 0)), self.skipped_counts
        indexed = with_chunks + skipped.get(SkipReason.EMPTY, 0)
        return Coverage(files_indexed=indexed, files_total=with_chunks + sum(skipped.values()))

    @cached_property
    def path_filter(self) -> NDArray[np.uint8]:
        """Which trigrams the paths have, for `PathFilters`; a file of an earlier writer does not tell."""
        if not self.reader.has(PATH_GRAMS):
            return path_filter(self.raw_paths)
        stored = self.reader.array(PATH_GRAMS, np.uint8)
        if stored.size != FILTER_BYTES:
            raise IndexCorrupt(name=self.name, part=PATH_GRAMS)
        return stored

    def verify(self) -> None:
        """Read everything and open every look-up.

        :raises IndexCorrupt: if anything is not what was written.
        """
        self.reader.verify()
        for part in (self.raw_paths, self.languages, self.skipped, self.bitmap, self.path_filter, self._places):
            assert part is not None

    def oid(self, path_number: int) -> str:
        """The blob's id in hexadecimal."""
        return self.blobs.oid(self._blob_number(path_number)).hex()

    def path_number(self, path: str) -> int | None:
        """The number of a displayable path, if the commit has it."""
        wanted = stored(path)
        number = bisect_left(self.raw_paths, wanted)
        return number if number < self.path_count and self.raw_paths[number] == wanted else None

    def chunks_of(self, path_number: int) -> Ordinals:
        """The chunks of a file, in the order in which they stand in it."""
        if self.path_skips[path_number]:
            return np.empty(0, dtype=np.uint32)
        return self.blobs.chunks_of(self._blob_number(path_number))

    def chunk_lists(self, path_numbers: NDArray[np.int64]) -> ChunkLists:
        """The chunks of each of some files, in the order in which they stand in them."""
        ends = self._path_ends[path_numbers]
        begins = np.where(path_numbers > 0, self._path_ends[path_numbers - 1], 0)
        return ChunkLists(ordinals=self._flat[spans(begins, ends - begins)], ends=np.cumsum(ends - begins))

    def first_lines_of(self, path_number: int) -> NDArray[np.uint32]:
        """The 1-based line on which each chunk of a file begins; parallel to `chunks_of`."""
        if self.path_skips[path_number]:
            return np.empty(0, dtype=np.uint32)
        return self.blobs.first_lines_of(self._blob_number(path_number))

    def match_words(self, words: Mapping[str, float]) -> NDArray[np.float32]:
        """Per path number, how well its path matches weighted words (as `split_words` gives them); 0 is not at all.

        Rare words count more (by the paths of this snapshot), and the file's name more than its folders.
        """
        return scores_of(words, self.path_words, count=self.path_count)

    @cached_property
    def path_words(self) -> HeldWords:
        """The words of the paths."""
        return PathWords(self.raw_paths)

    @cached_property
    def blobs(self) -> BlobTable:
        """The blobs of the commit."""
        blobs = BlobTable.read(self.reader, self._facts)
        if self.path_blobs.max(initial=0) >= max(len(blobs), 1):
            raise IndexCorrupt(name=self.name, part="path_blobs")
        return blobs

    @cached_property
    def bitmap(self) -> BitMap:
        """The chunks of the commit."""
        try:
            return BitMap.deserialize(self.reader.array("bitmap", np.uint8).tobytes())
        except (ValueError, IndexError) as error:
            raise IndexCorrupt(name=self.name, part="bitmap") from error

    @property
    def ordinals(self) -> Ordinals:
        """The chunks of the commit: ascending, each once."""
        return np.array(self.bitmap.to_array(), dtype=np.uint32)

    def ordinals_of(self, path_numbers: NDArray[np.uint32]) -> Ordinals:
        """The chunks of some paths: ascending, each once."""
        numbers = path_numbers.astype(np.int64)
        begins = np.where(numbers > 0, self._path_ends[numbers - 1], 0)
        counts = self._path_ends[numbers] - begins
        return distinct(self._flat[spans(begins, counts)])

    def paths_of(self, ordinals: Ordinals, flags: NDArray[np.bool_]) -> NDArray[np.uint32]:
        """The numbers of the paths in which any of some ascending chunks stands: ascending, each once.

        `flags` says the same of every ordinal: with it all places are tried where that is quicker than to look up each.
        """
        begin, end = np.searchsorted(ordinals, self._sorted[[0, -1]]) if self._flat.size else (0, 0)
        ordinals = ordinals[begin : end + 1]
        if not ordinals.size:
            return np.empty(0, dtype=np.uint32)
        if ordinals.size * _TRIED_PER_LOOKUP > self._flat.size:
            last = int(self._sorted[-1])
            if last >= flags.size:
                flags = np.pad(flags, (0, last + 1 - flags.size))
            numbers = self._path_of_place[flags[self._flat]]
        else:
            begins = np.searchsorted(self._sorted, ordinals)
            counts = np.searchsorted(self._sorted, ordinals, side="right") - begins
            numbers = np.sort(self._path_of_place[self._places[spans(begins, counts)]])
        return numbers[run_starts(numbers)]

    def occurrences(self, ordinal: int) -> list[Occurrence]:
        """Every place at which a chunk stands, by path number, then line."""
        wanted = np.uint32(ordinal)
        begin, end = np.searchsorted(self._sorted, wanted), np.searchsorted(self._sorted, wanted, side="right")
        return [self._occurrence(place) for place in self._places[begin:end].tolist()]

    def _blob_number(self, path_number: int) -> int:
        return int(self.path_blobs[path_number])

    def _occurrence(self, place: int) -> Occurrence:
        number = int(np.searchsorted(self._path_ends, place, side="right"))
        lines = self.first_lines_of(number)
        index = place - int(self._path_ends[number]) + lines.size
        return Occurrence(
            snapshot=self.name,
            path_number=number,
            path=self.paths[number],
            first_line=int(lines[index]),
            language=self.languages[number],
            marks=Mark(int(self.marks[number])),
        )

    @cached_property
    def _path_ends(self) -> NDArray[np.int64]:
        return np.cumsum(np.where(self.path_skips == 0, self.blobs.columns.counts[self.path_blobs], 0))

    @cached_property
    def _path_of_place(self) -> NDArray[np.uint32]:
        counts = np.diff(self._path_ends, prepend=0)
        return np.repeat(np.arange(self.path_count, dtype=np.uint32), counts)

    @cached_property
    def _flat(self) -> Ordinals:
        """The chunks of all paths, path by path."""
        counts = np.diff(self._path_ends, prepend=0)
        return np.take(self.blobs.columns.chunks, spans(self.blobs.begins[self.path_blobs], counts))

    @cached_property
    def _places(self) -> NDArray[np.uint32]:
        """Positions in `_flat`, by ordinal."""
        places = self.reader.array("places", np.uint32)
        if places.size != self._flat.size or places.max(initial=0) >= max(places.size, 1):
            raise IndexCorrupt(name=self.name, part="places")
        return places

    @cached_property
    def _sorted(self) -> Ordinals:
        return self._flat[self._places]

    def _skip_of(self, path_number: int) -> SkipReason:
        return _reason(SKIPS[self.path_skips[path_number]], self.name)


def _reason(text: object, name: str) -> SkipReason:
    try:
        return SkipReason(str(text))
    except ValueError as error:
        raise IndexCorrupt(name=name, part="refused") from error
