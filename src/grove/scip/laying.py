"""Writing files of a commit into an empty folder, as plain files: no links, no hooks, no filters."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from grove.git import EntryKind, ObjectReader, TreeEntry, is_safe_path

FILES_MAX: Final = 50_000
BYTES_MAX: Final = 512 * 1024 * 1024
FILE_BYTES_MAX: Final = 4 * 1024 * 1024


class TooMuchError(Exception):
    """There is more in the commit than an indexer is given."""


def lay_files(objects: ObjectReader, entries: list[TreeEntry], folder: Path, *, wanted: Callable[[str], bool]) -> int:
    """Write the wanted files of a commit; gives how many there are. Larger files than an indexer needs are left out.

    :raises TooMuchError: if they are too many or too large together.
    """
    chosen = [entry for entry in entries if _is_plain(entry) and wanted(os.fsdecode(entry.path))]
    if len(chosen) > FILES_MAX:
        raise TooMuchError(f"it has more than {FILES_MAX:,} files of these languages")
    if sum(entry.size_bytes for entry in chosen) > BYTES_MAX:
        raise TooMuchError(f"its files of these languages have more than {BYTES_MAX // 2**20} MiB")
    contents = objects.read_blobs([entry.oid for entry in chosen], FILE_BYTES_MAX)
    for entry, (_, content) in zip(chosen, contents, strict=True):
        path = folder / os.fsdecode(entry.path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The folder was empty and is nobody else's: what is there already was written here.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(content)
    return len(chosen)


def _is_plain(entry: TreeEntry) -> bool:
    return entry.kind is EntryKind.FILE and entry.size_bytes <= FILE_BYTES_MAX and is_safe_path(entry.path)
