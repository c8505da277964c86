"""The path table of a commit while it is made: of files that are as they were, and of new ones."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing.arrays import distinct
from grove.indexing.blobs import SKIP_NUMBERS, Blob, BlobColumns, BlobKey, columns_of
from grove.indexing.blobs import joined as joined_blobs
from grove.indexing.model import SkipReason
from grove.indexing.snapshot import SnapshotView
from grove.languages import Mark


class Row(NamedTuple):
    """A path of the commit: its blob, and what depends on the path."""

    path: bytes
    blob: BlobKey
    language: str
    marks: Mark
    size_bytes: int
    skip: SkipReason | None


class CommitFiles(NamedTuple):
    """Files by path, as arrays: `path_blobs` are numbers in `blobs`, `languages` numbers in `language_names`."""

    paths: list[bytes]
    path_blobs: NDArray[np.int64]
    languages: NDArray[np.uint8]
    marks: NDArray[np.uint8]
    sizes: NDArray[np.uint64]
    skips: NDArray[np.uint8]
    language_names: list[str]
    blobs: BlobColumns


def files_of(rows: Sequence[Row], blobs: Mapping[BlobKey, Blob]) -> CommitFiles:
    """New files; every row's blob is in `blobs`."""
    names = sorted({row.language for row in rows})
    name_numbers = {name: number for number, name in enumerate(names)}
    blob_numbers = {key: number for number, key in enumerate(sorted(blobs))}
    return CommitFiles(
        [row.path for row in rows],
        np.array([blob_numbers[row.blob] for row in rows], dtype=np.int64),
        np.array([name_numbers[row.language] for row in rows], dtype=np.uint8),
        np.array([int(row.marks) for row in rows], dtype=np.uint8),
        np.array([row.size_bytes for row in rows], dtype=np.uint64),
        np.array([SKIP_NUMBERS[row.skip.value if row.skip else ""] for row in rows], dtype=np.uint8),
        names,
        columns_of(blobs),
    )


def files_kept(snapshot: SnapshotView, numbers: NDArray[np.int64]) -> CommitFiles:
    """Files that are as they are in a snapshot, by their path numbers."""
    used = distinct(snapshot.path_blobs[numbers]).astype(np.int64)
    paths = snapshot.raw_paths
    return CommitFiles(
        [paths[number] for number in numbers.tolist()],
        np.searchsorted(used, snapshot.path_blobs[numbers].astype(np.int64)),
        snapshot.language_numbers[numbers],
        snapshot.marks[numbers],
        snapshot.sizes[numbers],
        snapshot.path_skips[numbers],
        snapshot.language_names,
        snapshot.blobs.columns.rows(used),
    )


def joined(kept: CommitFiles, new: CommitFiles) -> CommitFiles:
    """The files of both, sorted by path; no path is in both."""
    blobs, numbers = joined_blobs(kept.blobs, new.blobs)
    names = sorted({*kept.language_names, *new.language_names})
    paths = kept.paths + new.paths
    by_path = sorted(range(len(paths)), key=paths.__getitem__)
    order = np.array(by_path, dtype=np.int64)
    path_blobs = np.concatenate((kept.path_blobs, new.path_blobs + len(kept.blobs.oids)))
    languages = np.concatenate((_renamed(kept, names), _renamed(new, names)))
    return CommitFiles(
        [paths[number] for number in by_path],
        numbers[path_blobs][order],
        languages[order],
        np.concatenate((kept.marks, new.marks))[order],
        np.concatenate((kept.sizes, new.sizes))[order],
        np.concatenate((kept.skips, new.skips))[order],
        names,
        blobs,
    )


def _renamed(files: CommitFiles, names: list[str]) -> NDArray[np.uint8]:
    number = {name: position for position, name in enumerate(names)}
    return np.array([number[name] for name in files.language_names], dtype=np.uint8)[files.languages]
