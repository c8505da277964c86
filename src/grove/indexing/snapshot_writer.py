"""Writes the snapshot of one commit."""

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from grove.indexing.arrays import distinct, places_by_value, spans
from grove.indexing.blobs import SKIPS
from grove.indexing.commit_files import CommitFiles
from grove.indexing.model import Ordinals, SkipReason
from grove.indexing.parts import DELTA_ZSTD, ZSTD, PartsWriter
from grove.indexing.path_grams import PART as PATH_GRAMS
from grove.indexing.path_grams import path_filter
from grove.indexing.snapshot import FILE_NAME, KIND
from grove.snapshots import SnapshotRecord


class Refused(NamedTuple):
    """Paths that are not in the table: those that are named, and how many there are of each reason."""

    named: Mapping[str, SkipReason]
    counts: Mapping[str, int]


def write_snapshot(
    folder: Path, *, commit: str, files: CommitFiles, refused: Refused, rules: Mapping[str, int]
) -> SnapshotRecord:
    """Write a snapshot into a new folder; `rules` are what decided about its files."""
    folder.mkdir(parents=True)
    checksum, facts = write_parts(folder / FILE_NAME, commit=commit, files=files, refused=refused, rules=rules)
    indexed = files.skips == 0
    languages = {files.language_names[number]: count for number, count in _counted(files.languages[indexed]).items()}
    return SnapshotRecord(
        name=folder.name,
        commit=commit,
        file_count=len(files.paths) + sum(refused.counts.values()),
        indexed_file_count=int(np.count_nonzero(indexed)),
        chunk_count=facts.chunk_count,
        source_bytes=int(files.sizes[indexed].sum()),
        stored_bytes=(folder / FILE_NAME).stat().st_size,
        skipped=facts.skipped,
        languages={language: count for language, count in languages.items() if language},
        checksum=checksum,
    )


class _Facts(NamedTuple):
    skipped: dict[str, int]
    chunk_count: int


def write_parts(
    place: Path | BytesIO, *, commit: str, files: CommitFiles, refused: Refused, rules: Mapping[str, int]
) -> tuple[str, _Facts]:
    """Write the parts of a snapshot; gives the checksum, and what was counted on the way."""
    indexed = files.skips == 0
    chunks = _chunks_by_path(files, indexed)
    ordinals = distinct(chunks)
    skipped = {SKIPS[number]: count for number, count in _counted(files.skips[~indexed]).items()}
    for reason, count in refused.counts.items():
        skipped[reason] = skipped.get(reason, 0) + count
    parts = PartsWriter(place, kind=KIND)
    parts.add("paths", b"".join(path + b"\0" for path in files.paths), encoding=ZSTD)
    if isinstance(place, Path):  # what is in memory is asked once
        parts.add(PATH_GRAMS, path_filter(files.paths), encoding=ZSTD)
    parts.add("path_blobs", files.path_blobs.astype(np.uint32), encoding=ZSTD)
    parts.add("path_languages", files.languages, encoding=ZSTD)
    parts.add("path_marks", files.marks, encoding=ZSTD)
    parts.add("path_sizes", files.sizes, encoding=ZSTD)
    parts.add("path_skips", files.skips, encoding=ZSTD)
    parts.add("places", places_by_value(chunks), encoding=DELTA_ZSTD)
    parts.add("bitmap", _bitmap(ordinals))
    parts.add("refused", _json({path: reason.value for path, reason in refused.named.items()}), encoding=ZSTD)
    facts = {"commit": commit, "languages": files.language_names, "skipped": skipped, "rules": dict(rules)}
    parts.add("facts", _json(facts | files.blobs.write(parts)))
    return parts.finish(), _Facts(skipped, ordinals.size)


def _chunks_by_path(files: CommitFiles, indexed: NDArray[np.bool_]) -> Ordinals:
    counts = files.blobs.counts
    begins = np.cumsum(counts) - counts
    blobs = files.path_blobs[indexed]
    return np.take(files.blobs.chunks, spans(begins[blobs], counts[blobs]))


def _counted(numbers: NDArray[np.uint8]) -> dict[int, int]:
    counts = np.bincount(numbers)
    return {number: int(counts[number]) for number in np.flatnonzero(counts).tolist()}


def _bitmap(ordinals: Ordinals) -> bytes:
    bitmap = BitMap(ordinals)
    bitmap.run_optimize()
    serialized: bytes = bitmap.serialize()
    return serialized


def _json(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True).encode()
