"""Folders and files of a repository, at any commit that its mirror has."""

import re
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import Header, Query, Response

from grove import search
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import LineNumber, PathText, Revision, Shown

LINES_MAX: Final = 5_000
TREE_LIMIT_MAX: Final = 10_000
TREE_DEPTH_MAX: Final = 100
_FULL_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FOREVER: Final = f"private, max-age={int(timedelta(days=365).total_seconds())}, immutable"

router = router_at("/api/v1/repositories/{repository_id}", tag="files")


class TreeItemOut(Shown):
    """One name in a folder."""

    path: str
    kind: str
    size_bytes: int
    oid: str


class TreeOut(Shown):
    """A folder of a commit; `more` if it has more than was asked for."""

    repository: str
    repository_id: UUID
    commit: str
    path: str
    items: list[TreeItemOut]
    more: bool


class FileOut(Shown):
    """Lines of a file of a commit; a binary file has none. `more` if there are lines after `end_line`."""

    repository: str
    repository_id: UUID
    commit: str
    path: str
    oid: str
    size_bytes: int
    language: str
    binary: bool
    line_count: int
    start_line: int
    end_line: int
    lines: list[str]
    more: bool


class LinkOut(Shown):
    """Where the forge shows lines of a file of a commit."""

    repository: str
    repository_id: UUID
    commit: str
    path: str
    url: str


@router.get("/tree", openapi_extra=needs("file.read"))
def list_tree(
    repository_id: UUID,
    caller: CallerOf,
    *,
    path: PathText = "",
    rev: Revision = "",
    depth: Annotated[int, Query(ge=1, le=TREE_DEPTH_MAX)] = 1,
    limit: Annotated[int, Query(ge=1, le=TREE_LIMIT_MAX)] = 1_000,
) -> TreeOut:
    """What is in a folder, so many levels deep."""
    request = search.TreeRequest(path=path, revision=rev, depth=depth, limit=limit)
    tree = caller.grove.search.list_tree(caller.actor, repository=str(repository_id), request=request)
    return TreeOut.model_validate(tree)


@router.get("/files", openapi_extra=needs("file.read"))
def read_file(
    repository_id: UUID,
    caller: CallerOf,
    *,
    path: PathText,
    rev: Revision = "",
    start_line: LineNumber = 1,
    end_line: LineNumber | None = None,
) -> FileOut:
    """Lines of a file, 5,000 at most; `start_line` and `end_line` count from 1 and belong to the range."""
    file = caller.grove.search.read_file(caller.actor, repository=str(repository_id), path=path, revision=rev)
    lines = [] if file.binary else file.lines()
    last = min(end_line or len(lines), start_line + LINES_MAX - 1, len(lines))
    return FileOut(
        repository=file.repository,
        repository_id=UUID(file.repository_id),
        commit=file.commit,
        path=file.path,
        oid=file.oid,
        size_bytes=file.size_bytes,
        language=file.language,
        binary=file.binary,
        line_count=len(lines),
        start_line=start_line,
        end_line=last,
        lines=lines[start_line - 1 : last],
        more=last < len(lines),
    )


@router.get("/link", openapi_extra=needs("file.read"))
def link_lines(
    repository_id: UUID,
    caller: CallerOf,
    *,
    path: PathText,
    rev: Revision = "",
    start_line: LineNumber = 1,
    end_line: LineNumber | None = None,
) -> LinkOut:
    """The address at the forge of lines of a file, as they are in the commit that the revision is now."""
    request = search.LinkRequest(
        path=path, revision=rev, first_line=start_line, last_line=max(start_line, end_line or start_line)
    )
    link = caller.grove.search.link(caller.actor, repository=str(repository_id), request=request)
    return LinkOut.model_validate(link)


@router.get("/raw", response_class=Response, openapi_extra=needs("file.read"))
def read_raw(
    repository_id: UUID,
    caller: CallerOf,
    *,
    path: PathText,
    rev: Revision = "",
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """The bytes of a file as they were committed: to be saved, never to be run or shown as a page."""
    file = caller.grove.search.read_file(caller.actor, repository=str(repository_id), path=path, revision=rev)
    name = quote(PurePosixPath(path).name, safe="", errors="replace")
    headers = {
        "Cache-Control": _FOREVER if _FULL_COMMIT.fullmatch(rev) else "private, no-cache",
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "ETag": f'"{file.oid}"',
        "X-Grove-Commit": file.commit,
    }
    if headers["ETag"] in {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type="text/plain; charset=utf-8", headers=headers)
