"""Making trees out of others without files: by a patch, or by merging two commits.

Git works on an index of its own in a private folder and on objects, never in a folder that people write to; what it is
given comes on standard input or is an id.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grove.git.errors import GitFailed
from grove.git.model import GitConfig
from grove.git.refs import check_oid
from grove.git.runner import Call, Runner

_CORRUPT: Final = "corrupt patch"
_PLACE: Final = re.compile(r"error: patch failed: (?P<path>.*):(?P<line>\d+)")
_COMPLAINT: Final = re.compile(r"(?:error|fatal): (?P<words>.*)")
_FOLLOWS: Final = re.compile(r".*: patch does not apply")
"""What git says once more of a file whose hunk it has named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Why a patch does not fit: the file, and the line of the old one at which a hunk was to begin, or git's words."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A file as one side of a merge has it."""

    oid: str
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A path that both sides of a merge have changed; a side that has no such file is left out."""

    path: bytes
    base: Side | None
    ours: Side | None
    theirs: Side | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge comes to: with conflicts the tree has the marked-up files in their places."""

    tree: str
    conflicts: tuple[Conflict, ...]


class TreeComposer:
    """Composes trees in one repository; any number of threads may use it."""

    def __init__(self, config: GitConfig, git_dir: Path) -> None:
        self._runner = Runner(config)
        self._git_dir = git_dir

    def patched(self, tree: str, patch: bytes) -> str | tuple[Misfit, ...]:
        """The tree with a patch applied as a whole; if it does not fit, where and why."""
        with self._runner.job_dir() as folder:
            variables = {"GIT_INDEX_FILE": str(folder / "index")}
            read = Call(command="read-tree", arguments=(check_oid(tree),), git_dir=self._git_dir, variables=variables)
            self._runner.run(read, job_dir=folder)
            # Models miscount the lines of hunks; git can count them itself, but would then trip over mails.
            misfits = self._apply(patch, variables) or ()
            if any(_CORRUPT in misfit.reason for misfit in misfits):
                misfits = self._apply(patch, variables, "--recount")
            if misfits:
                return misfits
            written = self._runner.run(Call(command="write-tree", git_dir=self._git_dir, variables=variables))
            return check_oid(written.stdout.decode().strip())

    def merged(self, ours: str, theirs: str) -> Merged:
        """The merge of two commits.

        :raises GitFailed: if they have nothing in common.
        """
        call = Call(
            command="merge-tree",
            options=("--write-tree", "-z", "--no-messages"),
            arguments=(check_oid(ours), check_oid(theirs)),
            git_dir=self._git_dir,
            exit_codes=(0, 1),
        )
        tree, *entries = self._runner.run(call).stdout.rstrip(b"\0").split(b"\0")
        return Merged(tree=check_oid(tree.decode()), conflicts=_conflicts(entries))

    def _apply(self, patch: bytes, variables: dict[str, str], *options: str) -> tuple[Misfit, ...]:
        call = Call(
            command="apply",
            options=("--cached", "--whitespace=nowarn", *options),
            git_dir=self._git_dir,
            stdin=patch,
            variables=variables,
            exit_codes=(0, 1, 128),
        )
        finished = self._runner.run(call)
        return () if finished.exit_code == 0 else _misfits(finished.stderr.decode(errors="replace"))


def _misfits(complaints: str) -> tuple[Misfit, ...]:
    found: list[Misfit] = []
    for line in complaints.splitlines():
        if place := _PLACE.fullmatch(line):
            found.append(Misfit(path=place["path"], line=int(place["line"]), reason="the lines are not there"))
        elif (told := _COMPLAINT.fullmatch(line)) and not (found and _FOLLOWS.fullmatch(line)):
            found.append(Misfit(path="", line=0, reason=told["words"]))
    if not found:
        raise GitFailed(command="apply")
    return tuple(found)


def _conflicts(entries: Sequence[bytes]) -> tuple[Conflict, ...]:
    sides: dict[bytes, dict[int, Side]] = {}
    for entry in entries:
        told, _, path = entry.partition(b"\t")
        mode, oid, stage = told.decode().split()
        sides.setdefault(path, {})[int(stage)] = Side(oid=check_oid(oid), mode=int(mode, 8))
    return tuple(
        Conflict(path=path, base=each.get(1), ours=each.get(2), theirs=each.get(3)) for path, each in sides.items()
    )
