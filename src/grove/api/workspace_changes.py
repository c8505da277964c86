"""Patches, merges, rebases and the log of `/api/v1/workspaces`."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import Base64Bytes, Field

from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Page, Received, Shown
from grove.api.workspaces import EDITS_MAX, Name, WorkspaceOut, shown
from grove.git import Commit
from grove.workspaces import Resolution

router = router_at("/api/v1/workspaces", tag="workspaces")
PATCH_CHARACTERS_MAX = 16 * 1024 * 1024
COMMITS_MAX = 200


class PatchIn(Received):
    """A unified patch in git's format."""

    patch: str = Field(min_length=1, max_length=PATCH_CHARACTERS_MAX)
    expected: str | None = Field(default=None, max_length=64, description="The `tree` that the workspace must have.")


class ResolutionIn(Received):
    """What a path with conflicts is to be: one of the sides, or else the content given."""

    path: str = Field(max_length=4_096)
    take: Literal["ours", "theirs"] | None = None
    text: str | None = Field(default=None, description="The content.")
    base64: Base64Bytes | None = Field(default=None, description="The content, when it is not text.")

    def resolution(self) -> Resolution:
        """As the operation takes it."""
        content = self.base64 if self.base64 is not None else (self.text or "").encode(errors="replace")
        return Resolution(path=self.path, take=self.take, content=content)


class MergeIn(Received):
    """How conflicts are resolved, and for which commit of the mirror; without conflicts nothing need be said."""

    resolutions: list[ResolutionIn] = Field(default=[], max_length=EDITS_MAX)
    upstream: str | None = Field(default=None, max_length=64, description="The `upstream` that the conflicts named.")


class StashIn(Received):
    """What to say of the changes that are put aside."""

    message: str = Field(default="", max_length=2_000)


class UnstashIn(Received):
    """Which stash to bring back, by how its id begins, the newest of the current branch if empty.

    `drop` says whether it goes when it is back; `resolutions`, what paths with conflicts are to be: `ours` are the
    files as they are now.
    """

    stash: str = Field(default="", max_length=64)
    drop: bool = True
    resolutions: list[ResolutionIn] = Field(default=[], max_length=EDITS_MAX)


class WorkspaceCommitOut(Shown):
    """A commit of a workspace."""

    oid: str
    parents: list[str]
    author: str
    committed_at: datetime
    message: str


class StashOut(WorkspaceCommitOut):
    """What was put aside, and on which branch."""

    branch: str


@router.post("/{name}/patches", status_code=201, openapi_extra=needs("workspace.change"))
def apply_patch(name: Name, wanted: PatchIn, caller: CallerOf) -> WorkspaceOut:
    """Apply a patch: all of it, or nothing; the hunks that did not fit are in the facts of the refusal."""
    patch = wanted.patch.encode(errors="replace")
    return shown(caller.grove.patches.apply(caller.actor, name, patch=patch, expected=wanted.expected, now=caller.now))


@router.get("/{name}/commits", openapi_extra=needs("workspace.view"))
def list_workspace_commits(
    name: Name,
    caller: CallerOf,
    *,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=COMMITS_MAX)] = 30,
) -> Page[WorkspaceCommitOut]:
    """The commits that lead to the workspace's last one, newest first; `skip` leaves out the first ones."""
    found = caller.grove.workspaces.log(caller.actor, name, skip=skip, limit=limit + 1)
    return Page(items=[_commit(commit) for commit in found[:limit]], has_more=len(found) > limit)


@router.post("/{name}/merge", openapi_extra=needs("workspace.change"))
def merge_workspace(name: Name, wanted: MergeIn, caller: CallerOf) -> WorkspaceOut:
    """Merge what the mirror has of the branch; conflicts are in the facts of the refusal, and nothing has changed."""
    resolutions = [resolution.resolution() for resolution in wanted.resolutions]
    return shown(
        caller.grove.merges.merge(caller.actor, name, resolutions=resolutions, upstream=wanted.upstream, now=caller.now)
    )


@router.post("/{name}/rebase", openapi_extra=needs("workspace.change"))
def rebase_workspace(name: Name, caller: CallerOf) -> WorkspaceOut:
    """Make the commits anew on top of what the mirror has of the branch: all of them, or none."""
    return shown(caller.grove.merges.rebase(caller.actor, name, now=caller.now))


@router.get("/{name}/stashes", openapi_extra=needs("workspace.view"))
def list_stashes(name: Name, caller: CallerOf) -> Page[StashOut]:
    """What was put aside, the newest first."""
    found = caller.grove.stashes.stashes(caller.actor, name)
    return Page(items=[StashOut(**_commit(stash.commit).model_dump(), branch=stash.branch) for stash in found])


@router.post("/{name}/stashes", status_code=201, openapi_extra=needs("workspace.change"))
def save_stash(name: Name, wanted: StashIn, caller: CallerOf) -> WorkspaceOut:
    """Put all that is not committed aside."""
    return shown(caller.grove.stashes.save(caller.actor, name, message=wanted.message, now=caller.now))


@router.post("/{name}/unstash", openapi_extra=needs("workspace.change"))
def apply_stash(name: Name, wanted: UnstashIn, caller: CallerOf) -> WorkspaceOut:
    """Bring back what was put aside; conflicts are in the facts of the refusal, and nothing has changed."""
    resolutions = [resolution.resolution() for resolution in wanted.resolutions]
    return shown(
        caller.grove.stashes.apply(
            caller.actor, name, stash=wanted.stash, resolutions=resolutions, drop=wanted.drop, now=caller.now
        )
    )


@router.delete("/{name}/stashes/{stash}", openapi_extra=needs("workspace.change"))
def drop_stash(name: Name, stash: Annotated[str, Path(max_length=64)], caller: CallerOf) -> WorkspaceOut:
    """Throw away what was put aside."""
    return shown(caller.grove.stashes.drop(caller.actor, name, stash=stash, now=caller.now))


def _commit(commit: Commit) -> WorkspaceCommitOut:
    return WorkspaceCommitOut(
        oid=commit.oid,
        parents=list(commit.parents),
        author=commit.author.name,
        committed_at=commit.committer.at,
        message=commit.message,
    )
