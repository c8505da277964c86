"""Opening what is sealed in a row."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from grove.credentials.envelope import open_sealed
from grove.credentials.errors import CredentialUnreadable
from grove.credentials.keyring import Keyring
from grove.credentials.purposes import Purpose
from grove.credentials.ssh_keys import SshKey
from grove.credentials.tables import CredentialRow
from grove.credentials.telling import tell_unreadable
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """With what something sealed is opened, what for, when, and who asked, if that is known."""

    keyring: Keyring
    purpose: Purpose
    now: datetime
    by: Actor | None = None


def open_content(tx: Transaction, row: CredentialRow, opening: Opening) -> str:
    """What is sealed in a row; when it does not open, the audit trail is told, whatever becomes of the transaction.

    :raises CredentialUnreadable: if the row was changed, or its master key is gone.
    """
    try:
        return open_sealed(opening.keyring, row.sealed, row.binding).decode()
    except CredentialUnreadable:
        telling = partial(tell_unreadable, credential_id=row.id, tenant_id=row.tenant_id, kid=row.kid)
        tx.afterwards.append(partial(telling, purpose=opening.purpose, by=opening.by, now=opening.now))
        raise


def open_ssh_key(tx: Transaction, row: CredentialRow, opening: Opening) -> SshKey:
    """The SSH key that is sealed in a row, or the keys of its host when it is itself kept in a store.

    :raises CredentialUnreadable: if the row was changed, or its master key is gone.
    """
    return SshKey.parse(open_content(tx, row, opening), is_elsewhere=row.reference is not None)
