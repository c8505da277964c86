"""Branches of `/api/v1/workspaces`: further ones beside the first, and which is the current one."""

from typing import Annotated

from fastapi import Path
from pydantic import Field

from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Line, Page, Received, Shown
from grove.api.workspaces import Name, WorkspaceOut, shown

router = router_at("/api/v1/workspaces", tag="workspaces")

BranchName = Annotated[str, Path(max_length=60, description="The branch, without `ws/`.")]
Version = Annotated[int | None, Field(description="Only if this is the workspace's `version` now.")]
Ref = Annotated[str, Field(max_length=1_024, description="Branch, tag or commit of the mirror; else the last commit.")]


class BranchIn(Received):
    """A further branch, and where it begins."""

    branch: Line
    ref: Ref = ""
    version: Version = None


class SwitchIn(Received):
    """Which branch is to be the current one, and whether it is a new one."""

    branch: Line
    create: bool = False
    ref: Ref = ""
    version: Version = None


class BranchOut(Shown):
    """A branch of a workspace; so many of its commits the mirror's branch, its `target`, lacks."""

    name: str
    target: str
    base: str
    head: str
    is_current: bool
    ahead: int


@router.get("/{name}/branches", openapi_extra=needs("workspace.view"))
def list_workspace_branches(name: Name, caller: CallerOf) -> Page[BranchOut]:
    """The branches of a workspace, the current one first."""
    found = caller.grove.branches.branches(caller.actor, name)
    return Page(items=[BranchOut.model_validate(branch) for branch in found])


@router.post("/{name}/branches", status_code=201, openapi_extra=needs("workspace.change"))
def create_workspace_branch(name: Name, wanted: BranchIn, caller: CallerOf) -> BranchOut:
    """Make a further branch; the current one stays what it is."""
    made = caller.grove.branches.create(
        caller.actor, name, branch=wanted.branch, ref=wanted.ref, version=wanted.version, now=caller.now
    )
    return BranchOut.model_validate(made)


@router.post("/{name}/switch", openapi_extra=needs("workspace.change"))
def switch_workspace_branch(name: Name, wanted: SwitchIn, caller: CallerOf) -> WorkspaceOut:
    """Make another branch the current one; what is not committed comes along, or refuses the switch."""
    switched = caller.grove.branches.switch(
        caller.actor,
        name,
        branch=wanted.branch,
        creates=wanted.create,
        ref=wanted.ref,
        version=wanted.version,
        now=caller.now,
    )
    return shown(switched)


@router.delete("/{name}/branches/{branch}", openapi_extra=needs("workspace.change"))
def remove_workspace_branch(name: Name, branch: BranchName, caller: CallerOf, *, discard: bool = False) -> BranchOut:
    """Remove a branch; one with commits that are nowhere else only with `discard`."""
    gone = caller.grove.branches.remove(caller.actor, name, branch=branch, discards=discard, now=caller.now)
    return BranchOut.model_validate(gone)
