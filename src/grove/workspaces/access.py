"""Workspaces for other parts of Grove: finding one, and giving it files that came from elsewhere."""

from datetime import datetime

from sqlalchemy import update

from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.workspaces import rows
from grove.workspaces.model import Workspace, WorkspaceLimits
from grove.workspaces.tables import WorkspaceRow


def open_workspace(tx: Transaction, *, actor: Actor, name: str, changing: bool) -> Workspace:
    """An open workspace by its id, or by the name that the actor gave it.

    :raises Denied: if `actor` may not.
    :raises WorkspaceNotFound: if there is none.
    :raises WorkspaceEnded: if it has ended.
    """
    return rows.open_row(tx, actor=actor, name=name, action=rows.CHANGE if changing else rows.VIEW).value()


def any_workspace(tx: Transaction, *, actor: Actor, workspace_id: str) -> Workspace:
    """A workspace to be changed, whether it has ended or not.

    :raises Denied: if `actor` may not.
    :raises WorkspaceNotFound: if there is none.
    """
    return rows.row_of(tx, actor=actor, name=workspace_id, action=rows.CHANGE).value()


def take_in(
    tx: Transaction,
    *,
    actor: Actor,
    seen: Workspace,
    tree: str,
    head: str,
    size_bytes: int,
    limits: WorkspaceLimits,
    now: datetime,
) -> Workspace | None:
    """Give a workspace the tree and the last commit of its folder; nothing is done if it is not as it was seen.

    One that has ended takes it too, so that it is there when it is restored.

    :raises Denied: if `actor` may not.
    :raises WorkspaceFull: if the owner has written as much as may be.
    """
    row = rows.row_of(tx, actor=actor, name=seen.id, action=rows.CHANGE)
    taken = tx.session.execute(
        update(WorkspaceRow)
        .where(WorkspaceRow.id == seen.id, WorkspaceRow.version == seen.version)
        .values(version=seen.version + 1, tree=tree, head=head, used_at=now)
        .returning(WorkspaceRow.id)
        .execution_options(synchronize_session=False)
    )
    if taken.first() is None:
        return None
    rows.count_written(tx, row, size_bytes=size_bytes, limits=limits)
    rows.record(tx, "workspace.collect", seen, actor=actor, now=now, tree=tree, head=head)
    tx.session.flush()
    tx.session.refresh(row)
    return row.value()
