"""The branches of a workspace as rows: its current one is in the row of the workspace, each other has its own."""

from typing import Final

from sqlalchemy import select

from grove.kit.transactions import Transaction
from grove.workspaces.errors import BranchesTooMany, BranchExists, BranchNotFound
from grove.workspaces.model import Branch, Workspace
from grove.workspaces.rows import check_name
from grove.workspaces.tables import BranchRow

BRANCHES_MAX: Final = 100
PREFIX: Final = "ws/"


def branch_name(name: str) -> str:
    """The branch of a workspace that is called so: with or without `ws/`.

    :raises WorkspaceNameInvalid: if it cannot be called so.
    """
    return PREFIX + check_name(name.removeprefix(PREFIX))


def current(workspace: Workspace) -> Branch:
    """The branch whose files are those of the workspace."""
    return Branch(
        name=workspace.branch, target=workspace.target, base=workspace.base, head=workspace.head, is_current=True
    )


def others(tx: Transaction, workspace: Workspace) -> list[Branch]:
    """All its branches but the current one."""
    mine = select(BranchRow).where(BranchRow.workspace_id == workspace.id)
    return [row.value() for row in tx.session.scalars(mine.order_by(BranchRow.name))]


def other(tx: Transaction, workspace: Workspace, name: str) -> Branch:
    """A branch that is not the current one.

    :raises BranchNotFound: if it has none of that name.
    """
    return _row(tx, workspace, name).value()


def put(tx: Transaction, workspace: Workspace, branch: Branch) -> None:
    """Write a branch down beside the current one.

    :raises BranchExists: if there is one of that name.
    :raises BranchesTooMany: if there are as many as there may be.
    """
    names = {each.name for each in others(tx, workspace)}
    if branch.name in names:
        raise BranchExists(workspace=workspace.name, branch=branch.name)
    if len(names) + 1 >= BRANCHES_MAX:
        raise BranchesTooMany(branches_max=BRANCHES_MAX)
    tx.session.add(
        BranchRow(
            workspace_id=workspace.id,
            name=branch.name,
            tenant_id=workspace.tenant_id,
            target=branch.target,
            base=branch.base,
            head=branch.head,
        )
    )
    tx.session.flush()


def moved(tx: Transaction, workspace: Workspace, name: str, *, commit: str) -> None:
    """Write down that a branch that is not the current one begins and ends at a commit now.

    :raises BranchNotFound: if it has none of that name.
    """
    row = _row(tx, workspace, name)
    row.base = row.head = commit


def take(tx: Transaction, workspace: Workspace, name: str) -> Branch:
    """A branch that is not the current one; it is not among these any more.

    :raises BranchNotFound: if it has none of that name.
    """
    row = _row(tx, workspace, name)
    taken = row.value()
    tx.session.delete(row)
    tx.session.flush()
    return taken


def _row(tx: Transaction, workspace: Workspace, name: str) -> BranchRow:
    row = tx.session.get(BranchRow, (workspace.id, name))
    if row is None:
        raise BranchNotFound(workspace=workspace.name, branch=name)
    return row
