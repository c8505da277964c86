"""What can be done with credentials."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from grove import activity
from grove.credentials.envelope import open_sealed, seal
from grove.credentials.errors import CredentialHostMismatch, CredentialNameTaken, MasterKeyMissing
from grove.credentials.keyring import Keyring
from grove.credentials.model import Credential, CredentialDraft, Secret, check_password, fingerprint_of, normal_host
from grove.credentials.queries import credential_row
from grove.credentials.tables import CredentialRow
from grove.kit.gate import Actor, Resource
from grove.kit.ids import new_id
from grove.kit.transactions import Transaction


def add_credential(
    tx: Transaction, *, actor: Actor, keyring: Keyring, draft: CredentialDraft, now: datetime
) -> Credential:
    """Keep a secret, sealed, for the jobs that need it on its host.

    :raises Denied: if `actor` may not.
    :raises CredentialNameTaken: if the tenant has a credential of that name.
    """
    attributes: dict[str, object] = {"project_id": draft.project_id}
    tx.require(actor, "credential.add", Resource(kind="credential", tenant_id=actor.tenant_id, attributes=attributes))
    row = CredentialRow(
        id=new_id(),
        tenant_id=actor.tenant_id,
        project_id=draft.project_id,
        name=draft.name,
        host=normal_host(draft.host),
        username=draft.username,
        version=1,
        fingerprint=fingerprint_of(draft.password),
        created_by=actor.id,
        created_at=now,
    )
    row.sealed = seal(keyring, draft.password.encode(), row.binding)
    try:
        with tx.session.begin_nested():
            tx.session.add(row)
    except IntegrityError:
        # The cause would show the row's parameters.
        raise CredentialNameTaken(name=draft.name) from None
    _record(tx, "credential.add", row, actor=actor, now=now)
    return row.value()


def rotate_credential(
    tx: Transaction, *, actor: Actor, keyring: Keyring, credential_id: str, password: str, now: datetime
) -> Credential:
    """Replace the secret of a credential; whatever uses it goes on using it.

    :raises Denied: if `actor` may not.
    :raises CredentialNotFound: if the tenant has no such credential.
    :raises CredentialInvalid: if it cannot be a password or a token.
    """
    tx.require(actor, "credential.rotate", Resource(kind="credential", id=credential_id, tenant_id=actor.tenant_id))
    check_password(password)
    row = credential_row(tx, tenant_id=actor.tenant_id, credential_id=credential_id, lock=True)
    row.version += 1
    row.fingerprint = fingerprint_of(password)
    row.sealed = seal(keyring, password.encode(), row.binding)
    _record(tx, "credential.rotate", row, actor=actor, now=now)
    return row.value()


def remove_credential(tx: Transaction, *, actor: Actor, credential_id: str, now: datetime) -> Credential:
    """Destroy the secret; the row stays, so that history can name it.

    :raises Denied: if `actor` may not.
    :raises CredentialNotFound: if the tenant has no such credential.
    """
    tx.require(actor, "credential.remove", Resource(kind="credential", id=credential_id, tenant_id=actor.tenant_id))
    row = credential_row(tx, tenant_id=actor.tenant_id, credential_id=credential_id, lock=True)
    row.revoked_at = now
    row.wrapped_key = row.ciphertext = b""
    _record(tx, "credential.remove", row, actor=actor, now=now)
    return row.value()


def lease_secret(
    tx: Transaction, *, keyring: Keyring, tenant_id: str, credential_id: str, host: str, now: datetime
) -> Secret:
    """Unseal a secret for a job of the same tenant that is about to talk to `host`.

    :raises CredentialNotFound: if the tenant has no such credential, or it was removed.
    :raises CredentialHostMismatch: if it is meant for another host or port.
    :raises CredentialUnreadable: if its row was changed, or its master key is gone.
    """
    row = credential_row(tx, tenant_id=tenant_id, credential_id=credential_id, lock=True)
    secret = _opened(row, keyring=keyring, host=host)
    row.last_used_at = now
    return secret


def read_secret(tx: Transaction, *, keyring: Keyring, tenant_id: str, credential_id: str, host: str) -> Secret:
    """Unseal a secret to compare something with it; that is no use of it, and leaves no trace.

    :raises CredentialNotFound: if the tenant has no such credential, or it was removed.
    :raises CredentialHostMismatch: if it is meant for another host or port.
    :raises CredentialUnreadable: if its row was changed, or its master key is gone.
    """
    row = credential_row(tx, tenant_id=tenant_id, credential_id=credential_id)
    return _opened(row, keyring=keyring, host=host)


def _opened(row: CredentialRow, *, keyring: Keyring, host: str) -> Secret:
    if row.host != normal_host(host):
        raise CredentialHostMismatch(credential=row.id, host=normal_host(host))
    return Secret(username=row.username, password=open_sealed(keyring, row.sealed, row.binding).decode())


def reseal_credentials(tx: Transaction, *, keyring: Keyring, count_max: int) -> int:
    """Move up to `count_max` credentials of all tenants under the current master key, and say how many were moved.

    It may stop and start again at any time: every key of the ring goes on opening what it sealed.

    :raises CredentialUnreadable: if one cannot be unsealed; nothing is moved then.
    """
    waiting = select(CredentialRow).where(CredentialRow.revoked_at.is_(None), CredentialRow.kid != keyring.current_kid)
    rows = tx.session.scalars(waiting.order_by(CredentialRow.id).limit(count_max).with_for_update()).all()
    for row in rows:
        row.sealed = seal(keyring, open_sealed(keyring, row.sealed, row.binding), row.binding)
    return len(rows)


def check_keyring(tx: Transaction, *, keyring: Keyring) -> None:
    """Return when the ring has every key that a credential still needs; to be asked before serving.

    :raises MasterKeyMissing: if a key was taken out too early.
    """
    kids = tx.session.scalars(select(CredentialRow.kid).where(CredentialRow.revoked_at.is_(None)).distinct())
    lacking = sorted(set(kids) - keyring.kids)
    if lacking:
        raise MasterKeyMissing(kids=", ".join(lacking))


def _record(tx: Transaction, action: str, row: CredentialRow, *, actor: Actor, now: datetime) -> None:
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
    )
