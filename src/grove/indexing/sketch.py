"""Snapshots in memory, of commits that have none: made for a question, kept as long as there is room.

A sketch is what the commit's snapshot would be, were it published now. Blobs that the index knows cost nothing; the
others are read, within a budget, into a segment that is gone with the sketch. What could not be read is skipped, and
the sketch says so.
"""

import tempfile
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.git import ObjectReader
from grove.indexing.blobs import Blob, BlobKey
from grove.indexing.commit_files import files_of
from grove.indexing.model import FileEntry, SkipReason
from grove.indexing.novelty import Novelty
from grove.indexing.overlay import Overlay
from grove.indexing.parts import PartsReader
from grove.indexing.ports import BuildTools
from grove.indexing.reading import blobs_for, read_into, rows_of
from grove.indexing.reuse import known_blobs
from grove.indexing.segment import Caches, Segment
from grove.indexing.snapshot import KIND, SnapshotView
from grove.indexing.snapshot_writer import Refused, write_parts
from grove.indexing.tree import Tree, TreeFile, rules_of, tree_of
from grove.indexing.view import IndexView
from grove.kit.caching import SizedCache

SKETCHES_BYTES_MAX: Final = 128 * 1024 * 1024
_SEGMENT_CACHE_BYTES_MAX: Final = 8 * 1024 * 1024
_IN_TABLE: Final = frozenset(
    {SkipReason.BINARY, SkipReason.EMPTY, SkipReason.SYMLINK, SkipReason.SUBMODULE, SkipReason.TOO_LARGE}
)
_UNTOLD: Final = frozenset(reason.value for reason in SkipReason) - {reason.value for reason in _IN_TABLE}
"""Why files may be left out that depends on the whole tree, or that leaves them out of the table of paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchLimits:
    """What one sketch may read that is not indexed: files beyond it are skipped as `not_read`."""

    files_max: int = 20_000
    bytes_max: int = 64 * 1024 * 1024


class CommitOf(NamedTuple):
    """A commit to be sketched: a name for the sketch, its files in any order, and who reads its blobs.

    `near` names snapshots of the same repository, whose blobs are looked at first.
    """

    name: str
    commit: str
    entries: Sequence[FileEntry]
    objects: ObjectReader
    near: Collection[str] = ()


class Sketch(NamedTuple):
    """A snapshot in memory: `segment` holds what was read for it, of `files_read` files."""

    snapshot: SnapshotView
    segment: Segment | None
    files_read: int
    size_bytes: int


class SketchCache:
    """Sketches by repository and commit, as long as there is room."""

    def __init__(self, bytes_max: int = SKETCHES_BYTES_MAX) -> None:
        self._sketches: SizedCache[Sketch] = SizedCache(bytes_max)

    def get(self, commit: tuple[str, str], *, generation: int, first_ordinal: int) -> Sketch | None:
        """The sketch of a commit; one with a segment of its own fits one generation and ordinal only."""
        return self._sketches.get(("", commit)) or self._sketches.get((f"{generation} {first_ordinal}", commit))

    def put(self, commit: tuple[str, str], sketch: Sketch, *, generation: int, first_ordinal: int) -> None:
        """Keep a sketch."""
        made_for = f"{generation} {first_ordinal}" if sketch.segment else ""
        self._sketches.put((made_for, commit), sketch, sketch.size_bytes)


def next_ordinal(view: IndexView) -> int:
    """An ordinal above those of all chunks of a view."""
    return max((segment.last + 1 for segment in view.open_segments), default=0)


def with_sketches(view: IndexView, sketches: Sequence[Sketch]) -> IndexView:
    """A view that has sketches too; no two of them share an ordinal that the view does not have."""
    return IndexView(
        segments=[*view.open_segments, *(sketch.segment for sketch in sketches if sketch.segment is not None)],
        snapshots=[*view.snapshots.values(), *(sketch.snapshot for sketch in sketches)],
    )


def is_current(sketch: Sketch, view: IndexView) -> bool:
    """Whether all that a sketch refers to is still in a view; one with a segment of its own is told by its ordinals."""
    ordinals = sketch.snapshot.ordinals
    return sum(segment.numbers_of(ordinals).size for segment in view.open_segments) == ordinals.size


def sketch_commit(
    wanted: CommitOf, *, view: IndexView, tools: BuildTools, limits: SketchLimits, first_ordinal: int
) -> Sketch:
    """Make the snapshot of a commit in memory; chunks that the view does not know are numbered from `first_ordinal`.

    :raises IndexCorrupt: if a part of the view that is needed is damaged.
    """
    tree = tree_of(wanted.entries, tools.limits)
    found = _found(tree, wanted, view=view, tools=tools, limits=limits, first_ordinal=first_ordinal)
    content = _written(wanted.commit, tree, found.blobs, tools)
    snapshot = SnapshotView(PartsReader(content, kind=KIND, label=wanted.name), name=wanted.name)
    return found.sketch(snapshot, 2 * len(content))


def sketch_changes(
    wanted: CommitOf,
    *,
    gone: Collection[bytes],
    below: SnapshotView,
    view: IndexView,
    tools: BuildTools,
    limits: SketchLimits,
    first_ordinal: int,
) -> Sketch | None:
    """The same for a commit that is a snapshot without the paths that are `gone`, and with the `entries` wanted.

    Nothing if the snapshot does not tell enough for that: the commit is to be sketched whole then.

    :raises IndexCorrupt: if a part of the view that is needed is damaged.
    """
    numbers = _numbers_of(below, gone)
    if numbers is None or below.rules != rules_of(tools.limits) or _UNTOLD & set(below.skipped_counts):
        return None
    tree = tree_of(wanted.entries, tools.limits)
    if tree.refused_counts or below.path_count - numbers.size + len(tree.files) > tools.limits.files_max:
        return None
    found = _found(tree, wanted, view=view, tools=tools, limits=limits, first_ordinal=first_ordinal)
    added = files_of(*rows_of(tree, found.blobs))
    snapshot = Overlay(below, name=wanted.name, commit=wanted.commit, gone=numbers, added=added)
    if int(snapshot.sizes[snapshot.path_skips == 0].sum()) > tools.limits.total_bytes_max:
        return None
    return found.sketch(snapshot, snapshot.memory_bytes)


def _numbers_of(snapshot: SnapshotView, paths: Collection[bytes]) -> NDArray[np.int64] | None:
    """The numbers of some paths as git has them, ascending; nothing if one of them is not in the table."""
    numbers = []
    for path in sorted(paths):
        number = bisect_left(snapshot.raw_paths, path)
        if number == snapshot.path_count or snapshot.raw_paths[number] != path:
            return None
        numbers.append(number)
    return np.array(numbers, dtype=np.int64)


class _Found(NamedTuple):
    """The blobs of some files, and the segment that was made for those that the index did not know."""

    blobs: dict[BlobKey, Blob]
    segment: Segment | None
    files_read: int

    def sketch(self, snapshot: SnapshotView, size_bytes: int) -> Sketch:
        """The sketch that has all of it."""
        stored = self.segment.reader.stored_bytes if self.segment else 0
        return Sketch(snapshot, self.segment, self.files_read, size_bytes + stored)


def _found(
    tree: Tree, wanted: CommitOf, *, view: IndexView, tools: BuildTools, limits: SketchLimits, first_ordinal: int
) -> _Found:
    """The blobs of a tree's files; those that cannot be read are marked in the tree as skipped."""
    indexable = [file for file in tree.files if file.skip is None]
    known = known_blobs(view, [file.oid for file in indexable], snapshots=wanted.near)
    chosen, unknown = blobs_for(indexable, known)
    if not unknown:
        return _Found(chosen, None, 0)
    unread = _unreadable(unknown, wanted.objects, tools, limits)
    readable = {oid: files for oid, files in unknown.items() if oid not in unread}
    tree.files = [_skipped(file, unread) for file in tree.files]
    new, segment = _read(readable, wanted.objects, view=view, tools=tools, first_ordinal=first_ordinal)
    return _Found(chosen | new, segment, sum(len(files) for files in readable.values()))


def _unreadable(
    unknown: dict[bytes, list[TreeFile]], objects: ObjectReader, tools: BuildTools, limits: SketchLimits
) -> dict[bytes, SkipReason]:
    """Why some blobs are not read; those that are get their sizes."""
    found: dict[bytes, SkipReason] = {}
    left = limits.bytes_max
    oids = list(unknown)
    for number, (oid, info) in enumerate(zip(oids, objects.infos([oid.hex() for oid in oids]), strict=True)):
        if info is None:
            found[oid] = SkipReason.MISSING
        elif info.size_bytes > tools.limits.file_bytes_max:
            found[oid] = SkipReason.TOO_LARGE
        elif info.size_bytes > left or number >= limits.files_max:
            found[oid] = SkipReason.NOT_READ
        else:
            left -= info.size_bytes
            unknown[oid] = [file._replace(size_bytes=info.size_bytes) for file in unknown[oid]]
    return found


def _skipped(file: TreeFile, unread: dict[bytes, SkipReason]) -> TreeFile:
    return file if file.skip is not None else file._replace(skip=unread.get(file.oid))


def _read(
    readable: dict[bytes, list[TreeFile]],
    objects: ObjectReader,
    *,
    view: IndexView,
    tools: BuildTools,
    first_ordinal: int,
) -> tuple[dict[BlobKey, Blob], Segment | None]:
    """The blobs that were read, and a segment of what is new in them; nothing of it is left on disk."""
    with tempfile.TemporaryDirectory(prefix="sketch-") as folder:
        novelty = Novelty(view=view, tools=tools, folder=Path(folder) / "segment")
        try:
            for _ in read_into(readable, objects, novelty):
                pass
            if not len(novelty):
                novelty.abandon()
                return novelty.blobs(), None
            found, _ = novelty.finish(first_ordinal)
        except BaseException:
            novelty.abandon()
            raise
        caches = Caches(SizedCache(_SEGMENT_CACHE_BYTES_MAX), SizedCache(_SEGMENT_CACHE_BYTES_MAX))
        return found, Segment.open(Path(folder) / "segment", caches=caches)


def _written(commit: str, tree: Tree, blobs: dict[BlobKey, Blob], tools: BuildTools) -> bytes:
    place = BytesIO()
    write_parts(
        place,
        commit=commit,
        files=files_of(*rows_of(tree, blobs)),
        refused=Refused(tree.refused, tree.refused_counts),
        rules=rules_of(tools.limits),
    )
    return place.getvalue()
