"""What commits changed, told by git for many of them at once, and read by a parser of our own."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from grove.git.errors import RepositoryCorrupt
from grove.git.model import MIB, Change, CommitChanges
from grove.git.refs import OID, check_oid
from grove.git.runner import Call, Runner
from grove.sandbox import Limits

BATCH_COMMITS: Final = 500
OUTPUT_BYTES_MAX: Final = 512 * MIB
_FILES: Final = ("100", "120")
"""How the modes of files and links begin; folders and submodules have no content."""


def changes_of(runner: Runner, git_dir: Path, commits: Sequence[str]) -> Iterator[CommitChanges]:
    """Yield what each commit changed, in the order given.

    :raises RepositoryCorrupt: if a commit or folder is missing or broken.
    """
    for begin in range(0, len(commits), BATCH_COMMITS):
        batch = [check_oid(oid) for oid in commits[begin : begin + BATCH_COMMITS]]
        call = Call(
            command="diff-tree",
            options=("--stdin", "-r", "-c", "--root", "--raw", "-z", "--no-renames", "--no-ext-diff", "--always"),
            git_dir=git_dir,
            stdin="".join(f"{oid}\n" for oid in batch).encode(),
            limits=Limits(
                seconds_max=runner.config.command_seconds_max,
                memory_bytes_max=runner.config.memory_bytes_max,
                stdout_bytes_max=OUTPUT_BYTES_MAX,
            ),
        )
        told = dict(_parsed(runner.run(call).stdout))
        for oid in batch:
            yield CommitChanges(oid=oid, changes=tuple(told.get(oid, ())))


def _parsed(output: bytes) -> Iterator[tuple[str, list[Change]]]:
    words = iter(output.split(b"\0"))
    changes: list[Change] = []
    for word in words:
        if word.startswith(b":"):
            change = _change(word.decode("ascii", "replace"), next(words, b""))
            if change is not None:
                changes.append(change)
        elif word:
            oid = word.decode("ascii", "replace")
            if not OID.fullmatch(oid):
                raise RepositoryCorrupt(problem="badCommit")
            changes = []
            yield oid, changes


def _change(record: str, path: bytes) -> Change | None:
    """A change of files; nothing when only folders or submodules are concerned."""
    parents = len(record) - len(record.lstrip(":"))
    fields = record[parents:].split(" ")
    modes, oids = fields[: parents + 1], fields[parents + 1 : 2 * parents + 2]
    if len(oids) != parents + 1 or not path:
        raise RepositoryCorrupt(problem="badTree")
    blobs = [oid if mode.startswith(_FILES) else None for mode, oid in zip(modes, oids, strict=True)]
    return Change(path, tuple(blobs[:-1]), blobs[-1]) if any(blobs) else None
