"""What a pull request changes, against the commit from which it and its target have gone apart."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grove.git import FileDiff, ObjectReader, ObjectTooLarge, PathMissing, merge_base
from grove.kit.gate import Actor
from grove.kit.transactions import Database
from grove.languages import Definition, StructureParser, Task, language_of
from grove.mirrors import MirroredPull, MirrorReader, pull_of
from grove.navigation.errors import TargetGone
from grove.repositories import Repository, find_repository

FILES_MAX: Final = 300
"""How many changed files are looked into for symbols."""
FILE_BYTES_MAX: Final = 1024 * 1024
_HUNK: Final = re.compile(rb"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


class SymbolChange(StrEnum):
    """What happened to a definition."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSymbol:
    """A definition that was added, removed, or has other lines now; `line` is in the version that has it."""

    path: str
    name: str
    kind: str
    container: str
    line: int
    change: SymbolChange


@dataclass(frozen=True, slots=True, kw_only=True)
class PullFile:
    """A file that a pull request changes: `added`, `removed`, `changed`, `renamed` or `copied`."""

    path: str
    old_path: str
    kind: str
    lines_added: int
    lines_removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PullDelta:
    """What a pull request changes since `base`; `files_unread` were too many or too large to look for symbols in."""

    repository: Repository
    pull: MirroredPull
    base: str
    files: tuple[PullFile, ...]
    symbols: tuple[ChangedSymbol, ...]
    files_unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaDesk:
    """Tells what pull requests change; any number of threads may use it."""

    database: Database
    mirrors: MirrorReader
    parser: StructureParser

    def delta(self, actor: Actor, *, repository: str, number: int) -> PullDelta:
        """What an open pull request changes.

        :raises Denied: if `actor` may not read the repository.
        :raises RepositoryNotFound: if the tenant has no such repository.
        :raises PullsNotTracked: if its pull requests are not mirrored.
        :raises PullNotFound: if there is no open one of that number.
        :raises TargetGone: if the branch that it is to go into is not here, or has nothing in common with it.
        :raises RepositoryTooLarge: if it changes more than can be told.
        """
        with self.database.reading() as tx:
            found = find_repository(tx, actor=actor, name=repository)
            pull = pull_of(tx, repository=found, number=number)
        git, mirror = self.mirrors.git, self.mirrors.path(found)
        target = git.refs(mirror).get(f"refs/heads/{pull.target}")
        base = merge_base(git.config, mirror, target, pull.head) if target else None
        if base is None:
            raise TargetGone(repository=found.name, number=number, target=pull.target)
        history = git.history(mirror)
        files = history.differing_files(base, pull.head)
        patches = history.patches(base, pull.head, files=files, context=0)
        symbols: list[ChangedSymbol] = []
        unread = max(0, len(files) - FILES_MAX)
        with git.objects(mirror) as reader:
            for file, patch in list(zip(files, patches, strict=True))[:FILES_MAX]:
                changed = self._symbols(reader, (base, pull.head), file, patch)
                unread += changed is None
                symbols += changed or []
        return PullDelta(
            repository=found,
            pull=pull,
            base=base,
            files=tuple(_told(file, patch) for file, patch in zip(files, patches, strict=True)),
            symbols=tuple(symbols),
            files_unread=unread,
        )

    def _symbols(
        self, reader: ObjectReader, commits: tuple[str, str], file: FileDiff, patch: bytes
    ) -> list[ChangedSymbol] | None:
        """The definitions that changed; nothing when the file cannot be looked into."""
        try:
            before = self._defined(reader, commits[0], file.old_path or file.path) if file.kind != "added" else []
            after = self._defined(reader, commits[1], file.path) if file.kind != "removed" else []
        except (ObjectTooLarge, PathMissing):
            return None
        path = file.path.decode(errors="backslashreplace")
        had = {(one.container, one.name, one.kind) for one in before}
        has = {(one.container, one.name, one.kind) for one in after}
        hunks = _hunks(patch)
        found = []
        for one in after:
            is_new = (one.container, one.name, one.kind) not in had
            if is_new or any(first <= one.end_line and last >= one.line for first, last in hunks):
                found.append(_changed(path, one, SymbolChange.ADDED if is_new else SymbolChange.CHANGED))
        gone = [one for one in before if (one.container, one.name, one.kind) not in has]
        return [*found, *(_changed(path, one, SymbolChange.REMOVED) for one in gone)]

    def _defined(self, reader: ObjectReader, commit: str, path: bytes) -> Sequence[Definition]:
        content = reader.blob_at(commit, path, FILE_BYTES_MAX)
        if b"\0" in content:
            return []
        language = language_of(path.decode(errors="replace"), content[:2048])
        (structure,) = self.parser.structures([Task(language, content.decode("utf-8", "replace").encode())])
        return structure.definitions if structure else []


def _hunks(patch: bytes) -> list[tuple[int, int]]:
    """The lines of the new version that are other than before; where some were taken out, those beside them."""
    found = []
    for hunk in _HUNK.finditer(patch):
        first, count = int(hunk[1]), int(hunk[2]) if hunk[2] is not None else 1
        found.append((first, first + count - 1) if count else (first, first + 1))
    return found


def _changed(path: str, one: Definition, change: SymbolChange) -> ChangedSymbol:
    return ChangedSymbol(path=path, name=one.name, kind=one.kind, container=one.container, line=one.line, change=change)


def _told(file: FileDiff, patch: bytes) -> PullFile:
    body = patch[start.start() :] if (start := _HUNK.search(patch)) else b""
    lines = body.split(b"\n")
    return PullFile(
        path=file.path.decode(errors="backslashreplace"),
        old_path=file.old_path.decode(errors="backslashreplace"),
        kind=file.kind,
        lines_added=sum(line.startswith(b"+") for line in lines),
        lines_removed=sum(line.startswith(b"-") for line in lines),
    )
