"""Publishing and striking out sets of vectors. Called by jobs alone, in the transaction that checks their lease."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update

from grove.kit.transactions import Transaction
from grove.vectors.model import VectorSet
from grove.vectors.tables import VectorSetRow


def sets_of(tx: Transaction, *, tenant_id: str) -> tuple[VectorSet, ...]:
    """The sets of a tenant that readers may use, oldest first."""
    return _sets(tx, tenant_id, is_leaving=False)


def leaving_sets_of(tx: Transaction, *, tenant_id: str) -> tuple[VectorSet, ...]:
    """The sets of a tenant that no reader uses, but of which a vector store may still have vectors."""
    return _sets(tx, tenant_id, is_leaving=True)


def publish_set(
    tx: Transaction, *, tenant_id: str, made: VectorSet | None, instead_of: Collection[str] = (), now: datetime
) -> None:
    """Make a set visible to every reader, and have others leave, at once."""
    dismiss_sets(tx, tenant_id=tenant_id, names=instead_of)
    if made is not None:
        row = VectorSetRow(
            name=made.name,
            tenant_id=tenant_id,
            model=made.model,
            dimensions=made.dimensions,
            chunk_count=made.chunk_count,
            texts_cut=made.texts_cut,
            stored_bytes=made.stored_bytes,
            checksum=made.checksum,
            copied_to=made.copied_to,
            created_at=now,
        )
        tx.session.add(row)
    tx.session.flush()


def dismiss_sets(tx: Transaction, *, tenant_id: str, names: Collection[str]) -> None:
    """Have no reader use these sets any more; their files stay until the vector store has been told."""
    mine = VectorSetRow.tenant_id == tenant_id
    tx.session.execute(update(VectorSetRow).where(mine, VectorSetRow.name.in_(names)).values(is_leaving=True))


def forget_sets(tx: Transaction, *, tenant_id: str, names: Collection[str]) -> bool:
    """Strike sets out; their files can go. Whether there were any."""
    mine = VectorSetRow.tenant_id == tenant_id
    gone = tx.session.scalars(
        delete(VectorSetRow).where(mine, VectorSetRow.name.in_(names)).returning(VectorSetRow.name)
    )
    return bool(gone.all())


def mark_copied(tx: Transaction, *, tenant_id: str, names: Collection[str], place: str) -> None:
    """Remember which store has a copy of some sets."""
    mine = VectorSetRow.tenant_id == tenant_id
    tx.session.execute(update(VectorSetRow).where(mine, VectorSetRow.name.in_(names)).values(copied_to=place))


def mark_uncopied(tx: Transaction, *, tenant_id: str, model: str | None = None) -> None:
    """Remember that no store has what it should have of a tenant's sets, or of those by one model."""
    chosen = update(VectorSetRow).where(VectorSetRow.tenant_id == tenant_id)
    if model is not None:
        chosen = chosen.where(VectorSetRow.model == model)
    tx.session.execute(chosen.values(copied_to=None))


def _sets(tx: Transaction, tenant_id: str, *, is_leaving: bool) -> tuple[VectorSet, ...]:
    mine = select(VectorSetRow).where(VectorSetRow.tenant_id == tenant_id, VectorSetRow.is_leaving.is_(is_leaving))
    rows = tx.session.scalars(mine.order_by(VectorSetRow.created_at, VectorSetRow.name))
    return tuple(row.value() for row in rows)
