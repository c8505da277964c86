"""Grove itself as a principal: whatever nobody in person has asked for is done in its name."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grove.accounts.model import PrincipalKind, Role, Scope
from grove.accounts.queries import actor_of
from grove.accounts.tables import PrincipalRow
from grove.kit.gate import Actor, Source
from grove.kit.ids import new_id
from grove.kit.transactions import Transaction

STEWARD_NAME = "grove (by itself)"


def is_steward(session: Session, *, principal_id: str) -> bool:
    """Whether a principal is Grove itself."""
    kind = session.scalar(select(PrincipalRow.kind).where(PrincipalRow.id == principal_id))
    return kind == PrincipalKind.STEWARD


def steward(tx: Transaction, *, tenant_id: str, source: Source, now: datetime) -> Actor:
    """Who acts for Grove itself in a tenant, made when it is first needed. It has no token, so nobody can be it."""
    chosen = select(PrincipalRow.id).where(
        PrincipalRow.tenant_id == tenant_id, PrincipalRow.kind == PrincipalKind.STEWARD
    )
    identifier = tx.session.scalar(chosen)
    if identifier is None:
        row = PrincipalRow(
            id=new_id(),
            tenant_id=tenant_id,
            kind=PrincipalKind.STEWARD,
            name=STEWARD_NAME,
            email=None,
            role=Role.DEVELOPER,
            active=True,
            acts_for=None,
            created_at=now,
        )
        tx.session.add(row)
        tx.session.flush()
        identifier = row.id
    return actor_of(tx, principal_id=identifier, source=source, scopes=frozenset(Scope))
