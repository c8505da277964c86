"""Putting a repository into another project of its tenant."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from grove import accounts, credentials
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.repositories.errors import CredentialShared, NotAllowedNow
from grove.repositories.events import RepositoryRegrouped
from grove.repositories.model import Approval, Lifecycle, Repository
from grove.repositories.rows import record_act, resource_of, seen_row
from grove.repositories.tables import RepositoryRow


def assign_project(tx: Transaction, *, actor: Actor, repository_id: str, project: str, now: datetime) -> Repository:
    """Put a repository into another project, given by its id or name; who may see it follows from the next question on.

    Both projects are asked: whether the one lets it be changed, and whether it might be asked for, and admitted, in the
    other. A credential that is for the old project alone comes along when nothing else uses it.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises ProjectNotFound: if there is no such project.
    :raises NotAllowedNow: if it is being removed.
    :raises CredentialShared: if its credential is for the old project, and other repositories use it too.
    :raises QuotaExceeded: if the project would have more than it may.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    before = row.value()
    tx.require(actor, "repository.configure", resource_of(before))
    target = accounts.find_project(tx, actor=actor, project=project)
    after = replace(before, project_id=target.id)
    wanted = ["repository.configure", "repository.connect"]
    wanted += ["repository.connect_local"] if after.local else []
    wanted += ["repository.admit"] if after.approval is Approval.APPROVED else []
    for action in wanted:
        tx.require(actor, action, resource_of(after))
    if after.lifecycle is Lifecycle.DELETED:
        wanted_state = Lifecycle.ACTIVE
        raise NotAllowedNow(repository=row.id, field="lifecycle", state=after.lifecycle, wanted=wanted_state)
    if target.id == before.project_id:
        return before
    _bring_credential(tx, actor=actor, row=row, project_id=target.id, now=now)
    row.project_id, row.updated_at = target.id, now
    tx.session.flush()
    facts = {"project": target.id, "project_before": before.project_id}
    record_act(tx, actor=actor, action="repository.configure", row=row, now=now, **facts)
    tx.publish(
        RepositoryRegrouped(
            tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, project_id=target.id, at=now
        )
    )
    return row.value()


def _bring_credential(tx: Transaction, *, actor: Actor, row: RepositoryRow, project_id: str, now: datetime) -> None:
    """Have the credential be for the new project too, if it was for the old one alone.

    :raises CredentialShared: if other repositories use it.
    """
    if row.credential_id is None:
        return
    kept = credentials.get_credential(tx, tenant_id=row.tenant_id, credential_id=row.credential_id)
    if kept.project_id in {None, project_id}:
        return
    others = select(RepositoryRow.id).where(
        RepositoryRow.tenant_id == row.tenant_id,
        RepositoryRow.credential_id == kept.id,
        RepositoryRow.id != row.id,
        RepositoryRow.lifecycle != Lifecycle.DELETED,
    )
    if tx.session.scalar(others.limit(1)) is not None:
        raise CredentialShared(repository=row.name, credential=kept.name)
    credentials.assign_credential(tx, actor=actor, credential_id=kept.id, project_id=project_id, now=now)
