"""Refs in mirrors that keep what workspaces stand on."""

from pathlib import Path
from typing import Final

from grove.git import Git
from grove.workspaces.model import Workspace

PIN: Final = "refs/grove/workspaces/"
EARLIER: Final = "refs/grove/workspaces-earlier/"
"""What a workspace stood on before a merge: its own commits lead there, whatever became of the branch."""


def keep_pinned(git: Git, mirror: Path, workspace: Workspace, upstream: str) -> None:
    """Pin the commit that a workspace moves to, and go on keeping the one that it leaves."""
    earlier = f"{EARLIER}{workspace.id}/{workspace.base}"
    git.update_refs(mirror, updates={earlier: workspace.base, PIN + workspace.id: upstream})


def pin_earlier(git: Git, mirror: Path, workspace: Workspace, commit: str) -> None:
    """Keep a commit of the mirror as long as the workspace is kept."""
    git.update_refs(mirror, updates={f"{EARLIER}{workspace.id}/{commit}": commit})


def unpin(git: Git, mirror: Path, workspace_id: str) -> None:
    """Give back all that a workspace has pinned."""
    mine = [name for name in git.refs(mirror) if name.startswith(f"{EARLIER}{workspace_id}/")]
    git.update_refs(mirror, deletes=[PIN + workspace_id, *mine], updates={})
