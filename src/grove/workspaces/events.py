"""What happens to workspaces."""

from dataclasses import dataclass
from datetime import datetime

from grove.kit.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceOpened(Event):
    """There is one more open workspace."""

    tenant_id: str
    workspace_id: str
    actor_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceClosed(Event):
    """A workspace has ended."""

    tenant_id: str
    workspace_id: str
    actor_id: str
    at: datetime
