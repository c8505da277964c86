"""Workspaces: private copies of repositories to change files in, with a branch of their own."""

from grove.workspaces.access import any_workspace, open_workspace, take_in
from grove.workspaces.desk import WorkspaceDesk
from grove.workspaces.errors import (
    ChangedMeanwhile,
    MergeConflicts,
    NothingToCommit,
    NothingToStash,
    PatchRefused,
    RebaseRefused,
    StashNotFound,
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
from grove.workspaces.events import WorkspaceClosed, WorkspaceOpened
from grove.workspaces.keeping import KEEP_UP_JOB, KeepDesk
from grove.workspaces.merging import MergeDesk
from grove.workspaces.model import (
    ChangedFile,
    Edit,
    EditKind,
    Resolution,
    Standing,
    Workspace,
    WorkspaceFile,
    WorkspaceLimits,
    WorkspaceStatus,
)
from grove.workspaces.patching import PatchDesk
from grove.workspaces.pushing import Exchange, PushDesk
from grove.workspaces.rows import commits_in_use, count_open, holds_work, is_upkeep_due, refuse_removal
from grove.workspaces.stashing import StashDesk
from grove.workspaces.sweeping import sweep_workspaces
from grove.workspaces.upkeep import WorkspaceKeeper, request_upkeep

__all__ = [
    "KEEP_UP_JOB",
    "ChangedFile",
    "ChangedMeanwhile",
    "Edit",
    "EditKind",
    "Exchange",
    "KeepDesk",
    "MergeConflicts",
    "MergeDesk",
    "NothingToCommit",
    "NothingToStash",
    "PatchDesk",
    "PatchRefused",
    "PushDesk",
    "RebaseRefused",
    "Resolution",
    "Standing",
    "StashDesk",
    "StashNotFound",
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
    "WorkspaceKeeper",
    "WorkspaceLimits",
    "WorkspaceNameInvalid",
    "WorkspaceNotFound",
    "WorkspaceOpened",
    "WorkspacePathRefused",
    "WorkspaceStatus",
    "WorkspacesOpen",
    "WorkspacesTooMany",
    "any_workspace",
    "commits_in_use",
    "count_open",
    "holds_work",
    "is_upkeep_due",
    "open_workspace",
    "refuse_removal",
    "request_upkeep",
    "sweep_workspaces",
    "take_in",
]
