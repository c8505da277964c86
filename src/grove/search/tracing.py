"""Where files and lines come from, and how two revisions differ: read from the mirror, within bounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grove.git import Commit, FileDiff, HistoryReader, ObjectReader, PathMissing, read_commit
from grove.indexing import shown, stored
from grove.mirrors import MirrorReader
from grove.repositories import Repository

RENAMES_MAX: Final = 20
COMMITS_MAX: Final = 500
DIFF_FILES_MAX: Final = 300
PATCH_LINES_MAX: Final = 5_000
CONTEXT_LINES_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCommit:
    """A commit that changed a file, which then had this path; `renamed_from` is its path before."""

    commit: str
    parents: tuple[str, ...]
    subject: str
    author: str
    authored_at: datetime
    committed_at: datetime
    path: str
    renamed_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLog:
    """The commits that changed a file, newest first, through its renames; `more` if there are older ones."""

    repository: str
    repository_id: str
    commit: str
    path: str
    commits: tuple[LoggedCommit, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BlamedRange:
    """Lines of a file that stand together and are from one commit, with their text."""

    first_line: int
    last_line: int
    commit: str
    subject: str
    author: str
    authored_at: datetime
    original_path: str
    original_line: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Which commit each line of a file is from."""

    repository: str
    repository_id: str
    commit: str
    path: str
    ranges: tuple[BlamedRange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferingFile:
    """A file in which two revisions differ; its patch is `cut` when it is longer than is shown."""

    path: str
    old_path: str
    kind: str
    added: int
    removed: int
    patch: tuple[str, ...]
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How two revisions differ: `file_count` files in all, some of which are told."""

    repository: str
    repository_id: str
    before: str
    after: str
    file_count: int
    files: tuple[DifferingFile, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRequest:
    """What to compare: two revisions, and in them a path or all; so many files, from the `offset`-th on."""

    before: str
    after: str
    path: str = ""
    limit: int = 100
    offset: int = 0
    context: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BlameRequest:
    """A file at a revision, and lines of it, which count from 1."""

    path: str
    revision: str = ""
    first_line: int = 1
    last_line: int | None = None


def log_file(mirrors: MirrorReader, repository: Repository, *, path: str, revision: str, limit: int) -> FileLog:
    """The commits that changed a file, through its renames.

    :raises PathMissing: if the revision has no such path.
    """
    start = mirrors.resolve(repository, revision)
    reader = mirrors.git.history(mirrors.path(repository))
    wanted = min(limit, COMMITS_MAX)
    with mirrors.objects(repository) as objects:
        objects.entry_at(start, stored(path))
        found = list(_logged(reader, objects, start=start, path=stored(path), limit=wanted + 1))
    return FileLog(
        repository=repository.name,
        repository_id=repository.id,
        commit=start,
        path=path,
        commits=tuple(found[:wanted]),
        more=len(found) > wanted,
    )


def _logged(
    reader: HistoryReader, objects: ObjectReader, *, start: str, path: bytes, limit: int
) -> Iterator[LoggedCommit]:
    """The commits of a path; where it began by a rename, those of the path before too."""
    at: str | None = start
    left = limit
    for _ in range(RENAMES_MAX):
        oids = reader.commits_of_path(at, path, limit=left) if at else []
        at = None
        for oid in oids:
            commit = read_commit(objects, oid)
            before = _renamed_from(reader, commit, path) if oid == oids[-1] and len(oids) < left else None
            yield _commit_logged(commit, path, before)
            if before is not None:
                at, following = commit.parents[0], before
        left -= len(oids)
        if at is None or left <= 0:
            return
        path = following


def _renamed_from(reader: HistoryReader, commit: Commit, path: bytes) -> bytes | None:
    """The path that a file had before a commit, if it was renamed in it."""
    if not commit.parents:
        return None
    for file in reader.differing_files(commit.parents[0], commit.oid):
        if file.path == path and file.kind in {"renamed", "copied"}:
            return file.old_path
    return None


def _commit_logged(commit: Commit, path: bytes, before: bytes | None) -> LoggedCommit:
    return LoggedCommit(
        commit=commit.oid,
        parents=commit.parents,
        subject=commit.subject,
        author=f"{commit.author.name} <{commit.author.email}>",
        authored_at=commit.author.at,
        committed_at=commit.committer.at,
        path=shown(path),
        renamed_from=shown(before) if before is not None else None,
    )


def blame_file(mirrors: MirrorReader, repository: Repository, request: BlameRequest) -> Blame:
    """Which commit each line of a file is from.

    :raises PathMissing: if there is no such file, or it has no such lines.
    :raises ObjectTooLarge: if it is too large.
    """
    path, first_line, last_line = request.path, request.first_line, request.last_line
    start = mirrors.resolve(repository, request.revision)
    reader = mirrors.git.history(mirrors.path(repository))
    with mirrors.objects(repository) as objects:
        text = objects.blob_at(start, stored(path)).decode("utf-8", "replace")
        lines = text.split("\n")
        lines = lines if lines[-1] else lines[:-1]
        if not 1 <= first_line <= max(len(lines), 1):
            raise PathMissing(path=path, line=first_line)
        last = min(last_line or len(lines), len(lines))
        runs = reader.blame(start, stored(path), first=first_line, last=last) if lines else []
        commits = {oid: read_commit(objects, oid) for oid in {run.oid for run in runs}}
    ranges = [
        BlamedRange(
            first_line=run.first_line,
            last_line=run.first_line + run.count - 1,
            commit=run.oid,
            subject=commits[run.oid].subject,
            author=f"{commits[run.oid].author.name} <{commits[run.oid].author.email}>",
            authored_at=commits[run.oid].author.at,
            original_path=shown(run.path),
            original_line=run.original_line,
            lines=tuple(lines[run.first_line - 1 : run.first_line - 1 + run.count]),
        )
        for run in sorted(runs, key=lambda run: run.first_line)
    ]
    return Blame(repository=repository.name, repository_id=repository.id, commit=start, path=path, ranges=tuple(ranges))


def diff_revisions(mirrors: MirrorReader, repository: Repository, request: DiffRequest) -> Difference:
    """How two revisions differ.

    :raises RepositoryTooLarge: if the patches are too long; ask for fewer files, or a path.
    """
    before = mirrors.resolve(repository, request.before)
    after = mirrors.resolve(repository, request.after)
    reader = mirrors.git.history(mirrors.path(repository))
    files = reader.differing_files(before, after, path=stored(request.path))
    limit = min(request.limit, DIFF_FILES_MAX)
    page = files[request.offset : request.offset + limit]
    patches = reader.patches(before, after, files=page, context=min(request.context, CONTEXT_LINES_MAX))
    return Difference(
        repository=repository.name,
        repository_id=repository.id,
        before=before,
        after=after,
        file_count=len(files),
        files=tuple(_differing(file, patch) for file, patch in zip(page, patches, strict=True)),
        more=len(files) > request.offset + len(page),
    )


def _differing(file: FileDiff, patch: bytes) -> DifferingFile:
    lines = patch.decode("utf-8", "replace").removesuffix("\n").split("\n")
    first = next((number for number, line in enumerate(lines) if line.startswith("@@")), len(lines))
    hunks = lines[first:]
    return DifferingFile(
        path=shown(file.path),
        old_path=shown(file.old_path),
        kind=file.kind,
        added=sum(line.startswith("+") for line in hunks),
        removed=sum(line.startswith("-") for line in hunks),
        patch=tuple(hunks[:PATCH_LINES_MAX]),
        cut=len(hunks) > PATCH_LINES_MAX,
    )
