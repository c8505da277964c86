"""Publishing a segment of what is new, by a rename; nobody sees it before a database names it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from grove.indexing.blobs import Blob, BlobKey
from grove.indexing.novelty import Novelty
from grove.indexing.store import IndexStore
from grove.kit import faults, files
from grove.snapshots import SegmentRecord

SEGMENT_WRITTEN: Final = faults.declare("index.segment_written")
SEGMENT_PUBLISHED: Final = faults.declare("index.segment_published")


def publish_segment(
    store: IndexStore, folder: Path, novelty: Novelty, reserve: Callable[[int], int]
) -> tuple[dict[BlobKey, Blob], SegmentRecord | None]:
    """Publish what is new below `folder`, if anything is; gives all blobs that were added."""
    if not len(novelty):
        novelty.abandon()
        return novelty.blobs(), None
    blobs, segment = novelty.finish(reserve(len(novelty)))
    faults.reach(SEGMENT_WRITTEN)
    files.publish_folder(folder / segment.name, store.segment_folder(segment.name))
    faults.reach(SEGMENT_PUBLISHED)
    return blobs, segment
