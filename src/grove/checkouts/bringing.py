"""Changing a folder whose files are known from one tree to another."""

from collections.abc import Mapping
from pathlib import Path

from grove.checkouts.beneath import remove_file, write_file
from grove.checkouts.errors import CheckoutConflict, TreeRefused
from grove.checkouts.listing import FOLDER, SUBMODULE, Entry
from grove.checkouts.scanning import state_in
from grove.git import ObjectReader, is_safe_path, parse_tree

Changes = dict[bytes, tuple[int, str] | None]
"""Paths with their new modes and contents; nothing for one that is gone."""


def bring_files(
    reader: ObjectReader, files: Path, entries: dict[bytes, Entry], changes: Changes, *, file_bytes_max: int
) -> None:
    """Change a folder, and the entries that tell of it; what else is in it stays, and what was left out stays out.

    :raises CheckoutConflict: if a file is not as its entry tells, or something is in the way of a new one.
    :raises TreeRefused: if a path leads elsewhere.
    """
    ordered = sorted(changes.items(), key=lambda change: change[1] is not None)
    left_out = {path for path, entry in entries.items() if entry.is_left_out}
    wanted = [now[1] for path, now in ordered if now is not None and now[0] != SUBMODULE and path not in left_out]
    contents = reader.read_blobs(wanted, file_bytes_max)
    for path, now in ordered:
        if not is_safe_path(path):
            raise TreeRefused(path=path.decode(errors="backslashreplace"))
        before = entries.pop(path, None)
        _check_untouched(files, path, before)
        if now is None:
            remove_file(files, path)
            continue
        mode, oid = now
        if mode == SUBMODULE:
            continue
        if path in left_out:
            entries[path] = Entry(path=path, mode=mode, oid=oid, is_left_out=True)
            continue
        _, content = next(contents)
        try:
            state = write_file(files, path, content, mode=mode)
        except (FileNotFoundError, IsADirectoryError) as error:
            raise CheckoutConflict(paths=[path.decode(errors="backslashreplace")]) from error
        entries[path] = Entry(path=path, mode=mode, oid=oid, state=state_in(state, mode))


def _check_untouched(files: Path, path: bytes, entry: Entry | None) -> None:
    """Nobody may have changed a file while we looked at the others."""
    place = files / Path(path.decode(errors="surrogateescape"))
    try:
        now = place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        if entry is None or entry.is_left_out:
            return
    else:
        if entry is not None and (entry.mode == SUBMODULE or state_in(now, entry.mode) == entry.state):
            return
    raise CheckoutConflict(paths=[path.decode(errors="backslashreplace")])


def tree_changes(reader: ObjectReader, before: str, after: str) -> Changes:
    """What differs between two trees, as it is in the second one; only folders that differ are read."""
    changes: Changes = {}
    waiting: list[tuple[bytes, str, str]] = [(b"", before, after)] if before != after else []
    while waiting:
        prefix, old, new = waiting.pop()
        had, has = _entries(reader, old), _entries(reader, new)
        for name in had.keys() | has.keys():
            was, now = had.get(name), has.get(name)
            if was == now:
                continue
            path = prefix + name
            old_folder, new_folder = _folder_of(was), _folder_of(now)
            if old_folder or new_folder:
                waiting.append((path + b"/", old_folder, new_folder))
            if was is not None and not old_folder:
                changes[path] = None
            if now is not None and not new_folder:
                changes[path] = now
    return changes


def _folder_of(entry: tuple[int, str] | None) -> str:
    return entry[1] if entry is not None and entry[0] == FOLDER else ""


def _entries(reader: ObjectReader, tree: str) -> Mapping[bytes, tuple[int, str]]:
    if not tree:
        return {}
    [(_, content)] = reader.read_all([tree])
    return {name: (mode, oid) for mode, name, oid in parse_tree(content, oid_bytes=len(tree) // 2)}
