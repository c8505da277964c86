"""`/api/v1/workspaces`: private copies of repositories to change files in."""

import base64
from datetime import datetime
from tempfile import TemporaryFile
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Base64Bytes, Field

from grove import accounts, repositories, workspaces
from grove.api.caller import CallerOf
from grove.api.edge import open_transfer
from grove.api.routing import needs, router_at
from grove.api.shapes import Line, Page, PathText, Received, Shown, Words
from grove.git import EntryKind
from grove.workspaces import Edit, EditKind, Workspace, WorkspaceFile

router = router_at("/api/v1/workspaces", tag="workspaces")
EDITS_MAX = 500

Name = Annotated[str, Path(max_length=60, description="The workspace's id, or the name of an open one of yours.")]


class WorkspaceIn(Received):
    """What to open a workspace of."""

    repository: Line
    name: Line
    ref: str = Field(default="", max_length=1_024, description="Branch, tag or commit; else the default branch.")


class WorkspaceOut(Shown):
    """A workspace; its changes are committed when `tree` is that of `head`.

    Of one that has ended, `rescue` is a commit of all that it had of its own. `held_bytes` is the room that it takes on
    the disk with its folder, as it was measured.
    """

    id: UUID
    name: str
    repository_id: UUID
    owner_id: UUID
    branch: str
    target: str
    base: str
    head: str
    tree: str
    version: int
    held_bytes: int
    created_at: datetime
    used_at: datetime
    ended_at: datetime | None
    follows: bool
    rescue: str | None


class ListedWorkspaceOut(WorkspaceOut):
    """A workspace, and how it and its branch in the mirror have gone apart: `state` says it in a word.

    `repository` is empty when it is gone, or not yours to see any more.
    """

    owner: str
    repository: str
    state: str
    advice: str
    ahead: int
    behind: int
    is_dirty: bool
    ends_at: datetime | None


class FollowIn(Received):
    """Whether a workspace moves forward by itself after each sync."""

    follows: bool


class FileOut(Shown):
    """A file; give its `oid` as `expected` when you change it. `base64` is its content, and `text` if it is UTF-8."""

    path: str
    oid: str
    executable: bool
    is_link: bool
    text: str | None
    base64: str

    @classmethod
    def of(cls, file: WorkspaceFile) -> "FileOut":
        """As people see it."""
        try:
            text: str | None = file.content.decode()
        except UnicodeDecodeError:
            text = None
        return cls(
            path=file.path,
            oid=file.oid,
            executable=file.executable,
            is_link=file.is_link,
            text=text,
            base64=base64.b64encode(file.content).decode(),
        )


class EntryOut(Shown):
    """What is in a folder."""

    path: str
    kind: EntryKind
    oid: str
    size_bytes: int


class EditIn(Received):
    """One change. `expected` is the `oid` that the file must have now, or empty when it must not be there."""

    kind: EditKind
    path: str = Field(max_length=4_096)
    text: str | None = Field(default=None, description="The new content.")
    base64: Base64Bytes | None = Field(default=None, description="The new content, when it is not text.")
    executable: bool | None = None
    expected: str | None = Field(default=None, max_length=64)
    target: str = Field(default="", max_length=4_096, description="Where a file is moved to.")
    old: str = Field(default="", description="The text to replace; it must be in the file exactly once.")

    def edit(self) -> Edit:
        """The change as the operation takes it."""
        try:
            content = self.base64 if self.base64 is not None else (self.text or "").encode()
            old = self.old.encode()
        except UnicodeEncodeError as error:
            raise workspaces.WorkspacePathRefused(
                path=self.path, reason="the text holds half of a character"
            ) from error
        return Edit(
            kind=self.kind,
            path=self.path,
            content=content,
            executable=self.executable,
            expected=self.expected,
            target=self.target,
            old=old,
        )


class EditsIn(Received):
    """Changes that are all done, or none."""

    edits: list[EditIn] = Field(min_length=1, max_length=EDITS_MAX)


class CommitIn(Received):
    """What the commit is to say."""

    message: Words


class ChangeOut(Shown):
    """A file that differs."""

    path: str
    old_path: str
    kind: str
    patch: str | None


class StatusOut(Shown):
    """What differs, and how far the workspace and its branch in the mirror have gone apart: `state` says it in a word.

    At `ends_at` it ends by itself; of one that has ended, what is kept of it goes then.
    """

    workspace: WorkspaceOut
    changes: list[ChangeOut]
    upstream: str | None
    ahead: int
    behind: int
    is_stale: bool
    state: str
    advice: str
    ends_at: datetime | None


def shown(workspace: Workspace) -> WorkspaceOut:
    """As people see it."""
    return WorkspaceOut.model_validate(workspace)


@router.post("", status_code=201, openapi_extra=needs("workspace.create"))
def create_workspace(wanted: WorkspaceIn, caller: CallerOf) -> WorkspaceOut:
    """Open a workspace of a repository."""
    made = caller.grove.workspaces.create(
        caller.actor, repository=wanted.repository, name=wanted.name, target=wanted.ref, now=caller.now
    )
    return shown(made)


@router.get("", openapi_extra=needs("workspace.list"))
def list_workspaces(caller: CallerOf, *, ended: bool = False, everybody: bool = False) -> Page[ListedWorkspaceOut]:
    """Your open workspaces, or those that have ended; administrators may see everybody's."""
    found = caller.grove.workspaces.owned(caller.actor, ended=ended, everybody=everybody)
    standings = caller.grove.keeping.standings(caller.actor, found)
    with caller.reading() as tx:
        owners = accounts.names_of(tx, principal_ids={each.owner_id for each in found})
        kept = {each.repository_id for each in found}
        names = repositories.names_of(tx, actor=caller.actor, repository_ids=kept)
    items = [
        ListedWorkspaceOut(
            **shown(workspace).model_dump(),
            owner=owners.get(workspace.owner_id, ""),
            repository=names.get(workspace.repository_id, ""),
            state=standing.state,
            advice=standing.advice,
            ahead=standing.ahead,
            behind=standing.behind,
            is_dirty=standing.is_dirty,
            ends_at=standing.ends_at,
        )
        for workspace, standing in zip(found, standings, strict=True)
    ]
    return Page(items=items)


@router.get("/{name}", openapi_extra=needs("workspace.view"))
def get_workspace(name: Name, caller: CallerOf, *, patches: bool = False, since_base: bool = False) -> StatusOut:
    """Where a workspace stands: what is not committed, and whether it is stale."""
    status = caller.grove.workspaces.status(caller.actor, name, patches=patches, since_base=since_base)
    return StatusOut.model_validate(status)


@router.put("/{name}/following", openapi_extra=needs("workspace.change"))
def set_following(name: Name, wanted: FollowIn, caller: CallerOf) -> WorkspaceOut:
    """Have it moved forward by itself after each sync, while it is clean and has no commits of its own; or not."""
    return shown(caller.grove.keeping.set_following(caller.actor, name, follows=wanted.follows, now=caller.now))


@router.delete("/{name}", openapi_extra=needs("workspace.change"))
def end_workspace(name: Name, caller: CallerOf) -> WorkspaceOut:
    """End a workspace; it can be restored, with what was not committed."""
    return shown(caller.grove.workspaces.end(caller.actor, name, now=caller.now))


@router.post("/{name}/restore", openapi_extra=needs("workspace.change"))
def restore_workspace(name: Name, caller: CallerOf) -> WorkspaceOut:
    """Open a workspace again that has ended: by its id, or the one of yours of that name that ended last."""
    return shown(caller.grove.workspaces.restore(caller.actor, name, now=caller.now))


@router.get("/{name}/files", openapi_extra=needs("workspace.view"))
def list_workspace_files(name: Name, caller: CallerOf, *, path: PathText = "") -> Page[EntryOut]:
    """What is in a folder, as it is now."""
    entries = caller.grove.workspaces.files(caller.actor, name, folder=path)
    return Page(
        items=[
            EntryOut(
                path=entry.path.decode(errors="backslashreplace"),
                kind=entry.kind,
                oid=entry.oid,
                size_bytes=entry.size_bytes,
            )
            for entry in entries
        ]
    )


@router.get("/{name}/file", openapi_extra=needs("workspace.view"))
def read_workspace_file(name: Name, caller: CallerOf, *, path: PathText) -> FileOut:
    """A file as it is now."""
    return FileOut.of(caller.grove.workspaces.read(caller.actor, name, path=path))


@router.put(
    "/{name}/file",
    dependencies=[Depends(open_transfer)],
    openapi_extra={
        **needs("workspace.change"),
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
async def write_workspace_file(
    name: Name,
    caller: CallerOf,
    request: Request,
    *,
    path: PathText,
    expected: Annotated[str | None, Query(max_length=64)] = None,
    executable: bool | None = None,
) -> WorkspaceOut:
    """Write a file: its bytes are the body, as many as its owner may write. `expected` is as in an edit."""
    desk = caller.grove.workspaces
    room_bytes = (await run_in_threadpool(caller.grove.pushes.open, caller.actor, name, changes=True)).room_bytes
    with TemporaryFile(dir=caller.grove.locator.data) as file:
        size_bytes = 0
        async for piece in request.stream():
            size_bytes += len(piece)
            if size_bytes > room_bytes:
                raise workspaces.WorkspaceFull(bytes_max=room_bytes)
            await run_in_threadpool(file.write, piece)

        def write() -> Workspace:
            file.flush()
            file.seek(0)
            again = caller.again()
            stored = desk.store(again.actor, name, file=file.fileno(), size_bytes=size_bytes)
            edit = Edit(kind=EditKind.WRITE, path=path, executable=executable, expected=expected, stored=stored)
            return desk.edit(again.actor, name, edits=[edit], now=again.now)

        return shown(await run_in_threadpool(write))


@router.post("/{name}/edits", openapi_extra=needs("workspace.change"))
def edit_workspace(name: Name, wanted: EditsIn, caller: CallerOf) -> WorkspaceOut:
    """Write, replace, move and remove: all of it, or nothing."""
    edits = [edit.edit() for edit in wanted.edits]
    return shown(caller.grove.workspaces.edit(caller.actor, name, edits=edits, now=caller.now))


@router.post("/{name}/commits", status_code=201, openapi_extra=needs("workspace.change"))
def commit_workspace(name: Name, wanted: CommitIn, caller: CallerOf) -> WorkspaceOut:
    """Make a commit of all changes."""
    return shown(caller.grove.workspaces.commit_changes(caller.actor, name, message=wanted.message, now=caller.now))


@router.post("/{name}/refresh", openapi_extra=needs("workspace.change"))
def refresh_workspace(name: Name, caller: CallerOf) -> WorkspaceOut:
    """Move a workspace forward to what the mirror has now; refused when it is dirty or has diverged."""
    return shown(caller.grove.workspaces.refresh(caller.actor, name, now=caller.now))
