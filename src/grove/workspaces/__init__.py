"""Workspaces: private copies of repositories to change files in, with a branch of their own."""

from grove.workspaces.access import open_workspace
from grove.workspaces.desk import WorkspaceDesk
from grove.workspaces.errors import (
    ChangedMeanwhile,
    NothingToCommit,
    WorkspaceDirty,
    WorkspaceDiverged,
    WorkspaceEnded,
    WorkspaceExists,
    WorkspaceFull,
    WorkspaceNameInvalid,
    WorkspaceNotFound,
    WorkspacePathRefused,
    WorkspacesOpen,
    WorkspacesTooMany,
)
from grove.workspaces.model import (
    ChangedFile,
    Edit,
    EditKind,
    Workspace,
    WorkspaceFile,
    WorkspaceLimits,
    WorkspaceStatus,
)
from grove.workspaces.pushing import Exchange, PushDesk
from grove.workspaces.rows import commits_in_use, refuse_removal
from grove.workspaces.sweeping import sweep_workspaces

__all__ = [
    "ChangedFile",
    "ChangedMeanwhile",
    "Edit",
    "EditKind",
    "Exchange",
    "NothingToCommit",
    "PushDesk",
    "Workspace",
    "WorkspaceDesk",
    "WorkspaceDirty",
    "WorkspaceDiverged",
    "WorkspaceEnded",
    "WorkspaceExists",
    "WorkspaceFile",
    "WorkspaceFull",
    "WorkspaceLimits",
    "WorkspaceNameInvalid",
    "WorkspaceNotFound",
    "WorkspacePathRefused",
    "WorkspaceStatus",
    "WorkspacesOpen",
    "WorkspacesTooMany",
    "commits_in_use",
    "open_workspace",
    "refuse_removal",
    "sweep_workspaces",
]
