"""Writes the snapshot of one commit."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pyroaring import BitMap

from grove.indexing.arrays import distinct
from grove.indexing.blobs import SKIPS, Blob, BlobKey, write_blobs
from grove.indexing.model import Mark, SkipReason
from grove.indexing.parts import DELTA_ZSTD, ZSTD, PartsWriter
from grove.indexing.snapshot import FILE_NAME, KIND
from grove.snapshots import SnapshotRecord


class Row(NamedTuple):
    """A path of the commit: its blob, and what depends on the path."""

    path: bytes
    blob: BlobKey
    language: str
    marks: Mark
    size_bytes: int
    skip: SkipReason | None


class Refused(NamedTuple):
    """Paths that are not in the table: those that are named, and how many there are of each reason."""

    named: Mapping[str, SkipReason]
    counts: Mapping[str, int]


def write_snapshot(
    folder: Path, *, commit: str, rows: Sequence[Row], blobs: Mapping[BlobKey, Blob], refused: Refused
) -> SnapshotRecord:
    """Write a snapshot into a new folder; `rows` are sorted by path and every row's blob is in `blobs`."""
    folder.mkdir(parents=True)
    parts = PartsWriter(folder / FILE_NAME, kind=KIND)
    languages = sorted({row.language for row in rows})
    language_numbers = {language: number for number, language in enumerate(languages)}
    blob_numbers = {key: number for number, key in enumerate(sorted(blobs))}
    skip_numbers = {skip: number for number, skip in enumerate(SKIPS)}
    skips = [row.skip.value if row.skip else "" for row in rows]
    indexed = [blobs[row.blob].chunks for row in rows if row.skip is None]
    flat = np.concatenate(indexed) if indexed else np.empty(0, dtype=np.uint32)
    skipped = Counter(filter(None, skips)) + Counter(refused.counts)
    parts.add("paths", b"".join(row.path + b"\0" for row in rows), encoding=ZSTD)
    parts.add("path_blobs", np.array([blob_numbers[row.blob] for row in rows], dtype=np.uint32), encoding=ZSTD)
    parts.add(
        "path_languages", np.array([language_numbers[row.language] for row in rows], dtype=np.uint8), encoding=ZSTD
    )
    parts.add("path_marks", np.array([int(row.marks) for row in rows], dtype=np.uint8), encoding=ZSTD)
    parts.add("path_sizes", np.array([row.size_bytes for row in rows], dtype=np.uint64), encoding=ZSTD)
    parts.add("path_skips", np.array([skip_numbers[skip] for skip in skips], dtype=np.uint8), encoding=ZSTD)
    parts.add("places", np.argsort(flat, kind="stable").astype(np.uint32), encoding=DELTA_ZSTD)
    parts.add("bitmap", _bitmap(flat))
    parts.add(
        "refused", json.dumps({path: reason.value for path, reason in refused.named.items()}).encode(), encoding=ZSTD
    )
    facts = write_blobs(parts, blobs) | {"commit": commit, "languages": languages, "skipped": dict(skipped)}
    parts.add("facts", json.dumps(facts, sort_keys=True).encode())
    checksum = parts.finish()
    return SnapshotRecord(
        name=folder.name,
        commit=commit,
        file_count=len(rows) + sum(refused.counts.values()),
        indexed_file_count=len(indexed),
        chunk_count=distinct(flat).size,
        source_bytes=sum(row.size_bytes for row in rows if row.skip is None),
        stored_bytes=(folder / FILE_NAME).stat().st_size,
        skipped=dict(skipped),
        languages=dict(Counter(row.language for row in rows if row.skip is None and row.language)),
        checksum=checksum,
    )


def _bitmap(flat: np.ndarray[tuple[int, ...], np.dtype[np.uint32]]) -> bytes:
    bitmap = BitMap(distinct(flat))
    bitmap.run_optimize()
    serialized: bytes = bitmap.serialize()
    return serialized
