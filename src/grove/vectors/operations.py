"""Publishing and striking out sets of vectors. Called by jobs alone, in the transaction that checks their lease."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update

from grove.kit.transactions import Transaction
from grove.vectors.model import VectorSet
from grove.vectors.tables import VectorSetRow


def sets_of(tx: Transaction, *, tenant_id: str) -> tuple[VectorSet, ...]:
    """The sets of a tenant, oldest first."""
    chosen = select(VectorSetRow).where(VectorSetRow.tenant_id == tenant_id)
    rows = tx.session.scalars(chosen.order_by(VectorSetRow.created_at, VectorSetRow.name))
    return tuple(row.value() for row in rows)


def publish_set(
    tx: Transaction, *, tenant_id: str, made: VectorSet | None, instead_of: Collection[str] = (), now: datetime
) -> None:
    """Make a set visible to every reader, and others go, at once."""
    forget_sets(tx, tenant_id=tenant_id, names=instead_of)
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


def forget_sets(tx: Transaction, *, tenant_id: str, names: Collection[str]) -> None:
    """Strike sets out; their files can go."""
    mine = VectorSetRow.tenant_id == tenant_id
    tx.session.execute(delete(VectorSetRow).where(mine, VectorSetRow.name.in_(names)))


def mark_copied(tx: Transaction, *, tenant_id: str, names: Collection[str], place: str | None) -> None:
    """Remember which store has a copy of some sets."""
    mine = VectorSetRow.tenant_id == tenant_id
    tx.session.execute(update(VectorSetRow).where(mine, VectorSetRow.name.in_(names)).values(copied_to=place))
