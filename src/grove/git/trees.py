"""Walking the tree of a commit, which may be hostile: bounded in entries, depth and time, and never checked out."""

import re
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grove.git.complaints import error_of
from grove.git.errors import RepositoryCorrupt, TreeTooDeep, TreeTooLarge
from grove.git.model import EntryKind, TreeEntry, TreeLimits
from grove.git.refs import check_oid
from grove.git.runner import Call, Runner
from grove.sandbox import ChildDied, ChildTimeout, Finished, Running

FOLDER_MODE: Final = 0o040000
PATH_BYTES_MAX: Final = 1024 * 1024
_KINDS: Final = {0o04: EntryKind.FOLDER, 0o10: EntryKind.FILE, 0o12: EntryKind.SYMLINK, 0o16: EntryKind.SUBMODULE}
_LISTED: Final = re.compile(rb"([0-7]+) (\w+) ([0-9a-f]+) +(-|\d+)\t(.*)", re.DOTALL)
_IGNORED_BY_HFS: Final = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_PLAIN: Final = re.compile(rb"[!-\-0-\[\]-}][ -.0-\[\]-}]*")
"""Names without any of what makes one suspect: a dot at the beginning, a tilde, a backslash, more than ASCII."""
_GIT_ON_NTFS: Final = re.compile(r"(\.git|git~\d+)[ .]*(:.*)?", re.IGNORECASE | re.DOTALL)


def kind_of(mode: int) -> EntryKind:
    """What a mode says that an entry is; an unheard-of mode is taken for a plain file."""
    return _KINDS.get(mode >> 12, EntryKind.FILE)


def parse_tree(content: bytes, *, oid_bytes: int) -> Iterator[tuple[int, bytes, str]]:
    """Yield mode, name and id of each entry of a tree object.

    :raises RepositoryCorrupt: if it is not a tree object.
    """
    position = 0
    while position < len(content):
        space = content.find(b" ", position)
        end = content.find(b"\0", space)
        if space < 0 or end < 0 or end + oid_bytes >= len(content) + 1:
            raise RepositoryCorrupt(problem="badTree")
        try:
            mode = int(content[position:space], 8)
        except ValueError:
            raise RepositoryCorrupt(problem="badTree") from None
        position = end + 1 + oid_bytes
        yield mode, content[space + 1 : end], content[end + 1 : position].hex()


def is_safe_path(path: bytes) -> bool:
    """Whether a path of a tree would stay inside a folder on every system, and is not git's own."""
    return all(_is_safe_name(name) for name in path.split(b"/"))


def _is_safe_name(name: bytes) -> bool:
    if _PLAIN.fullmatch(name):
        return True
    text = name.decode(errors="surrogateescape")
    if text in {"", ".", ".."} or "\0" in text:
        return False
    plain = unicodedata.normalize("NFKC", _IGNORED_BY_HFS.sub("", text))
    return all(
        part not in {".", ".."} and not _GIT_ON_NTFS.fullmatch(part) for part in re.split(r"[\\/]", plain.casefold())
    )


def list_tree(
    runner: Runner, git_dir: Path, tree: str, *, prefix: bytes, limits: TreeLimits, recursive: bool
) -> Iterator[TreeEntry]:
    """Yield the entries below a tree, whose paths begin with `prefix`; folders only when not recursive."""
    deadline = time.monotonic() + limits.seconds_max
    options = ("-z", "--long", "--full-tree", *(("-r",) if recursive else ()))
    call = Call(
        command="ls-tree",
        options=options,
        arguments=(check_oid(tree),),
        git_dir=git_dir,
        limits=runner.limits(seconds_max=limits.seconds_max),
    )
    count = 0
    with runner.start(call) as running:
        while (record := _next_record(running, limits)) is not None:
            count += 1
            if count > limits.entries_max:
                raise TreeTooLarge(entries_max=limits.entries_max)
            if time.monotonic() > deadline:
                raise TreeTooLarge(seconds_max=limits.seconds_max)
            entry = _parse_record(record, prefix)
            if entry.path.count(b"/") >= limits.depth_max:
                raise TreeTooDeep(depth_max=limits.depth_max)
            yield entry
        _check_end(running)


def _next_record(running: Running, limits: TreeLimits) -> bytes | None:
    try:
        return running.read_until(b"\0", bytes_max=PATH_BYTES_MAX)
    except ChildTimeout as error:
        raise TreeTooLarge(seconds_max=limits.seconds_max) from error
    except ChildDied as error:
        raise TreeTooLarge(path_bytes_max=PATH_BYTES_MAX) from error


def _parse_record(record: bytes, prefix: bytes) -> TreeEntry:
    found = _LISTED.fullmatch(record)
    if found is None:
        raise RepositoryCorrupt(problem="badTree")
    mode = int(found[1], 8)
    size_bytes = 0 if found[4] == b"-" else int(found[4])
    return TreeEntry(
        path=prefix + found[5], mode=mode, kind=kind_of(mode), oid=found[3].decode(), size_bytes=size_bytes
    )


def _check_end(running: Running) -> None:
    """A listing counts only when git finished it."""
    complaints = running.complaints
    exit_code = running.close()
    if exit_code != 0:
        finished = Finished(pid=1, exit_code=exit_code, stdout=b"", stderr=complaints, stopped=None, seconds=0)
        raise error_of("ls-tree", finished)
