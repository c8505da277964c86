"""Changing a tree: each edit makes new folders along its path; what was there before stays as it is."""

from collections.abc import Sequence
from typing import Final

from grove.git import EntryKind, ObjectReader, ObjectWriter, PathMissing, TreeEntry, is_safe_path, parse_tree
from grove.workspaces.errors import ChangedMeanwhile, TextNotFound, WorkspacePathRefused
from grove.workspaces.model import Edit, EditKind

PATH_BYTES_MAX: Final = 4096
FILE_MODE: Final = 0o100644
EXECUTABLE_MODE: Final = 0o100755
_FOLDER_MODE: Final = 0o040000


def path_bytes(path: str) -> bytes:
    """A path that a file may have.

    :raises WorkspacePathRefused: if it leads out of the tree, is git's own, or holds control characters.
    """
    try:
        name = path.encode()
    except UnicodeEncodeError:
        raise WorkspacePathRefused(path=ascii(path)) from None
    if not is_safe_path(name) or not path.isprintable() or len(name) > PATH_BYTES_MAX:
        raise WorkspacePathRefused(path=path)
    return name


def edited(reader: ObjectReader, writer: ObjectWriter, tree: str, edits: Sequence[Edit]) -> str:
    """The tree after all the edits, in their order; none counts if one is refused.

    :raises ChangedMeanwhile: if a file is not as an edit expects it.
    :raises PathMissing: if a file to replace, move or remove is not there.
    :raises TextNotFound: if what is to be replaced is not there exactly once.
    :raises WorkspacePathRefused: if a path cannot be one of a file.
    """
    for edit in edits:
        path = path_bytes(edit.path)
        now = _file(reader, tree, path)
        if edit.expected is not None and edit.expected != (now.oid if now else ""):
            raise ChangedMeanwhile(path=edit.path, found=now.oid if now else "", expected=edit.expected)
        if edit.kind is EditKind.WRITE:
            oid = edit.stored.oid if edit.stored is not None else writer.blob(edit.content)
            tree = _with(reader, writer, tree, path=path, entry=(_mode(edit, now), oid))
            continue
        if now is None:
            raise PathMissing(path=edit.path)
        if edit.kind is EditKind.REPLACE:
            content = _replaced(reader.read(now.oid), edit)
            tree = _with(reader, writer, tree, path=path, entry=(now.mode, writer.blob(content)))
        elif edit.kind is EditKind.MOVE:
            target = path_bytes(edit.target)
            if (there := _file(reader, tree, target)) is not None:
                raise ChangedMeanwhile(path=edit.target, found=there.oid, expected="")
            tree = _with(reader, writer, tree, path=path, entry=None)
            tree = _with(reader, writer, tree, path=target, entry=(now.mode, now.oid))
        else:
            tree = _with(reader, writer, tree, path=path, entry=None)
    return tree


def _replaced(content: bytes, edit: Edit) -> bytes:
    count = content.count(edit.old) if edit.old else 0
    if count != 1:
        raise TextNotFound(path=edit.path, times=count)
    return content.replace(edit.old, edit.content)


def _file(reader: ObjectReader, tree: str, path: bytes) -> TreeEntry | None:
    try:
        entry = reader.entry_at(tree, path)
    except PathMissing:
        return None
    if entry.kind in {EntryKind.FOLDER, EntryKind.SUBMODULE}:
        raise WorkspacePathRefused(path=path.decode(), reason=f"it is a {entry.kind}")
    return entry


def _mode(edit: Edit, now: TreeEntry | None) -> int:
    if edit.executable is not None:
        return EXECUTABLE_MODE if edit.executable else FILE_MODE
    return EXECUTABLE_MODE if now is not None and now.mode == EXECUTABLE_MODE else FILE_MODE


def _with(
    reader: ObjectReader, writer: ObjectWriter, tree: str | None, *, path: bytes, entry: tuple[int, str] | None
) -> str:
    """The folder with a file in it, or without it; folders that become empty are left out."""
    content = reader.read(tree) if tree else b""
    entries = {name: (mode, oid) for mode, name, oid in parse_tree(content, oid_bytes=len(tree or "") // 2)}
    name, _, rest = path.partition(b"/")
    if rest:
        mode, oid = entries.get(name, (_FOLDER_MODE, None))
        if mode != _FOLDER_MODE:
            raise WorkspacePathRefused(path=name.decode(), reason="it is no folder")
        below = _with(reader, writer, oid, path=rest, entry=entry)
        entry = (_FOLDER_MODE, below) if reader.read(below) else None
    if entry is None:
        entries.pop(name, None)
    else:
        entries[name] = entry
    return writer.tree((mode, name, oid) for name, (mode, oid) in entries.items())
