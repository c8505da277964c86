"""Finding and changing the rows of checkouts."""

from sqlalchemy import func, select

from grove.checkouts.errors import CheckoutMissing, CheckoutsFull
from grove.checkouts.model import SHARING, Checkout, CheckoutLimits, CheckoutMethod
from grove.checkouts.tables import CheckoutRow
from grove.kit.transactions import Transaction
from grove.workspaces import note_folder


def find_checkout(tx: Transaction, *, workspace_id: str) -> Checkout | None:
    """The checkout of a workspace, if it has one."""
    row = tx.session.get(CheckoutRow, workspace_id)
    return None if row is None else row.value()


def has_checkout(tx: Transaction, *, workspace_id: str) -> bool:
    """Whether the files of a workspace are in a folder."""
    return tx.session.get(CheckoutRow, workspace_id) is not None


def get_checkout(tx: Transaction, *, workspace_id: str) -> Checkout:
    """The checkout of a workspace.

    :raises CheckoutMissing: if it has none.
    """
    found = find_checkout(tx, workspace_id=workspace_id)
    if found is None:
        raise CheckoutMissing(workspace=workspace_id)
    return found


def put_checkout(tx: Transaction, made: Checkout, *, limits: CheckoutLimits) -> None:
    """Write down a checkout in place of any that there was.

    :raises CheckoutsFull: if the owner's checkouts would take more than they may.
    """
    others = select(func.sum(CheckoutRow.size_bytes)).where(
        CheckoutRow.owner_id == made.owner_id, CheckoutRow.workspace_id != made.workspace_id
    )
    if int(tx.session.scalar(others) or 0) + made.size_bytes > limits.bytes_max:
        raise CheckoutsFull(bytes_max=limits.bytes_max)
    forget_checkout(tx, workspace_id=made.workspace_id)
    tx.session.add(
        CheckoutRow(
            workspace_id=made.workspace_id,
            tenant_id=made.tenant_id,
            repository_id=made.repository_id,
            owner_id=made.owner_id,
            method=made.method,
            tree=made.tree,
            head=made.head,
            files=made.files,
            size_bytes=made.size_bytes,
            left_out=made.left_out,
            milliseconds=round(made.seconds * 1000),
            made_at=made.made_at,
        )
    )
    tx.session.flush()
    # What is laid out is known; what comes to it later is measured.
    own_bytes = 0 if made.method in SHARING else made.size_bytes
    note_folder(tx, workspace_id=made.workspace_id, size_bytes=own_bytes)


def forget_checkout(tx: Transaction, *, workspace_id: str) -> None:
    """Forget the checkout of a workspace; its folder is the caller's business."""
    row = tx.session.get(CheckoutRow, workspace_id)
    if row is not None:
        tx.session.delete(row)
        tx.session.flush()
        note_folder(tx, workspace_id=workspace_id, size_bytes=0)


def pinned_trees(tx: Transaction, *, repository_id: str) -> frozenset[str]:
    """The published trees of a repository that a folder stands on as long as it is there."""
    standing = select(CheckoutRow.tree).where(
        CheckoutRow.repository_id == repository_id, CheckoutRow.method == CheckoutMethod.OVERLAY
    )
    return frozenset(tx.session.scalars(standing))


def mounted_checkouts(tx: Transaction) -> list[Checkout]:
    """The checkouts that are mounts, of all tenants."""
    return [
        row.value()
        for row in tx.session.scalars(select(CheckoutRow).where(CheckoutRow.method == CheckoutMethod.OVERLAY))
    ]


def known_checkouts(tx: Transaction) -> set[tuple[str, str]]:
    """The (tenant, workspace) ids of all checkouts: the folders of all others can go."""
    return set(tx.session.execute(select(CheckoutRow.tenant_id, CheckoutRow.workspace_id)).all())
