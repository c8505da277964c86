"""What the audit trail is told of secrets that are opened, and of those that cannot be.

What somebody asked for is told each time. What Grove does by itself, such as polls, is told the first time and then
once in a while, with how often it was done since: a trail that keeps everything for ever must not grow by every poll.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select

from grove import accounts, activity
from grove.credentials.purposes import Purpose
from grove.credentials.tables import CredentialPurposeRow, CredentialRow
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction

USED: Final = "credential.use"
UNREADABLE: Final = "credential.unreadable"
QUIET: Final = {USED: timedelta(hours=24), UNREADABLE: timedelta(hours=1)}
"""For how long after an entry the same is only counted, when nobody asked for it."""


def tell(
    tx: Transaction, row: CredentialRow, *, action: str, actor: Actor, purpose: Purpose, now: datetime, **facts: object
) -> None:
    """Have the trail told that a secret is opened; if that cannot be done, the transaction fails at its end."""
    since: dict[str, object] = {}
    if accounts.is_steward(tx.session, principal_id=actor.id):
        key = {
            "credential_id": row.id,
            "action": action,
            "act": purpose.act,
            "repository_id": purpose.repository_id or "",
        }
        known = tx.session.get(CredentialPurposeRow, key)  # whoever comes here has locked the credential's row
        if known is not None and known.version == row.version and now < known.told_at + QUIET[action]:
            known.untold += 1
            activity.require_writable(tx, actor=actor, now=now)
            return
        since = {"untold": known.untold if known else 0}
        told = CredentialPurposeRow(**key, tenant_id=row.tenant_id, version=row.version, told_at=now, untold=0)
        tx.session.merge(told)
    record(tx, action, row, actor=actor, now=now, **purpose.facts, **since, **facts)


def record(tx: Transaction, action: str, row: CredentialRow, *, actor: Actor, now: datetime, **facts: object) -> None:
    """Have the trail told of an act on a credential, or with it."""
    activity.record(
        tx,
        actor=actor,
        action=action,
        target_kind="credential",
        target_id=row.id,
        now=now,
        name=row.name,
        host=row.host,
        fingerprint=row.fingerprint,
        version=row.version,
        **facts,
    )


def tell_unreadable(
    tx: Transaction, *, credential_id: str, tenant_id: str, kid: str, purpose: Purpose, by: Actor | None, now: datetime
) -> None:
    """Have the trail told that a secret was wanted and does not open: somebody may have changed its row.

    What failed keeps nothing in its own transaction, so this is done in another.
    """
    with tx.within(tenant_id):
        row = tx.session.get(CredentialRow, credential_id, with_for_update=True)
        if row is None:
            return
        actor = by or accounts.steward(tx, tenant_id=tenant_id, source=purpose.source, now=now)
        tell(tx, row, action=UNREADABLE, actor=actor, purpose=purpose, now=now, kid=kid)


def untold_uses(tx: Transaction, *, credential_id: str) -> int:
    """How often a credential was used since the trail was told last; asked when it is removed, and forgotten then."""
    mine = CredentialPurposeRow.credential_id == credential_id
    uses = select(func.sum(CredentialPurposeRow.untold)).where(mine, CredentialPurposeRow.action == USED)
    counted = int(tx.session.scalar(uses) or 0)
    tx.session.execute(delete(CredentialPurposeRow).where(mine))
    return counted
