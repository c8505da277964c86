"""Workspaces: private copies of repositories to change files in, with a branch of their own."""

from grove.workspaces.access import any_workspace, open_workspace, take_in
from grove.workspaces.desk import WorkspaceDesk
from grove.workspaces.errors import (
    ChangedMeanwhile,
    MergeConflicts,
    NothingToCommit,
    PatchRefused,
    RebaseRefused,
    TextNotFound,
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
from grove.workspaces.events import WorkspaceClosed
from grove.workspaces.merging import MergeDesk
from grove.workspaces.model import (
    ChangedFile,
    Edit,
    EditKind,
    Resolution,
    Workspace,
    WorkspaceFile,
    WorkspaceLimits,
    WorkspaceStatus,
)
from grove.workspaces.patching import PatchDesk
from grove.workspaces.pushing import Exchange, PushDesk
from grove.workspaces.rows import commits_in_use, refuse_removal
from grove.workspaces.sweeping import sweep_workspaces

__all__ = [
    "ChangedFile",
    "ChangedMeanwhile",
    "Edit",
    "EditKind",
    "Exchange",
    "MergeConflicts",
    "MergeDesk",
    "NothingToCommit",
    "PatchDesk",
    "PatchRefused",
    "PushDesk",
    "RebaseRefused",
    "Resolution",
    "TextNotFound",
    "Workspace",
    "WorkspaceClosed",
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
    "any_workspace",
    "commits_in_use",
    "open_workspace",
    "refuse_removal",
    "sweep_workspaces",
    "take_in",
]
