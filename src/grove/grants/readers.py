"""By whose rules people see a repository, whose accounts at forges are whose, and what those may read there."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grove import accounts, activity, repositories
from grove.credentials import normal_host
from grove.forges import Openness
from grove.grants.errors import ForgeAccountInvalid, ForgeAccountNotFound, ForgeAccountTaken
from grove.grants.events import AccessCheckRequested
from grove.grants.model import ForgeAccount, Patience
from grove.grants.tables import AccessCheckRow, ForgeAccountRow, ForgeReaderRow
from grove.kit.gate import Actor, Resource
from grove.kit.ids import new_id
from grove.kit.transactions import Transaction
from grove.repositories import Permissions, Repository

LOGIN_CHARACTERS_MAX = 255
EVERYBODY = ""
"""Stands for all principals of the tenant."""
_REMEMBERED = "forge_reads"


def set_permissions(
    tx: Transaction, *, actor: Actor, repository_id: str, permissions: Permissions, now: datetime
) -> Repository:
    """Have people see a repository by Grove's policies alone, or of these only those whom its forge lets read it.

    Until the forge has told whom it lets, nobody sees it.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    repository = repositories.configure_permissions(
        tx, actor=actor, repository_id=repository_id, permissions=permissions, now=now
    )
    tx.session.execute(delete(ForgeReaderRow).where(ForgeReaderRow.repository_id == repository_id))
    tx.session.info.pop(_REMEMBERED, None)
    if permissions is Permissions.FORGE:
        tx.publish(
            AccessCheckRequested(tenant_id=repository.tenant_id, repository_id=repository.id, actor_id=actor.id, at=now)
        )
    return repository


def link_account(
    tx: Transaction, *, actor: Actor, principal: str, host: str, login: str, now: datetime
) -> ForgeAccount:
    """Say whose an account at a forge is; what it may read there is asked at once.

    :raises Denied: if `actor` may not.
    :raises PrincipalNotFound: if the tenant has no such user, agent or service.
    :raises ForgeAccountInvalid: if that can be no account.
    :raises ForgeAccountTaken: if it is somebody's already.
    """
    tx.require(actor, "user.link", Resource(kind="user", tenant_id=actor.tenant_id))
    if not login.isprintable() or login != login.strip() or not 0 < len(login) <= LOGIN_CHARACTERS_MAX or "/" in login:
        raise ForgeAccountInvalid(rule="a login is one word without a slash")
    row = ForgeAccountRow(
        id=new_id(),
        tenant_id=actor.tenant_id,
        principal_id=accounts.subject_of(tx, actor=actor, principal=principal).id,
        host=normal_host(host),
        login=login.lower(),
        created_by=actor.id,
        created_at=now,
    )
    try:
        with tx.session.begin_nested():
            tx.session.add(row)
    except IntegrityError:
        raise ForgeAccountTaken(host=row.host, login=row.login) from None
    _ask_soon(tx, tenant_id=actor.tenant_id, host=row.host, now=now)
    _record(tx, "user.link", row, actor=actor, now=now)
    return row.value()


def unlink_account(tx: Transaction, *, actor: Actor, account_id: str, now: datetime) -> ForgeAccount:
    """Forget whose an account is; what was seen only by it is seen no more.

    :raises Denied: if `actor` may not.
    :raises ForgeAccountNotFound: if the tenant has no such account.
    """
    tx.require(actor, "user.link", Resource(kind="user", tenant_id=actor.tenant_id))
    row = tx.session.get(ForgeAccountRow, account_id)
    if row is None or row.tenant_id != actor.tenant_id:
        raise ForgeAccountNotFound(account=account_id)
    of_host = select(AccessCheckRow.repository_id).where(
        AccessCheckRow.tenant_id == row.tenant_id, AccessCheckRow.host == row.host
    )
    theirs = delete(ForgeReaderRow).where(
        ForgeReaderRow.principal_id == row.principal_id, ForgeReaderRow.repository_id.in_(of_host)
    )
    tx.session.execute(theirs.execution_options(synchronize_session=False))
    account = row.value()
    tx.session.delete(row)
    _ask_soon(tx, tenant_id=row.tenant_id, host=row.host, now=now)  # they may have another account there
    _record(tx, "user.unlink", row, actor=actor, now=now)
    return account


def list_accounts(tx: Transaction, *, actor: Actor) -> list[ForgeAccount]:
    """The accounts at forges that are known, and whose they are.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "user.list", Resource(kind="user", tenant_id=actor.tenant_id))
    chosen = select(ForgeAccountRow).where(ForgeAccountRow.tenant_id == actor.tenant_id)
    return [row.value() for row in tx.session.scalars(chosen.order_by(ForgeAccountRow.host, ForgeAccountRow.login))]


def accounts_at(tx: Transaction, *, tenant_id: str, host: str) -> dict[str, str]:
    """Whose the accounts at a host are: principals by login."""
    chosen = select(ForgeAccountRow).where(ForgeAccountRow.tenant_id == tenant_id, ForgeAccountRow.host == host)
    return {row.login: row.principal_id for row in tx.session.scalars(chosen)}


def record_readers(
    tx: Transaction, *, repository: Repository, openness: Openness, logins: Collection[str], now: datetime
) -> None:
    """Take over whom a forge lets read a repository: everybody, or those with these accounts."""
    known = accounts_at(tx, tenant_id=repository.tenant_id, host=repository.host)
    readers = {EVERYBODY} if openness is Openness.PUBLIC else {known[login] for login in logins if login in known}
    tx.session.execute(delete(ForgeReaderRow).where(ForgeReaderRow.repository_id == repository.id))
    place = {"tenant_id": repository.tenant_id, "repository_id": repository.id}
    tx.session.add_all(ForgeReaderRow(**place, principal_id=reader) for reader in readers)
    repositories.record_readers_read(tx, tenant_id=repository.tenant_id, repository_id=repository.id, at=now)


def forget_old_readers(tx: Transaction, *, patience: Patience, now: datetime) -> None:
    """Show repositories to nobody whose forges have not told for too long whom they let read."""
    old = repositories.with_readers_before(tx, moment=now - patience.grace)
    tx.session.execute(
        delete(ForgeReaderRow).where(ForgeReaderRow.repository_id.in_(old)).execution_options(synchronize_session=False)
    )
    for repository_id, tenant_id in old.items():
        repositories.record_readers_read(tx, tenant_id=tenant_id, repository_id=repository_id, at=None)


def forge_reads(session: Session, actor: Actor) -> Mapping[str, bool]:
    """Of the repositories that people see by the forges' rules: whether the one who acts, or is acted for, may.

    Agents see what those see for whom they act; Grove itself sees all.
    """
    while actor.acts_for is not None:
        actor = actor.acts_for
    known: dict[tuple[str, str], Mapping[str, bool]] = session.info.setdefault(_REMEMBERED, {})
    key = (actor.tenant_id, actor.id)
    if key not in known:
        guarded = repositories.with_permissions_of_forges(session, tenant_id=actor.tenant_id)
        mine = guarded
        if guarded and not accounts.is_steward(session, principal_id=actor.id):
            me = or_(ForgeReaderRow.principal_id == actor.id, ForgeReaderRow.principal_id == EVERYBODY)
            mine = set(session.scalars(select(ForgeReaderRow.repository_id).where(me)))
        known[key] = {repository: repository in mine for repository in guarded}
    return known[key]


def _ask_soon(tx: Transaction, *, tenant_id: str, host: str, now: datetime) -> None:
    """Have the forge asked again about the repositories that are seen by its rules, in the pace of the schedule."""
    guarded = repositories.with_permissions_of_forges(tx.session, tenant_id=tenant_id)
    mine = update(AccessCheckRow).where(AccessCheckRow.repository_id.in_(guarded), AccessCheckRow.host == host)
    tx.session.execute(mine.values(next_check_at=now).execution_options(synchronize_session=False))


def _record(tx: Transaction, action: str, row: ForgeAccountRow, *, actor: Actor, now: datetime) -> None:
    activity.record(
        tx,
        actor=actor,
        action=action,
        target_kind="user",
        target_id=row.principal_id,
        now=now,
        host=row.host,
        login=row.login,
    )
