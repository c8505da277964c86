"""What of a commit's tree is taken into the index: every path is checked again, every limit is said."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from grove.indexing.model import FileEntry, SkipReason
from grove.indexing.paths import refusal, shown
from grove.indexing.ports import BuildLimits

NAMED_MAX: Final = 1_000
"""How many paths that are not in the table are named; all are counted."""

_KIND: Final = 0o170000
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
    """The files of a commit by path, and those that are refused."""

    files: list[TreeFile] = field(default_factory=list)
    refused: dict[str, SkipReason] = field(default_factory=dict)
    refused_counts: Counter[str] = field(default_factory=Counter)

    def refuse(self, path: bytes, reason: SkipReason) -> None:
        """Leave a path out."""
        self.refused_counts[reason.value] += 1
        if len(self.refused) < NAMED_MAX:
            self.refused[shown(path[: NAMED_MAX * 4])] = reason


def tree_of(entries: Iterable[FileEntry], limits: BuildLimits) -> Tree:
    """Check every entry, in the order given; the files of the result are sorted by path."""
    tree = Tree()
    seen: set[bytes] = set()
    for entry in entries:
        if entry.mode & _KIND == _FOLDER:
            continue
        reason = refusal(entry.path, bytes_max=limits.path_bytes_max, depth_max=limits.path_depth_max)
        if reason is None and entry.path in seen:
            reason = SkipReason.DUPLICATE_PATH
        if reason is None and len(seen) >= limits.files_max:
            reason = SkipReason.TOO_MANY_FILES
        if reason is not None:
            tree.refuse(entry.path, reason)
            continue
        seen.add(entry.path)
        tree.files.append(TreeFile(entry.path, bytes.fromhex(entry.oid), entry.size_bytes, _skip_of(entry, limits)))
    tree.files.sort()
    _limit_bytes(tree, limits.total_bytes_max)
    return tree


def _skip_of(entry: FileEntry, limits: BuildLimits) -> SkipReason | None:
    kind = entry.mode & _KIND
    if kind == _SYMLINK:
        return SkipReason.SYMLINK
    if kind == _SUBMODULE:
        return SkipReason.SUBMODULE
    return SkipReason.TOO_LARGE if entry.size_bytes > limits.file_bytes_max else None


def _limit_bytes(tree: Tree, bytes_max: int) -> None:
    total = 0
    for number, file in enumerate(tree.files):
        if file.skip is None:
            total += file.size_bytes
            if total > bytes_max:
                tree.files[number] = file._replace(skip=SkipReason.TOO_MANY_BYTES)
