"""Tenants and actors for tests that need no whole Grove."""

from datetime import UTC, datetime

from grove import accounts
from grove.kit.gate import Actor, Source
from grove.kit.transactions import Transaction

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def administrator(tx: Transaction, *, name: str = "admin") -> Actor:
    """The administrator of a new tenant."""
    wanted = accounts.NewAdministrator(name=name, email=f"{name}@example.org", tenant_name=f"tenant of {name}")
    issued = accounts.set_up(tx, administrator=wanted, now=NOON)
    return accounts.authenticate(tx, secret=issued.secret, source=Source.API, now=NOON)


def colleague(tx: Transaction, *, of: Actor, role: accounts.Role, name: str = "") -> Actor:
    """Another user of the same tenant."""
    user = accounts.create_principal(
        tx, actor=of, kind=accounts.PrincipalKind.USER, name=name or role, role=role, email=None, now=NOON
    )
    tx.session.flush()
    return accounts.actor_of(tx, principal_id=user.id, source=Source.API, scopes=frozenset(accounts.Scope))
