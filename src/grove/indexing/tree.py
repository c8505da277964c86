"""What of a commit's tree is taken into the index: every path is checked again, every limit is said."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final, NamedTuple

import numpy as np

from grove.indexing.model import FileEntry, SkipReason
from grove.indexing.paths import refusal, shown
from grove.indexing.ports import BuildLimits
from grove.indexing.snapshot import SnapshotView
from grove.languages import TABLES_CHECKSUM

NAMED_MAX: Final = 1_000
"""How many paths that are not in the table are named; all are counted."""

_KIND: Final = 0o170000
_FILE: Final = 0o100000
_SYMLINK: Final = 0o120000
_SUBMODULE: Final = 0o160000
_FOLDER: Final = 0o040000


class TreeFile(NamedTuple):
    """A file of the commit; `skip` is why it is in the table without being indexed."""

    path: bytes
    oid: bytes
    size_bytes: int
    skip: SkipReason | None


@dataclass(slots=True)
class Tree:
    """The files of a commit: those that are as in another snapshot, by their path numbers there, and the others.

    Files are sorted by path.
    """

    kept: list[int] = field(default_factory=list)
    files: list[TreeFile] = field(default_factory=list)
    refused: dict[str, SkipReason] = field(default_factory=dict)
    refused_counts: Counter[str] = field(default_factory=Counter)

    def refuse(self, path: bytes, reason: SkipReason) -> None:
        """Leave a path out."""
        self.refused_counts[reason.value] += 1
        if len(self.refused) < NAMED_MAX:
            self.refused[shown(path[: NAMED_MAX * 4])] = reason


def rules_of(limits: BuildLimits) -> dict[str, int]:
    """What decides about a path's row, beside the path and the blob: rows made under other rules are made again."""
    return asdict(limits) | {"languages": TABLES_CHECKSUM}


def tree_of(entries: Sequence[FileEntry], limits: BuildLimits, before: SnapshotView | None = None) -> Tree:
    """Check every entry, in the order given; those that are as in `before`, made under the same rules, are kept."""
    tree = Tree()
    seen: set[bytes] = set()
    same = before.files_by_path_and_oid() if before else {}
    for entry in entries:
        kind = entry.mode & _KIND
        if kind == _FOLDER:
            continue
        number = same.get((entry.path, entry.oid)) if kind == _FILE else None
        reason = _refusal(entry, seen, limits, checked=number is not None)
        if reason is not None:
            tree.refuse(entry.path, reason)
            continue
        seen.add(entry.path)
        if number is not None:
            tree.kept.append(number)
        else:
            tree.files.append(TreeFile(entry.path, bytes.fromhex(entry.oid), entry.size_bytes, _skip_of(entry, limits)))
    if before is not None and _total_bytes(tree, before) > limits.total_bytes_max:
        return tree_of(entries, limits)
    tree.files.sort()
    _limit_bytes(tree, limits.total_bytes_max)
    return tree


def _refusal(entry: FileEntry, seen: set[bytes], limits: BuildLimits, *, checked: bool) -> SkipReason | None:
    if not checked:
        reason = refusal(entry.path, bytes_max=limits.path_bytes_max, depth_max=limits.path_depth_max)
        if reason is not None:
            return reason
    if entry.path in seen:
        return SkipReason.DUPLICATE_PATH
    return SkipReason.TOO_MANY_FILES if len(seen) >= limits.files_max else None


def _skip_of(entry: FileEntry, limits: BuildLimits) -> SkipReason | None:
    kind = entry.mode & _KIND
    if kind == _SYMLINK:
        return SkipReason.SYMLINK
    if kind == _SUBMODULE:
        return SkipReason.SUBMODULE
    return SkipReason.TOO_LARGE if entry.size_bytes > limits.file_bytes_max else None


def _total_bytes(tree: Tree, before: SnapshotView) -> int:
    kept = int(before.sizes[np.array(tree.kept, dtype=np.int64)].sum())
    return kept + sum(file.size_bytes for file in tree.files if file.skip is None)


def _limit_bytes(tree: Tree, bytes_max: int) -> None:
    total = 0
    for number, file in enumerate(tree.files):
        if file.skip is None:
            total += file.size_bytes
            if total > bytes_max:
                tree.files[number] = file._replace(skip=SkipReason.TOO_MANY_BYTES)
