"""Where lines and files come from, and how two commits differ: asked of git, within bounds, read by parsers of ours."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from grove.git.errors import GitFailed, PathMissing, RepositoryCorrupt
from grove.git.model import MIB, BlamedLines, FileDiff
from grove.git.refs import check_oid
from grove.git.runner import Call, Runner
from grove.sandbox import Limits

TRACE_SECONDS_MAX: Final = 30.0
BLAME_BYTES_MAX: Final = 64 * MIB
PATCH_BYTES_MAX: Final = 16 * MIB
EMPTY_TREE: Final = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_BLAMED: Final = re.compile(rb"([0-9a-f]{40,64}) (\d+) (\d+)(?: (\d+))?")


def _limits(runner: Runner, *, bytes_max: int) -> Limits:
    return Limits(
        seconds_max=TRACE_SECONDS_MAX, memory_bytes_max=runner.config.memory_bytes_max, stdout_bytes_max=bytes_max
    )


def commits_of_path(runner: Runner, git_dir: Path, start: str, path: bytes, *, limit: int) -> list[str]:
    """The commits before and with `start` that changed a path, newest first."""
    call = Call(
        command="rev-list",
        options=(f"--max-count={int(limit)}",),
        arguments=(check_oid(start),),
        paths=(path,),
        git_dir=git_dir,
        limits=_limits(runner, bytes_max=MIB * 64),
    )
    return runner.run(call).stdout.decode().split()


def differing_files(runner: Runner, git_dir: Path, before: str | None, after: str, *, path: bytes) -> list[FileDiff]:
    """The files in which two commits differ, below a path; renames are told. Without `before`, all of `after`."""
    call = Call(
        command="diff-tree",
        options=("-r", "--raw", "-z", "--find-renames", "--no-ext-diff"),
        arguments=(check_oid(before or EMPTY_TREE), check_oid(after)),
        paths=(path,) if path else (),
        git_dir=git_dir,
        limits=_limits(runner, bytes_max=512 * MIB),
    )
    words = iter(runner.run(call).stdout.split(b"\0"))
    return [_file_diff(word.decode("ascii", "replace"), words) for word in words if word]


def _file_diff(record: str, words: Iterator[bytes]) -> FileDiff:
    *_, status = record.split(" ")
    first = next(words, b"")
    second = next(words, b"") if status[:1] in {"R", "C"} else first
    if not record.startswith(":") or not second:
        raise RepositoryCorrupt(problem="badTree")
    kinds = {"A": "added", "D": "removed", "R": "renamed", "C": "copied"}
    return FileDiff(path=second, old_path=first, kind=kinds.get(status[:1], "changed"))


def patches(
    runner: Runner, git_dir: Path, before: str | None, after: str, *, files: Sequence[FileDiff], context: int
) -> list[bytes]:
    """The patch of each file, in the order given; empty for a file that git has none for.

    :raises RepositoryTooLarge: if they are too long.
    """
    if not files:
        return []
    paths = dict.fromkeys(path for file in files for path in (file.old_path, file.path))
    call = Call(
        command="diff-tree",
        options=("-r", "--patch", "--find-renames", "--no-ext-diff", "--no-textconv", f"--unified={int(context)}"),
        arguments=(check_oid(before or EMPTY_TREE), check_oid(after)),
        paths=tuple(paths),
        git_dir=git_dir,
        limits=_limits(runner, bytes_max=PATCH_BYTES_MAX),
    )
    found = re.split(rb"(?m)^(?=diff --git )", runner.run(call).stdout)
    told = [patch for patch in found if patch.startswith(b"diff --git ")]
    return told if len(told) == len(files) else [*told, *[b""] * (len(files) - len(told))][: len(files)]


def blame(
    runner: Runner, git_dir: Path, commit: str, path: bytes, *, first: int, last: int | None
) -> list[BlamedLines]:
    """Which commit each line of a file is from, as runs of lines: followed through renames.

    :raises PathMissing: if there is no such file, or it has no such lines.
    """
    call = Call(
        command="blame",
        options=("--porcelain", f"-L{int(first)},{int(last) if last is not None else ''}"),
        arguments=(check_oid(commit),),
        paths=(path,),
        git_dir=git_dir,
        limits=_limits(runner, bytes_max=BLAME_BYTES_MAX),
    )
    try:
        output = runner.run(call).stdout
    except GitFailed as error:
        raise PathMissing(path=os.fsdecode(path)) from error
    return list(_blamed(output))


def _blamed(output: bytes) -> Iterator[BlamedLines]:
    """Runs of lines, as the headers of the porcelain format count them."""
    names: dict[str, bytes] = {}
    runs: list[tuple[str, int, int, int]] = []
    current = ""
    for line in output.split(b"\n"):
        if line.startswith(b"\t"):
            continue
        found = _BLAMED.fullmatch(line)
        if found is not None:
            current = found[1].decode()
            if found[4] is not None:
                runs.append((current, int(found[2]), int(found[3]), int(found[4])))
        elif line.startswith(b"filename "):
            names[current] = line.removeprefix(b"filename ")
    for oid, original, first, count in runs:
        yield BlamedLines(oid=oid, path=names.get(oid, b""), original_line=original, first_line=first, count=count)
