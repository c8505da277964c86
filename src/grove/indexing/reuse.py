"""What a view already knows of a commit's blobs."""

from collections.abc import Sequence

import numpy as np

from grove.indexing.arrays import distinct
from grove.indexing.blobs import Blob, BlobTable
from grove.indexing.model import Ordinals, SkipReason
from grove.indexing.view import IndexView

_BY_CONTENT = frozenset({None, SkipReason.BINARY, SkipReason.EMPTY})


def known_blobs(view: IndexView, oids: Sequence[bytes]) -> dict[bytes, list[Blob]]:
    """The blobs with these ids whose chunks are all in the view: one per grammar under which they were cut."""
    found: dict[bytes, list[Blob]] = {}
    wanted = list(dict.fromkeys(oids))
    for table in _tables(view):
        if not wanted:
            break
        positions = table.positions(wanted).tolist()
        for oid, position in zip(wanted, positions, strict=True):
            if position >= 0:
                blobs = [blob for blob in table.blobs_at(position) if blob.skip in _BY_CONTENT]
                if blobs:
                    found[oid] = blobs
        wanted = [oid for oid in wanted if oid not in found]
    return _with_all_chunks(view, found)


def _tables(view: IndexView) -> list[BlobTable]:
    """Newest first: a commit shares most with the one before it."""
    snapshots = [snapshot.blobs for snapshot in reversed(list(view.snapshots.values()))]
    return [*snapshots, *(segment.blobs for segment in reversed(view.open_segments))]


def _with_all_chunks(view: IndexView, found: dict[bytes, list[Blob]]) -> dict[bytes, list[Blob]]:
    missing = _missing(view, [blob.chunks for blobs in found.values() for blob in blobs])
    if not missing.size:
        return found
    whole = {oid: [blob for blob in blobs if not np.isin(blob.chunks, missing).any()] for oid, blobs in found.items()}
    return {oid: blobs for oid, blobs in whole.items() if blobs}


def _missing(view: IndexView, chunks: Sequence[Ordinals]) -> Ordinals:
    wanted = distinct(np.concatenate(chunks)) if chunks else np.empty(0, dtype=np.uint32)
    present = [segment.ordinals[segment.numbers_of(wanted)] for segment in view.open_segments]
    return np.setdiff1d(wanted, np.concatenate(present)) if present else wanted
