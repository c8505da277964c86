"""Workspaces, as other parts of Grove find them."""

from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.workspaces import rows
from grove.workspaces.model import Workspace


def open_workspace(tx: Transaction, *, actor: Actor, name: str, changing: bool) -> Workspace:
    """An open workspace by its id, or by the name that the actor gave it.

    :raises Denied: if it is somebody else's, and `actor` no administrator.
    :raises WorkspaceNotFound: if there is none.
    :raises WorkspaceEnded: if it has ended.
    """
    return rows.open_row(tx, actor=actor, name=name, action=rows.CHANGE if changing else rows.VIEW).value()
