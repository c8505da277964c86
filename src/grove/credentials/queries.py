"""What can be asked about credentials."""

from sqlalchemy import or_, select

from grove.credentials.errors import CredentialNotFound
from grove.credentials.model import Credential
from grove.credentials.tables import CredentialRow
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction


def list_credentials(tx: Transaction, *, actor: Actor, project_id: str | None = None) -> list[Credential]:
    """The tenant's credentials by name; of one project, when it is given.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "credential.list", Resource(kind="credential", tenant_id=actor.tenant_id))
    chosen = select(CredentialRow).where(CredentialRow.tenant_id == actor.tenant_id, CredentialRow.revoked_at.is_(None))
    if project_id is not None:
        chosen = chosen.where(CredentialRow.project_id == project_id)
    return [row.value() for row in tx.session.scalars(chosen.order_by(CredentialRow.name))]


def get_credential(tx: Transaction, *, tenant_id: str, credential_id: str) -> Credential:
    """One credential of a tenant, for what refers to it; the caller has checked that it may.

    :raises CredentialNotFound: if the tenant has no such credential, or it was removed.
    """
    return credential_row(tx, tenant_id=tenant_id, credential_id=credential_id).value()


def find_credential(tx: Transaction, *, tenant_id: str, credential: str) -> Credential:
    """The credential of that id or name, for what refers to it; the caller has checked that it may.

    :raises CredentialNotFound: if the tenant has no such credential, or it was removed.
    """
    wanted = or_(CredentialRow.id == credential, CredentialRow.name == credential)
    chosen = select(CredentialRow).where(
        CredentialRow.tenant_id == tenant_id, CredentialRow.revoked_at.is_(None), wanted
    )
    row = tx.session.scalars(chosen.where(CredentialRow.revoked_at.is_(None))).first()
    if row is None:
        raise CredentialNotFound(credential=credential)
    return row.value()


def credential_row(tx: Transaction, *, tenant_id: str, credential_id: str, lock: bool = False) -> CredentialRow:
    """The row of a credential that was not removed; with `lock`, nobody else changes it until the commit.

    :raises CredentialNotFound: if the tenant has no such credential, or it was removed.
    """
    row = tx.session.get(CredentialRow, credential_id, with_for_update=lock or None)
    if row is None or row.tenant_id != tenant_id or row.revoked_at is not None:
        raise CredentialNotFound(credential=credential_id)
    return row
