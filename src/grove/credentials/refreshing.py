"""Taking turns with a refresh token: it is good for one use, and whoever uses it must keep what it gets."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, update

from grove.credentials.keyring import Keyring
from grove.credentials.kinds import OAuthGrant
from grove.credentials.model import fingerprint_of
from grove.credentials.opening import Opening, open_content
from grove.credentials.purposes import Purpose
from grove.credentials.queries import credential_row
from grove.credentials.stores import Lease
from grove.credentials.tables import CredentialRow
from grove.credentials.wraps import seal_counted
from grove.kit.transactions import Transaction

REFRESH_SECONDS_MAX: Final = 60
"""Whoever has not kept a new token by then has died, and another one may try."""


def claim_refresh(tx: Transaction, *, lease: Lease, now: datetime) -> bool:
    """Whether the caller is the one to use the refresh token now; nobody else is until it has ended its turn."""
    free = or_(CredentialRow.refreshing_until.is_(None), CredentialRow.refreshing_until <= now)
    claimed = tx.session.execute(
        update(CredentialRow)
        .where(CredentialRow.id == lease.credential_id, CredentialRow.version == lease.version, free)
        .values(refreshing_until=now + timedelta(seconds=REFRESH_SECONDS_MAX))
        .returning(CredentialRow.id)
        .execution_options(synchronize_session=False)
    )
    return claimed.first() is not None


def newest_grant(tx: Transaction, *, keyring: Keyring, lease: Lease, now: datetime) -> tuple[OAuthGrant, int]:
    """The grant as it is now, and its version.

    :raises CredentialNotFound: if the credential was removed.
    :raises CredentialUnreadable: if its row was changed, or its master key is gone.
    """
    row = credential_row(tx, tenant_id=lease.tenant_id, credential_id=lease.credential_id)
    opening = Opening(keyring=keyring, purpose=Purpose(act="credential.refresh"), now=now)
    return OAuthGrant.parse(open_content(tx, row, opening)), row.version


def keep_grant(tx: Transaction, *, keyring: Keyring, lease: Lease, grant: OAuthGrant) -> None:
    """Seal what a refresh has brought, and end the turn; a grant that a person has put there meanwhile stays.

    :raises CredentialNotFound: if the credential was removed.
    """
    row = credential_row(tx, tenant_id=lease.tenant_id, credential_id=lease.credential_id, lock=True)
    row.refreshing_until = None
    if row.version == lease.version:
        row.version += 1
        row.fingerprint = fingerprint_of(grant.access_token)
        row.sealed = seal_counted(tx, keyring, grant.as_text().encode(), row.binding)


def give_up_refresh(tx: Transaction, *, lease: Lease) -> None:
    """End a turn that has brought nothing."""
    mine = update(CredentialRow).where(CredentialRow.id == lease.credential_id, CredentialRow.version == lease.version)
    tx.session.execute(mine.values(refreshing_until=None).execution_options(synchronize_session=False))
