"""What a view already knows of a commit: a snapshot like it, its blobs, its chunks."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from grove.indexing.arrays import distinct
from grove.indexing.blobs import Blob, BlobTable
from grove.indexing.model import FileEntry, Ordinals, SkipReason
from grove.indexing.ports import BuildLimits
from grove.indexing.segment import digests_of
from grove.indexing.snapshot import SnapshotView
from grove.indexing.tree import rules_of
from grove.indexing.view import IndexView

SAMPLE: Final = 64
_BY_CONTENT: Final = frozenset({None, SkipReason.BINARY, SkipReason.EMPTY})


def nearest_snapshot(view: IndexView, entries: Sequence[FileEntry], limits: BuildLimits) -> SnapshotView | None:
    """The snapshot that shares most blobs with a commit (as a sample of them tells), if one shares half of them."""
    sample = [bytes.fromhex(entry.oid) for entry in entries[:: max(1, len(entries) // SAMPLE)]]
    rules = rules_of(limits)
    most, nearest = len(sample) // 2, None
    for snapshot in reversed(list(view.snapshots.values())):
        shared = int(np.count_nonzero(snapshot.blobs.positions(sample) >= 0))
        if shared > most and snapshot.rules == rules:
            most, nearest = shared, snapshot
        if shared == len(sample):
            break
    if nearest is None or _missing(view, [nearest.ordinals]).size:
        return None
    return nearest


def known_blobs(
    view: IndexView, oids: Sequence[bytes], *, snapshots: Collection[str] | None = None
) -> dict[bytes, list[Blob]]:
    """The blobs with these ids whose chunks are all in the view: one per grammar under which they were cut.

    With `snapshots` only these are looked into, beside the segments.
    """
    found: dict[bytes, list[Blob]] = {}
    wanted = list(dict.fromkeys(oids))
    for table in _tables(view, snapshots):
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


def known_chunks(view: IndexView, digests: Iterable[bytes]) -> dict[bytes, int]:
    """The ordinals of those digests whose chunks are in the view."""
    wanted = list(digests)
    found: dict[bytes, int] = {}
    for segment in view.open_segments:
        if not wanted:
            break
        numbers = segment.digests.find(digests_of(wanted)).tolist()
        present = [(digest, number) for digest, number in zip(wanted, numbers, strict=True) if number >= 0]
        found.update((digest, int(segment.ordinals[number])) for digest, number in present)
        wanted = [digest for digest in wanted if digest not in found]
    return found


def _tables(view: IndexView, snapshots: Collection[str] | None) -> Iterator[BlobTable]:
    """Newest first: a commit shares most with the one before it."""
    for name in reversed(list(view.snapshots)):
        if snapshots is None or name in snapshots:
            yield view.snapshots[name].blobs
    for segment in reversed(view.open_segments):
        yield segment.blobs


def _with_all_chunks(view: IndexView, found: dict[bytes, list[Blob]]) -> dict[bytes, list[Blob]]:
    missing = _missing(view, [blob.chunks for blobs in found.values() for blob in blobs])
    if not missing.size:
        return found
    whole = {oid: [blob for blob in blobs if not np.isin(blob.chunks, missing).any()] for oid, blobs in found.items()}
    return {oid: blobs for oid, blobs in whole.items() if blobs}


def _missing(view: IndexView, chunks: Sequence[Ordinals]) -> Ordinals:
    wanted = distinct(np.concatenate(chunks)) if chunks else np.empty(0, dtype=np.uint32)
    absent = np.ones(wanted.size, dtype=np.bool_)
    for segment in view.open_segments:
        absent[np.searchsorted(wanted, segment.ordinals[segment.numbers_of(wanted)])] = False
    return wanted[absent]
