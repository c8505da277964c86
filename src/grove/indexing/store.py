"""The folders of a tenant's index, and what is open of them."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar
from weakref import WeakValueDictionary

from grove.indexing.errors import IndexMissing
from grove.indexing.history_store import HistoryStore
from grove.indexing.model import Ordinals
from grove.indexing.rewrite import rewrite
from grove.indexing.segment import Caches, Segment
from grove.indexing.snapshot import SnapshotView
from grove.indexing.view import IndexView
from grove.kit import files
from grove.kit.caching import SizedCache
from grove.snapshots import SegmentRecord

FRAMES_BYTES_MAX: Final = 64 * 1024 * 1024
POSTINGS_BYTES_MAX: Final = 64 * 1024 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")

Opened = TypeVar("Opened")


class IndexStore:
    """The segments and snapshots of one tenant below `root`.

    What is open is shared by all views, and closed when the last view that uses it is gone.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._caches = Caches(SizedCache(FRAMES_BYTES_MAX), SizedCache(POSTINGS_BYTES_MAX))
        self._segments: WeakValueDictionary[str, Segment] = WeakValueDictionary()
        self._snapshots: WeakValueDictionary[str, SnapshotView] = WeakValueDictionary()
        self.histories = HistoryStore(root / "histories", frames=self._caches.frames)
        self._lock = Lock()

    def open_view(self, *, segments: Sequence[str], snapshots: Sequence[str]) -> IndexView:
        """Map the named segments and snapshots, re-using what is open.

        :raises IndexMissing: if one is not there.
        :raises IndexCorrupt: if one is damaged.
        :raises IndexFormatUnknown: if another version wrote one.
        """
        with self._lock:
            return IndexView(
                segments=[_opened(self._segments, name, self._open_segment) for name in segments],
                snapshots=[_opened(self._snapshots, name, self._open_snapshot) for name in snapshots],
            )

    def segment_folder(self, name: str) -> Path:
        """Where a segment is."""
        return self.root / "segments" / _checked(name)

    def snapshot_folder(self, name: str) -> Path:
        """Where a snapshot is."""
        return self.root / "snapshots" / _checked(name)

    def building_folder(self, job: str) -> Path:
        """Where a job builds."""
        return self.root / "building" / _checked(job)

    def remove_segment(self, name: str) -> None:
        """Remove a segment from disk; views that have it open keep working."""
        files.remove_tree(self.segment_folder(name))

    def remove_snapshot(self, name: str) -> None:
        """Remove a snapshot from disk; views that have it open keep working."""
        files.remove_tree(self.snapshot_folder(name))

    def remove_building(self, job: str) -> None:
        """Remove what a build left behind."""
        files.remove_tree(self.building_folder(job))

    def verify_segment(self, name: str, *, checksum: str = "") -> None:
        """Read a segment whole; it must be the one of that checksum, if one is given.

        :raises IndexCorrupt: if any byte of it is not what was written.
        """
        found = self._open_segment(name)
        found.reader.require(checksum)
        found.verify()

    def verify_snapshot(self, name: str, *, checksum: str = "") -> None:
        """Read a snapshot whole; it must be the one of that checksum, if one is given.

        :raises IndexCorrupt: if any byte of it is not what was written.
        """
        found = self._open_snapshot(name)
        found.reader.require(checksum)
        found.verify()

    def rewrite_segment(self, view: IndexView, name: str, *, keep: Ordinals, job: str) -> SegmentRecord | None:
        """Publish a new segment with only those chunks of `name` that are in `keep`; ordinals stay what they are.

        `None` if none is left. The old segment stays until it is removed.
        """
        return self.merge_segments(view, [name], keep=keep, job=job)

    def merge_segments(
        self, view: IndexView, names: Sequence[str], *, keep: Ordinals, job: str
    ) -> SegmentRecord | None:
        """Publish one segment with those chunks of several that are in `keep`; they must share an embedder."""
        record = rewrite(view, names, keep=keep, folder=self.building_folder(job))
        if record is not None:
            files.publish_folder(self.building_folder(job) / record.name, self.segment_folder(record.name))
        self.remove_building(job)
        return record

    def _open_segment(self, name: str) -> Segment:
        return Segment.open(self.segment_folder(name), caches=self._caches)

    def _open_snapshot(self, name: str) -> SnapshotView:
        return SnapshotView.open(self.snapshot_folder(name))


def _opened(open_ones: "WeakValueDictionary[str, Opened]", name: str, opening: Callable[[str], Opened]) -> Opened:
    found = open_ones.get(name)
    if found is None:
        found = open_ones[name] = opening(name)
    return found


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise IndexMissing(name=name)
    return name
