"""The first tenant and its first administrator: by a single-use link, or by settings where nobody is at a terminal."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from grove import activity
from grove.accounts.errors import SetupLinkInvalid
from grove.accounts.model import Issued, PrincipalKind, Role, Scope
from grove.accounts.tables import PrincipalRow, ProjectRow, SetupLinkRow, TenantRow
from grove.accounts.tokens import store_token
from grove.kit.gate import Actor, Source
from grove.kit.ids import digest, new_id, new_secret
from grove.kit.transactions import Transaction

SETUP_LINK_MINUTES = 30
DEFAULT_PROJECT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAdministrator:
    """Who the first administrator is to be."""

    name: str
    email: str | None
    tenant_name: str = "Grove"


def is_set_up(tx: Transaction) -> bool:
    """Whether there is an administrator already."""
    return tx.session.scalar(select(PrincipalRow.id).limit(1)) is not None


def open_setup_link(tx: Transaction, *, now: datetime) -> str:
    """Make the secret of a link that works once, within half an hour; earlier links stop working."""
    for earlier in tx.session.scalars(select(SetupLinkRow).where(SetupLinkRow.used_at.is_(None))):
        earlier.used_at = now
    secret = new_secret("setup_")
    expires_at = now + timedelta(minutes=SETUP_LINK_MINUTES)
    tx.session.add(SetupLinkRow(id=new_id(), secret_digest=digest(secret), expires_at=expires_at, used_at=None))
    return secret


def use_setup_link(tx: Transaction, *, secret: str, administrator: NewAdministrator, now: datetime) -> Issued:
    """Make the first administrator, and its first token.

    :raises SetupLinkInvalid: if the link is unknown, used, too old, or somebody was quicker.
    """
    link = tx.session.scalar(select(SetupLinkRow).where(SetupLinkRow.secret_digest == digest(secret)).with_for_update())
    if link is None or link.used_at or link.expires_at <= now or is_set_up(tx):
        raise SetupLinkInvalid
    link.used_at = now
    return set_up(tx, administrator=administrator, now=now)


def set_up(
    tx: Transaction, *, administrator: NewAdministrator, now: datetime, token_secret: str | None = None
) -> Issued:
    """Make the tenant, its default project, its administrator, and the administrator's token."""
    tenant = TenantRow(id=new_id(), name=administrator.tenant_name, created_at=now)
    tx.session.add(tenant)
    with tx.within(tenant.id):
        return _settle(tx, tenant, administrator=administrator, now=now, token_secret=token_secret)


def _settle(
    tx: Transaction, tenant: TenantRow, *, administrator: NewAdministrator, now: datetime, token_secret: str | None
) -> Issued:
    project = ProjectRow(id=new_id(), tenant_id=tenant.id, name=DEFAULT_PROJECT, is_default=True, created_at=now)
    owner = PrincipalRow(
        id=new_id(),
        tenant_id=tenant.id,
        kind=PrincipalKind.USER,
        name=administrator.name,
        email=administrator.email,
        role=Role.ADMIN,
        active=True,
        acts_for=None,
        created_at=now,
    )
    tx.session.add_all([project, owner])
    tx.session.flush()
    everything = frozenset(Scope)
    actor = Actor(
        id=owner.id, tenant_id=tenant.id, name=owner.name, role=owner.role, scopes=everything, source=Source.SETUP
    )
    activity.record(tx, actor=actor, action="tenant.set_up", target_kind="tenant", target_id=tenant.id, now=now)
    return store_token(
        tx, owner=owner.value(), name="set-up", scopes=everything, now=now, expires_at=None, secret=token_secret
    )
