"""What can be done with credentials."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError

from grove import accounts
from grove.credentials.errors import (
    CredentialHostMismatch,
    CredentialInvalid,
    CredentialNameTaken,
    CredentialReferenced,
    MasterKeyMissing,
    ReferenceInvalid,
)
from grove.credentials.keyring import Keyring
from grove.credentials.kinds import CredentialKind
from grove.credentials.model import Credential, CredentialDraft, Secret, check_secret, fingerprint_of, normal_host
from grove.credentials.opening import Opening, open_content, open_ssh_key
from grove.credentials.purposes import Purpose
from grove.credentials.queries import credential_row
from grove.credentials.ssh_keys import SshKey, host_key_fingerprint
from grove.credentials.stores import STORES_OF_ONE_TENANT, Lease, Reference
from grove.credentials.tables import CredentialRow
from grove.credentials.telling import USED, record, tell, untold_uses
from grove.credentials.wraps import seal_counted
from grove.kit.gate import Actor, Resource, Source
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
    if draft.reference is not None:
        # Who may name a secret of the store can send it to a host of their own.
        tx.require(
            actor, "credential.refer", Resource(kind="credential", tenant_id=actor.tenant_id, attributes=attributes)
        )
    row = CredentialRow(
        id=new_id(),
        tenant_id=actor.tenant_id,
        project_id=draft.project_id,
        name=draft.name,
        host=normal_host(draft.host),
        username=draft.username,
        version=1,
        fingerprint=fingerprint_of(draft.password, draft.kind) if draft.reference is None else "",
        created_by=actor.id,
        created_at=now,
        reference=draft.reference,
        kind=draft.kind,
    )
    if draft.reference is None:
        row.sealed = seal_counted(tx, keyring, draft.password.encode(), row.binding)
    else:
        row.fingerprint = _referred(tx, draft.reference)
        row.kid, row.wrapped_key, row.ciphertext = "", b"", b""
        if draft.kind is CredentialKind.SSH_KEY:
            row.sealed = seal_counted(
                tx, keyring, SshKey.elsewhere(host_keys=draft.host_keys).as_text().encode(), row.binding
            )
    try:
        with tx.session.begin_nested():
            tx.session.add(row)
    except IntegrityError:
        # The cause would show the row's parameters.
        raise CredentialNameTaken(name=draft.name) from None
    record(tx, "credential.add", row, actor=actor, now=now)
    return row.value()


def rotate_credential(
    tx: Transaction,
    *,
    actor: Actor,
    keyring: Keyring,
    credential_id: str,
    password: str,
    now: datetime,
    passphrase: str = "",
) -> Credential:
    """Replace the secret of a credential; whatever uses it goes on using it. Of an SSH key the host's keys stay.

    :raises Denied: if `actor` may not.
    :raises CredentialNotFound: if the tenant has no such credential.
    :raises CredentialInvalid: if it cannot be the secret of a credential of this kind.
    :raises CredentialReferenced: if the secret is kept in a store.
    """
    tx.require(actor, "credential.rotate", Resource(kind="credential", id=credential_id, tenant_id=actor.tenant_id))
    row = credential_row(tx, tenant_id=actor.tenant_id, credential_id=credential_id, lock=True)
    if row.reference is not None:
        raise CredentialReferenced(credential=row.id, reference=row.reference)
    kind = CredentialKind(row.kind)
    if kind is CredentialKind.SSH_KEY:
        opening = Opening(keyring=keyring, purpose=Purpose(act="credential.rotate"), by=actor, now=now)
        host_keys = open_ssh_key(tx, row, opening).host_keys
        password = SshKey.of(password, passphrase=passphrase, host_keys=host_keys).as_text()
    check_secret(kind, password)
    _seal_anew(tx, row, keyring, password)
    record(tx, "credential.rotate", row, actor=actor, now=now)
    return row.value()


def host_keys_of(
    tx: Transaction, *, actor: Actor, keyring: Keyring, credential_id: str, now: datetime
) -> tuple[str, ...]:
    """The keys by which the host of an SSH key is known.

    :raises Denied: if `actor` may not.
    :raises CredentialNotFound: if the tenant has no such credential.
    :raises CredentialInvalid: if it is no SSH key.
    """
    tx.require(actor, "credential.list", Resource(kind="credential", id=credential_id, tenant_id=actor.tenant_id))
    row = _ssh_row(tx, actor=actor, credential_id=credential_id, lock=False)
    opening = Opening(keyring=keyring, purpose=Purpose(act="credential.host_keys"), by=actor, now=now)
    return open_ssh_key(tx, row, opening).host_keys


def pin_host_keys(
    tx: Transaction, *, actor: Actor, keyring: Keyring, credential_id: str, host_keys: Sequence[str], now: datetime
) -> Credential:
    """Have the host of an SSH key be known by these keys, and by no others, from now on.

    :raises Denied: if `actor` may not.
    :raises CredentialNotFound: if the tenant has no such credential.
    :raises CredentialInvalid: if it is no SSH key, or one of them is no host key.
    """
    tx.require(actor, "credential.rotate", Resource(kind="credential", id=credential_id, tenant_id=actor.tenant_id))
    row = _ssh_row(tx, actor=actor, credential_id=credential_id, lock=True)
    opening = Opening(keyring=keyring, purpose=Purpose(act="credential.pin"), by=actor, now=now)
    key = open_ssh_key(tx, row, opening).pinned_to(host_keys)
    _seal_anew(tx, row, keyring, key.as_text())
    shown = [host_key_fingerprint(each) for each in key.host_keys]
    record(tx, "credential.pin", row, actor=actor, now=now, host_keys=shown)
    return row.value()


def _ssh_row(tx: Transaction, *, actor: Actor, credential_id: str, lock: bool) -> CredentialRow:
    row = credential_row(tx, tenant_id=actor.tenant_id, credential_id=credential_id, lock=lock)
    if row.kind != CredentialKind.SSH_KEY:
        raise CredentialInvalid(rule="only SSH keys have keys of their host", credential=row.id)
    return row


def _seal_anew(tx: Transaction, row: CredentialRow, keyring: Keyring, content: str) -> None:
    row.version += 1
    if row.reference is None:
        row.fingerprint = fingerprint_of(content, CredentialKind(row.kind))
    row.sealed = seal_counted(tx, keyring, content.encode(), row.binding)


def assign_credential(tx: Transaction, *, actor: Actor, credential_id: str, project_id: str, now: datetime) -> None:
    """Have a credential be for another project; its secret stays as it is sealed.

    :raises Denied: if `actor` may not add one there.
    :raises CredentialNotFound: if the tenant has no such credential.
    """
    attributes: dict[str, object] = {"project_id": project_id}
    tx.require(actor, "credential.add", Resource(kind="credential", tenant_id=actor.tenant_id, attributes=attributes))
    row = credential_row(tx, tenant_id=actor.tenant_id, credential_id=credential_id, lock=True)
    before, row.project_id = row.project_id, project_id
    record(tx, "credential.assign", row, actor=actor, now=now, project=project_id, project_before=before)


def remove_credential(tx: Transaction, *, actor: Actor, credential_id: str, now: datetime) -> Credential:
    """Destroy the secret; the row stays, so that history can name it.

    :raises Denied: if `actor` may not.
    :raises CredentialNotFound: if the tenant has no such credential.
    """
    tx.require(actor, "credential.remove", Resource(kind="credential", id=credential_id, tenant_id=actor.tenant_id))
    row = credential_row(tx, tenant_id=actor.tenant_id, credential_id=credential_id, lock=True)
    row.revoked_at = now
    row.wrapped_key = row.ciphertext = b""
    untold = untold_uses(tx, credential_id=row.id)
    record(tx, "credential.remove", row, actor=actor, now=now, untold=untold)
    return row.value()


def lease_secret(
    tx: Transaction,
    *,
    actor: Actor,
    keyring: Keyring,
    credential_id: str,
    host: str,
    purpose: Purpose,
    now: datetime,
) -> Lease:
    """Unseal a secret for work in the actor's tenant that is about to talk to `host`, or say where it is kept.

    The audit trail is told for what; when it cannot be written, the transaction fails, and with it the lease.

    :raises CredentialNotFound: if the tenant has no such credential, or it was removed.
    :raises CredentialHostMismatch: if it is meant for another host or port.
    :raises CredentialUnreadable: if its row was changed, or its master key is gone.
    """
    row = credential_row(tx, tenant_id=actor.tenant_id, credential_id=credential_id, lock=True)
    _check_host(row, host)
    opening = Opening(keyring=keyring, purpose=purpose, by=actor, now=now)
    is_key_elsewhere = row.reference is not None and row.kind == CredentialKind.SSH_KEY
    lease = Lease(
        tenant_id=row.tenant_id,
        username=row.username,
        password=None if row.reference is not None else open_content(tx, row, opening),
        reference=row.reference,
        credential_id=row.id,
        version=row.version,
        kind=CredentialKind(row.kind),
        host=row.host,
        host_keys=open_ssh_key(tx, row, opening).host_keys if is_key_elsewhere else (),
    )
    row.last_used_at = now
    tell(tx, row, action=USED, actor=actor, purpose=purpose, now=now)
    return lease


def read_secret(
    tx: Transaction, *, keyring: Keyring, tenant_id: str, credential_id: str, host: str, now: datetime
) -> Secret:
    """Unseal a secret to compare something that has come with it; that is no use of it, and leaves no trace.

    :raises CredentialNotFound: if the tenant has no such credential, or it was removed.
    :raises CredentialHostMismatch: if it is meant for another host or port.
    :raises CredentialUnreadable: if its row was changed, or its master key is gone.
    :raises CredentialReferenced: if the secret is kept in a store.
    """
    row = credential_row(tx, tenant_id=tenant_id, credential_id=credential_id)
    _check_host(row, host)
    if row.reference is not None:
        raise CredentialReferenced(credential=row.id, reference=row.reference)
    purpose = Purpose(act="credential.compare", source=Source.WEBHOOK)
    password = open_content(tx, row, Opening(keyring=keyring, purpose=purpose, now=now))
    return Secret(username=row.username, password=password)


def _referred(tx: Transaction, text: str) -> str:
    """The name of the store that a reference leads to, which this tenant may use."""
    reference = Reference.parse(text)
    if reference.store in STORES_OF_ONE_TENANT and not accounts.is_only_tenant(tx):
        raise ReferenceInvalid(reason="this store knows no tenants, and there are several")
    return reference.store


def lease_to_look(
    tx: Transaction, *, actor: Actor, keyring: Keyring, credential_id: str, host: str | None, now: datetime
) -> Lease:
    """Lease a secret to somebody who looks at a host with it, or only whether it can be read.

    :raises Denied: if `actor` may not.
    :raises CredentialNotFound: if the tenant has no such credential, or it was removed.
    :raises CredentialHostMismatch: if it is meant for another host or port.
    :raises CredentialUnreadable: if its row was changed, or its master key is gone.
    """
    tx.require(actor, "credential.use", Resource(kind="credential", id=credential_id, tenant_id=actor.tenant_id))
    row = credential_row(tx, tenant_id=actor.tenant_id, credential_id=credential_id)
    return lease_secret(
        tx,
        actor=actor,
        keyring=keyring,
        credential_id=row.id,
        host=host or row.host,
        purpose=Purpose(act="credential.look"),
        now=now,
    )


def _check_host(row: CredentialRow, host: str) -> None:
    if row.host != normal_host(host):
        raise CredentialHostMismatch(credential=row.id, host=normal_host(host))


def reseal_credentials(tx: Transaction, *, keyring: Keyring, count_max: int, now: datetime) -> int:
    """Move up to `count_max` credentials of all tenants under the current master key, and say how many were moved.

    It may stop and start again at any time: every key of the ring goes on opening what it sealed.

    :raises CredentialUnreadable: if one cannot be unsealed; nothing is moved then.
    """
    waiting = select(CredentialRow).where(_is_sealed(), CredentialRow.kid != keyring.current_kid)
    rows = tx.session.scalars(waiting.order_by(CredentialRow.id).limit(count_max).with_for_update()).all()
    opening = Opening(keyring=keyring, purpose=Purpose(act="master_key.rotate", source=Source.CLI), now=now)
    for row in rows:
        row.sealed = seal_counted(tx, keyring, open_content(tx, row, opening).encode(), row.binding)
    return len(rows)


def kids_in_use(tx: Transaction) -> frozenset[str]:
    """The kids of the keys that some credential is sealed under."""
    return frozenset(tx.session.scalars(select(CredentialRow.kid).where(_is_sealed()).distinct()))


def _is_sealed() -> ColumnElement[bool]:
    """Whether anything is: a secret, or of an SSH key that a store keeps the keys of its host."""
    return CredentialRow.revoked_at.is_(None) & (CredentialRow.kid != "")


def check_keyring(tx: Transaction, *, keyring: Keyring) -> None:
    """Return when the ring has every key that a credential still needs; to be asked before serving.

    :raises MasterKeyMissing: if a key was taken out too early.
    """
    lacking = sorted(kids_in_use(tx) - keyring.kids)
    if lacking:
        raise MasterKeyMissing(kids=", ".join(lacking))
