"""Takes the next commits of a repository into its history: their blobs into a segment, then what each changed.

Time and memory are in proportion to a slice, whatever the length of the history.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from grove.git import Change, Commit, HistoryReader, ObjectInfo, ObjectReader
from grove.indexing.arrays import distinct
from grove.indexing.blobs import Blob, BlobKey
from grove.indexing.history_draft import NO_ORDINALS, HistoryDraft, NewChange
from grove.indexing.model import Ordinals, SkipReason
from grove.indexing.novelty import Novelty
from grove.indexing.paths import refusal
from grove.indexing.ports import BuildTools
from grove.indexing.reading import blobs_for, fitting_blob, read_into
from grove.indexing.reuse import known_blobs
from grove.indexing.tree import TreeFile
from grove.indexing.view import IndexView
from grove.mirrors import TreePath

BATCH_COMMITS: Final = 250
_FILE_KIND: Final = 0o10


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLimits:
    """What one repository's history may cost, and what one slice of the work."""

    bytes_read_max: int = 16 * 1024**3
    slice_bytes_max: int = 192 * 1024**2
    slice_commits_max: int = 20_000


@dataclass(slots=True)
class Slice:
    """What one slice of the work has come to: what was left out is counted by reason."""

    commits: int = 0
    bytes_read: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


class _Read(NamedTuple):
    """A commit whose blobs were read, and whose chunks have no ordinals yet."""

    commit: Commit
    changes: Sequence[Change]


class SliceBuilder:
    """Reads the blobs of commits into one new segment, then tells which chunks came and went."""

    def __init__(self, *, view: IndexView, tools: BuildTools, folder: Path, objects: ObjectReader) -> None:
        self._view = view
        self._tools = tools
        self._objects = objects
        self._read: list[_Read] = []
        self._blobs: dict[bytes, list[Blob]] = {}
        self._pinned: list[TreeFile] = []
        self._unread: dict[bytes, list[TreeFile]] = {}
        self._seen: set[tuple[bytes, bytes]] = set()
        self.novelty = Novelty(view=view, tools=tools, folder=folder)
        self.result = Slice()

    def take(self, commits: Sequence[str], history: HistoryReader, *, limits: HistoryLimits, bytes_left: int) -> None:
        """Take commits in, in their order, until their blobs that nobody knows are enough for a slice."""
        step = min(BATCH_COMMITS, limits.slice_commits_max)
        for begin in range(0, len(commits), step):
            batch = commits[begin : begin + step]
            for commit, changed in zip(history.read(batch), history.changes(batch), strict=True):
                taken = [change for change in changed.changes if _is_taken(change, self._tools)]
                self._read.append(_Read(commit, taken))
            changes = [change for each in self._read[-len(batch) :] for change in each.changes]
            self._look_up([file for change in changes for file in _files_of(change)], bytes_left=bytes_left)
            self.result.commits += len(batch)
            if self.result.bytes_read >= limits.slice_bytes_max or self.result.commits >= limits.slice_commits_max:
                break

    def pin(self, files: Sequence[TreePath], *, bytes_left: int) -> None:
        """Take in all files of a commit, too, whatever changed in it."""
        found = [TreeFile(path, bytes.fromhex(oid), 0, None) for path, mode, oid in files if mode >> 12 == _FILE_KIND]
        found = [file for file in found if _is_path_taken(file.path, self._tools)]
        self._pinned += found
        self._look_up(found, bytes_left=bytes_left)

    def read(self) -> Iterator[int]:
        """Read the blobs, versions of a file one after the other; yields how many were read.

        What stands side by side in a segment and is alike takes a fraction of the room.
        """
        by_path = sorted(self._unread.items(), key=lambda item: item[1][0].path)
        yield from read_into(dict(by_path), self._objects, self.novelty)

    def finish(self, draft: HistoryDraft, new: dict[BlobKey, Blob]) -> Ordinals:
        """Add the commits to a history; `new` are the blobs that the segment has brought. Gives what was pinned."""
        for key, blob in new.items():
            self._blobs.setdefault(key.oid, []).append(blob)
        for commit, changes in self._read:
            draft.add(commit, [self._told(change) for change in changes])
        pinned = [self._chunks_of(file.path, file.oid.hex()) for file in self._pinned]
        return distinct(np.concatenate([NO_ORDINALS, *(chunks for chunks in pinned if chunks is not None)]))

    def _look_up(self, files: Sequence[TreeFile], *, bytes_left: int) -> None:
        """Remember those blobs that are to be read, under the languages of their paths."""
        files = [file for file in dict.fromkeys(files) if (file.oid, file.path) not in self._seen]
        self._seen.update((file.oid, file.path) for file in files)
        known = known_blobs(self._view, [file.oid for file in files], snapshots=())
        self._blobs.update((oid, list(blobs)) for oid, blobs in known.items())
        _, unknown = blobs_for(files, known)
        oids = [oid for oid in unknown if oid not in self._unread]
        for oid, info in zip(oids, self._objects.infos([oid.hex() for oid in oids]), strict=True):
            reason = _refusal(info, self._tools, bytes_left=bytes_left - self.result.bytes_read)
            if reason is not None or info is None:
                self.result.skipped[(reason or SkipReason.MISSING).value] += 1
                del unknown[oid]
                continue
            self.result.bytes_read += info.size_bytes
            unknown[oid] = [file._replace(size_bytes=info.size_bytes) for file in unknown[oid]]
        for oid, of_blob in unknown.items():
            self._unread.setdefault(oid, []).extend(of_blob)

    def _told(self, change: Change) -> NewChange:
        before = [self._chunks_of(change.path, oid) for oid in change.before]
        after = self._chunks_of(change.path, change.after)
        known = [chunks for chunks in (*before, after) if chunks is not None]
        chunks = _came_and_went(known[:-1], known[-1]) if len(known) == len(before) + 1 else None
        return NewChange(change.path, _oid(change.before[0]), _oid(change.after), chunks)

    def _chunks_of(self, path: bytes, oid: str | None) -> Ordinals | None:
        """The chunks of a version of a file; nothing if they are not known."""
        if oid is None:
            return NO_ORDINALS
        raw = bytes.fromhex(oid)
        blob = fitting_blob(TreeFile(path, raw, 0, None), self._blobs.get(raw, ()))
        return None if blob is None else blob.chunks


def _is_taken(change: Change, tools: BuildTools) -> bool:
    return _is_path_taken(change.path, tools)


def _is_path_taken(path: bytes, tools: BuildTools) -> bool:
    limits = tools.limits
    return refusal(path, bytes_max=limits.path_bytes_max, depth_max=limits.path_depth_max) is None


def _files_of(change: Change) -> Iterator[TreeFile]:
    for oid in (*change.before, change.after):
        if oid is not None:
            yield TreeFile(change.path, bytes.fromhex(oid), 0, None)


def _refusal(info: ObjectInfo | None, tools: BuildTools, *, bytes_left: int) -> SkipReason | None:
    if info is None:
        return SkipReason.MISSING
    if info.size_bytes > tools.limits.file_bytes_max:
        return SkipReason.TOO_LARGE
    return SkipReason.NOT_READ if info.size_bytes > bytes_left else None


def _came_and_went(before: Sequence[Ordinals], after: Ordinals) -> tuple[Ordinals, Ordinals]:
    """The chunks that no parent had as often, and those that the first parent had more often; of a merge, every one."""
    came = [_more_often(after, than) for than in before]
    went = [_more_often(than, after) for than in before]
    return reduce(np.intersect1d, came), reduce(np.intersect1d, went)


def _more_often(chunks: Ordinals, than: Ordinals) -> Ordinals:
    values, counts = np.unique(chunks, return_counts=True)
    others, other_counts = np.unique(than, return_counts=True)
    if not others.size:
        return values
    places = np.minimum(np.searchsorted(others, values), others.size - 1)
    had = np.where(others[places] == values, other_counts[places], 0)
    return values[counts > had]


def _oid(oid: str | None) -> bytes | None:
    return bytes.fromhex(oid) if oid is not None else None
