"""How much room workspaces take on the disk: measured after what is done with them, not reckoned from what was sent."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select, update

from grove.kit.transactions import Transaction
from grove.workspaces.tables import WorkspaceRow

CHANGES_UNMEASURED_MAX: Final = 8
"""So many changes may be made before a git directory is measured again, which takes longer the more there is."""
BYTES_UNMEASURED_MAX: Final = 1024 * 1024
"""A change that brings more is measured at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """How many workspaces there are, and how much room their git directories and their folders take."""

    count: int
    own_bytes: int
    folder_bytes: int


def holding_by_state(tx: Transaction) -> dict[str, Holding]:
    """What there is of workspaces that are `open`, and of those that have `ended`."""
    sums = (func.count(), func.sum(WorkspaceRow.own_bytes), func.sum(WorkspaceRow.folder_bytes))
    found = {}
    for state, chosen in (("open", WorkspaceRow.ended_at.is_(None)), ("ended", WorkspaceRow.ended_at.is_not(None))):
        [(count, own_bytes, folder_bytes)] = tx.session.execute(select(*sums).where(chosen))
        found[state] = Holding(count=count, own_bytes=int(own_bytes or 0), folder_bytes=int(folder_bytes or 0))
    return found


def held_bytes(tx: Transaction, *, tenant_id: str, owner_id: str | None = None) -> int:
    """How much room the open workspaces take, in a tenant or of a user: their git directories and folders."""
    chosen = select(func.sum(WorkspaceRow.own_bytes + WorkspaceRow.folder_bytes)).where(
        WorkspaceRow.tenant_id == tenant_id, WorkspaceRow.ended_at.is_(None)
    )
    if owner_id is not None:
        chosen = chosen.where(WorkspaceRow.owner_id == owner_id)
    return int(tx.session.scalar(chosen) or 0)


def note_own(tx: Transaction, *, workspace_id: str, size_bytes: int) -> int:
    """Write down how large the git directory of a workspace is; what it takes with its folder."""
    _note(tx, workspace_id, own_bytes=size_bytes)
    held = select(WorkspaceRow.own_bytes + WorkspaceRow.folder_bytes).where(WorkspaceRow.id == workspace_id)
    return int(tx.session.scalar(held) or 0)


def note_folder(tx: Transaction, *, workspace_id: str, size_bytes: int) -> None:
    """Write down how much room the folder of a workspace takes of its own."""
    _note(tx, workspace_id, folder_bytes=size_bytes)


def _note(tx: Transaction, workspace_id: str, **values: int) -> None:
    tx.session.execute(
        update(WorkspaceRow)
        .where(WorkspaceRow.id == workspace_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
