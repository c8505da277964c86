"""Branches and tags of a repository of ours: reading them, changing them, and locks that a crash left behind."""

import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from grove.git.errors import RefRefused
from grove.git.runner import Call, Runner

OID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
REF_BYTES_MAX: Final = 1024
_ESCAPED: Final = re.compile(rb"\\x([89a-f][0-9a-f])")
_FORBIDDEN: Final = re.compile(
    r"[\x00-\x20\x7f~^:?*\[]|\\(?!x[89a-f][0-9a-f])|\.\.|@\{|//|/\.|\.lock(/|$)|/$|\.$|^\.|^/"
)
_LOCKED: Final = ("HEAD.lock", "config.lock", "packed-refs.lock", "packed-refs.new", "shallow.lock")


def ref_text(name: bytes) -> str:
    r"""A name as text that can be shown and stored; a byte that is not UTF-8 becomes `\xff`.

    It can be told back, since git allows no backslash in a name.
    """
    return name.decode(errors="backslashreplace")


def ref_bytes(text: str) -> bytes:
    """The name that `ref_text` made a text of."""
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode(errors="replace"))


def ref_word(text: str) -> str:
    """A name as it is handed over as an argument."""
    return os.fsdecode(ref_bytes(text))


def check_ref(name: str) -> str:
    """The full name of a branch or tag, if it can be one.

    :raises RefRefused: if git would not have it as a name.
    """
    if not name.startswith("refs/") or _FORBIDDEN.search(name) or len(ref_bytes(name)) > REF_BYTES_MAX:
        raise RefRefused
    return name


def check_oid(oid: str) -> str:
    """An object's id, if it is one in full.

    :raises RefRefused: if it is not.
    """
    if not OID.fullmatch(oid):
        raise RefRefused
    return oid


def list_refs(runner: Runner, git_dir: Path, *names: str) -> dict[str, str]:
    """Every ref by full name with its object's id, or only those that are named, in no order."""
    call = Call(
        command="for-each-ref",
        options=("--format=%(objectname) %(refname)",),
        arguments=[ref_word(name) for name in names],
        git_dir=git_dir,
    )
    found = (line.partition(b" ") for line in runner.run(call).stdout.split(b"\n") if line)
    refs = {ref_text(name): oid.decode() for oid, _, name in found}
    return {name: oid for name, oid in refs.items() if not names or name in names}


def update_refs(runner: Runner, git_dir: Path, *, deletes: Iterable[str], updates: Mapping[str, str]) -> None:
    """Delete refs, then set refs: so `a` can become `a/b`. Each of the two happens whole or not at all."""
    deleting = [b"delete %s\0\0" % ref_bytes(check_ref(name)) for name in deletes]
    updating = [
        b"update %s\0%s\0\0" % (ref_bytes(check_ref(name)), check_oid(oid).encode()) for name, oid in updates.items()
    ]
    for lines in filter(None, (deleting, updating)):
        runner.run(Call(command="update-ref", options=("--stdin", "-z"), git_dir=git_dir, stdin=b"".join(lines)))


def set_head(runner: Runner, git_dir: Path, branch: str) -> None:
    """Make a branch, by its short name, the default one; git is only asked if it is not."""
    name, head = check_ref(f"refs/heads/{branch}"), git_dir / "HEAD"
    if head.is_file() and head.read_bytes() == b"ref: %s\n" % ref_bytes(name):
        return
    runner.run(Call(command="symbolic-ref", arguments=("HEAD", ref_word(name)), git_dir=git_dir))


def remove_stale_files(git_dir: Path, *, older_than: timedelta, now: datetime) -> list[Path]:
    """Remove the locks and the half-written packs that a crash left in a repository, and name them.

    With an age of zero all are removed: only for a repository that nobody else can be changing.
    """
    oldest = (now - older_than).timestamp()
    removed = []
    for path in [*_locks(git_dir), *(git_dir / "objects").glob("pack/tmp_*"), *git_dir.glob("objects/??/tmp_obj_*")]:
        if path.lstat().st_mtime <= oldest:
            path.unlink(missing_ok=True)
            removed.append(path)
    return removed


def _locks(git_dir: Path) -> list[Path]:
    top = [git_dir / name for name in _LOCKED if (git_dir / name).exists()]
    # What a fetch from here into a shallow clone needs for its time.
    top += git_dir.glob("shallow_??????")
    return [*top, *(git_dir / "refs").rglob("*.lock")]
