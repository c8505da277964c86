"""The repositories of a run: real ones, at their newest commit first, then at older ones."""

import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grove.indexing import FileEntry

FILE_BYTES_MAX = 2 * 1024 * 1024
OLDER = (3, 6, 12, 24, 2, 4, 8, 5, 10, 16, 7, 14, 20, 9, 18, 32, 11, 22, 40, 13, 26, 48, 15, 30, 60, 28, 36, 44)
"""Older commits of a repository are its history's length divided by each of these back: real differences."""
_STEPS_MIN = 10
_READ_TOGETHER = 500
_REGULAR = (0o100644, 0o100755)


@dataclass(frozen=True)
class Revision:
    """A commit of a repository, which is searched as a repository of its own."""

    name: str
    git_dir: Path
    commit: str
    is_head: bool

    @cached_property
    def entries(self) -> list[FileEntry]:
        """Its regular files that are not too large and whose content is there."""
        listed = git(self.git_dir, "ls-tree", "-r", "-z", self.commit).split(b"\0")[:-1]
        rows = [row.split(None, 3) for row in listed]
        asked = b"".join(row[2] + b"\n" for row in rows)
        sizes = git(self.git_dir, "cat-file", "--batch-check=%(objectsize)", stdin=asked).splitlines()
        return [
            FileEntry(path=path, oid=oid.decode(), mode=int(mode, 8), size_bytes=int(size))
            for (mode, _, oid, path), size in zip(rows, sizes, strict=True)
            if size.isdigit() and int(size) <= FILE_BYTES_MAX and int(mode, 8) in _REGULAR
        ]

    @property
    def source_bytes(self) -> int:
        """How large its files are together."""
        return sum(entry.size_bytes for entry in self.entries)

    def contents(self, entries: list[FileEntry]) -> Iterator[tuple[FileEntry, bytes]]:
        """The contents of some of its files."""
        for begin in range(0, len(entries), _READ_TOGETHER):
            some = entries[begin : begin + _READ_TOGETHER]
            answer = git(self.git_dir, "cat-file", "--batch", stdin="".join(f"{one.oid}\n" for one in some).encode())
            at = 0
            for entry in some:
                at = answer.index(b"\n", at) + 1
                yield entry, answer[at : at + entry.size_bytes]
                at += entry.size_bytes + 1


def revisions_of(folder: Path, *, count: int, seed: int) -> list[Revision]:
    """The first so many: every repository's newest commit in an order that `seed` makes, then older ones."""
    git_dirs = sorted([*folder.glob("*/repo"), *folder.glob("*.git")])
    random.Random(seed).shuffle(git_dirs)
    found: list[Revision] = []
    for back in (0, *OLDER):
        for git_dir in git_dirs:
            if len(found) == count:
                return found
            name = (git_dir.parent.name if git_dir.name == "repo" else git_dir.stem).replace("+", "/")
            commit = _commit(git_dir, back)
            if commit is not None:
                suffix = f"-{back}" if back else ""
                found.append(Revision(name=name + suffix, git_dir=git_dir, commit=commit, is_head=not back))
    return found


def git(git_dir: Path, *words: str, stdin: bytes = b"") -> bytes:
    """What git prints."""
    command = ["git", "--git-dir", str(git_dir), *words]
    return subprocess.run(command, input=stdin, check=True, capture_output=True).stdout


def _commit(git_dir: Path, back: int) -> str | None:
    """The commit that is a share of the history back; nothing if the repository is empty or too young."""
    try:
        steps = int(git(git_dir, "rev-list", "--first-parent", "--count", "HEAD")) // back if back else 0
        if back and steps < _STEPS_MIN:
            return None
        return git(git_dir, "rev-parse", "--verify", f"HEAD~{steps}^{{commit}}").decode().strip()
    except subprocess.CalledProcessError:
        return None
