"""Where files and lines come from, and how two revisions differ."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query

from grove import search
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import LINE_NUMBER_MAX, LineNumber, PathText, Revision, Shown

COMMITS_MAX: Final = 500
FILES_MAX: Final = 300
CONTEXT_LINES_MAX: Final = 20

router = router_at("/api/v1/repositories/{repository_id}", tag="files")


class LoggedCommitOut(Shown):
    """A commit that changed a file, which then had this path; `renamed_from` is its path before."""

    commit: str
    parents: list[str]
    subject: str
    author: str
    authored_at: datetime
    committed_at: datetime
    path: str
    renamed_from: str | None


class FileLogOut(Shown):
    """The commits that changed a file, newest first, through its renames; `more` if there are older ones."""

    repository: str
    repository_id: UUID
    commit: str
    path: str
    commits: list[LoggedCommitOut]
    more: bool


class BlamedRangeOut(Shown):
    """Lines that stand together and are from one commit."""

    first_line: int
    last_line: int
    commit: str
    subject: str
    author: str
    authored_at: datetime
    original_path: str
    original_line: int
    lines: list[str]


class BlameOut(Shown):
    """Which commit each line of a file is from."""

    repository: str
    repository_id: UUID
    commit: str
    path: str
    ranges: list[BlamedRangeOut]


class DifferingFileOut(Shown):
    """A file in which two revisions differ: hunks of lines with a sign; `cut` when there are more than are shown."""

    path: str
    old_path: str
    kind: str
    added: int
    removed: int
    patch: list[str]
    cut: bool


class DifferenceOut(Shown):
    """How two revisions differ: `file_count` files in all; `more` if not all of them are here."""

    repository: str
    repository_id: UUID
    before: str
    after: str
    file_count: int
    files: list[DifferingFileOut]
    more: bool


@router.get("/log", openapi_extra=needs("file.read"))
def log_file(
    repository_id: UUID,
    caller: CallerOf,
    *,
    path: PathText,
    rev: Revision = "",
    limit: Annotated[int, Query(ge=1, le=COMMITS_MAX)] = 50,
) -> FileLogOut:
    """The commits that changed a file, newest first, through its renames."""
    found = caller.grove.search.log_file(
        caller.actor, repository=str(repository_id), path=path, revision=rev, limit=limit
    )
    return FileLogOut.model_validate(found)


@router.get("/blame", openapi_extra=needs("file.read"))
def blame_file(
    repository_id: UUID,
    caller: CallerOf,
    *,
    path: PathText,
    rev: Revision = "",
    start_line: LineNumber = 1,
    end_line: LineNumber | None = None,
) -> BlameOut:
    """Which commit each line of a file is from; `start_line` and `end_line` count from 1 and belong to the range."""
    request = search.BlameRequest(path=path, revision=rev, first_line=start_line, last_line=end_line)
    found = caller.grove.search.blame_file(caller.actor, repository=str(repository_id), request=request)
    return BlameOut.model_validate(found)


@router.get("/diff", openapi_extra=needs("file.read"))
def diff_revisions(
    repository_id: UUID,
    caller: CallerOf,
    *,
    before: Revision,
    after: Revision = "",
    path: PathText = "",
    limit: Annotated[int, Query(ge=1, le=FILES_MAX)] = 100,
    offset: Annotated[int, Query(ge=0, le=LINE_NUMBER_MAX)] = 0,
    context: Annotated[int, Query(ge=0, le=CONTEXT_LINES_MAX)] = 3,
) -> DifferenceOut:
    """How two revisions differ, below a path or in all files; `after` is the default branch if it is left out."""
    request = search.DiffRequest(before=before, after=after, path=path, limit=limit, offset=offset, context=context)
    found = caller.grove.search.diff(caller.actor, repository=str(repository_id), request=request)
    return DifferenceOut.model_validate(found)
