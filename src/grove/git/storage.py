"""Making a repository, moving what was fetched into it, and checking that nothing is missing."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from grove.git.refs import check_oid, list_refs, ref_bytes, ref_word
from grove.git.runner import Call, Runner
from grove.kit.files import sync_folder

_PACK_FILE: Final = re.compile(r"pack-[0-9a-f]{40,64}\.(pack|rev|idx)")
# Git finds a pack by its index: that comes last.
_ORDER: Final = {"pack": 0, "rev": 1, "idx": 2}


def init(
    runner: Runner, git_dir: Path, *, default_branch: str, borrowing: Path | None, had: Mapping[str, str] | None = None
) -> None:
    """Make a bare repository; with `borrowing` it starts from the refs and objects of another, without a copy.

    `had` are the refs of that one, if they are known already.
    """
    git_dir.mkdir(parents=True, exist_ok=True)
    options = ("--bare", "--quiet", "--template=", f"--initial-branch={ref_word(default_branch)}")
    runner.run(Call(command="init", options=options, git_dir=git_dir))
    if borrowing is not None:
        (git_dir / "objects" / "info").mkdir(exist_ok=True)
        (git_dir / "objects" / "info" / "alternates").write_text(f"{(borrowing / 'objects').resolve()}\n")
        refs = list_refs(runner, borrowing) if had is None else had
        lines = sorted((ref_bytes(name), oid.encode()) for name, oid in refs.items())
        (git_dir / "packed-refs").write_bytes(b"".join(b"%s %s\n" % (oid, name) for name, oid in lines))


def check_connectivity(runner: Runner, git_dir: Path, commits: Iterable[str]) -> None:
    """Walk all that the commits need and that no ref of the repository leads to yet."""
    wanted = "".join(f"{check_oid(commit)}\n" for commit in commits)
    options = ("--objects", "--stdin", "--not", "--all", "--quiet")
    runner.run(Call(command="rev-list", options=options, git_dir=git_dir, stdin=wanted.encode()))


def move_packs(quarantine_dir: Path, git_dir: Path) -> int:
    """Make the packs of one repository durable and move them to another on the same disk; give their bytes."""
    origin, target = (folder / "objects" / "pack" for folder in (quarantine_dir, git_dir))
    target.mkdir(parents=True, exist_ok=True)
    packs = sorted(
        (path for path in origin.iterdir() if _PACK_FILE.fullmatch(path.name)), key=lambda path: _ORDER[path.suffix[1:]]
    )
    size_bytes = 0
    for path in packs:
        size_bytes += _sync(path)
        path.rename(target / path.name)
    sync_folder(target)
    return size_bytes


def _sync(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
