"""Users who sign in at an OpenID provider: each time they are made, given a role, or shut out, as their groups say."""

import unicodedata
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, update

from grove import activity
from grove.accounts.errors import NameTaken
from grove.accounts.model import Admission, Opened, PrincipalKind, Role, SessionLife, SignIn, Visit, Vouched
from grove.accounts.operations import checked_name, is_last_administrator, open_sessions_of
from grove.accounts.sessions import open_session
from grove.accounts.stewards import steward
from grove.accounts.tables import ApiTokenRow, IdentityRow, PasswordRow, PrincipalRow, SessionRow, TenantRow
from grove.kit.gate import Actor
from grove.kit.ids import digest, new_id
from grove.kit.names import CHARACTERS_MAX, NameInvalid, is_plain
from grove.kit.transactions import Transaction

_ROLES = list(Role)


def sign_in_vouched(
    tx: Transaction, *, vouched: Vouched, admission: Admission, visit: Visit, life: SessionLife, now: datetime
) -> Opened | None:
    """Open a session for somebody whom a provider vouches for, with the role that their groups give them now.

    None when they are not let in; what they still had then is taken from them, and has to be committed.
    """
    roles = _roles(tx, vouched, admission)
    if admission.gives_roles:
        _shut_out_elsewhere(tx, vouched, tenants=roles, visit=visit, now=now)
    tenant_id = next(iter(roles), None) or (None if admission.gives_roles else _first_tenant(tx))
    if tenant_id is None:
        return None
    with tx.within(tenant_id):
        by = steward(tx, tenant_id=tenant_id, source=visit.source, now=now)
        row = _known(tx, vouched, tenant_id)
        if row is None:
            row = _invited(tx, vouched, by, now) or _signed_up(tx, vouched, by, roles, admission, now)
        if row is None or not _is_let_in(tx, row, by, now):
            return None
        _settle_role(tx, row, by, roles.get(tenant_id), now)
        row.vouched_until = now + timedelta(days=admission.trust_days) if admission.trust_days else None
        tx.session.flush()
        return open_session(tx, principal_id=row.id, method=SignIn.OIDC, visit=visit, life=life, now=now)


def _roles(tx: Transaction, vouched: Vouched, admission: Admission) -> dict[str, Role]:
    """The highest role that the groups give in each tenant; the tenant of the group that stands first comes first."""
    found: dict[str, Role] = {}
    for each in admission.roles:
        tenant_id = _tenant(tx, each.tenant) if each.group in vouched.groups else None
        if tenant_id is not None:
            found[tenant_id] = max(each.role, found.get(tenant_id, each.role), key=_ROLES.index)
    first = _first_tenant(tx)
    if admission.default_role is not None and first is not None:
        found[first] = max(admission.default_role, found.get(first, Role.VIEWER), key=_ROLES.index)
    return found


def _first_tenant(tx: Transaction) -> str | None:
    return tx.session.scalar(select(TenantRow.id).order_by(TenantRow.created_at, TenantRow.id).limit(1))


def _tenant(tx: Transaction, name: str | None) -> str | None:
    """The tenant of that name; none if there are several, for nobody could say which is meant."""
    if name is None:
        return _first_tenant(tx)
    found = tx.session.scalars(select(TenantRow.id).where(TenantRow.name == name).limit(2)).all()
    return found[0] if len(found) == 1 else None


def _known(tx: Transaction, vouched: Vouched, tenant_id: str) -> PrincipalRow | None:
    """The user that has come before, locked, so that two sign-ins at once settle one after the other."""
    chosen = (
        select(PrincipalRow)
        .join(IdentityRow, IdentityRow.principal_id == PrincipalRow.id)
        .where(
            IdentityRow.issuer == vouched.issuer,
            IdentityRow.subject == vouched.subject,
            IdentityRow.tenant_id == tenant_id,
        )
    )
    return tx.session.scalar(chosen.with_for_update(of=PrincipalRow))


def _invited(tx: Transaction, vouched: Vouched, by: Actor, now: datetime) -> PrincipalRow | None:
    """The user that an administrator has made with this address, and that nobody has been yet.

    One that somebody has been is nobody else's, whatever address a provider vouches for.
    """
    if vouched.email is None:
        return None
    used = [exists().where(table.principal_id == PrincipalRow.id) for table in (PasswordRow, ApiTokenRow, SessionRow)]
    chosen = select(PrincipalRow).where(
        PrincipalRow.tenant_id == by.tenant_id,
        PrincipalRow.kind == PrincipalKind.USER,
        PrincipalRow.active,
        func.lower(PrincipalRow.email) == vouched.email.lower(),
        ~exists().where(IdentityRow.principal_id == PrincipalRow.id),
        *(~each for each in used),
    )
    rows = tx.session.scalars(chosen.limit(2)).all()
    if len(rows) != 1:
        return None
    _keep_identity(tx, rows[0], vouched, by, "identity.link", now)
    return rows[0]


def _signed_up(  # noqa: PLR0917 - what the sign-in knows, in its order
    tx: Transaction, vouched: Vouched, by: Actor, roles: dict[str, Role], admission: Admission, now: datetime
) -> PrincipalRow | None:
    role = roles.get(by.tenant_id)
    if role is None or not admission.may_sign_up:
        return None
    row = PrincipalRow(
        id=new_id(),
        tenant_id=by.tenant_id,
        kind=PrincipalKind.USER,
        name=_free_name(tx, vouched, by.tenant_id),
        email=vouched.email,
        role=role,
        active=True,
        acts_for=None,
        created_at=now,
    )
    tx.session.add(row)
    tx.session.flush()
    _keep_identity(tx, row, vouched, by, "identity.create", now)
    return row


def _free_name(tx: Transaction, vouched: Vouched, tenant_id: str) -> str:
    """The name that the provider gives, with something of the subject's where another has it, or it is none."""
    name = unicodedata.normalize("NFKC", vouched.name).strip()
    with suppress(NameInvalid, NameTaken):
        return checked_name(tx, tenant_id=tenant_id, name=name, among=PrincipalRow)
    mark = digest(f"{vouched.issuer} {vouched.subject}")[:12]
    kept = name[: CHARACTERS_MAX - 15].rstrip()
    return f"{kept if is_plain(kept) else 'user'} ({mark})"


def _keep_identity(  # noqa: PLR0917 - the parts of an entry, in its order
    tx: Transaction, row: PrincipalRow, vouched: Vouched, by: Actor, action: str, now: datetime
) -> None:
    identity = IdentityRow(
        principal_id=row.id,
        tenant_id=row.tenant_id,
        issuer=vouched.issuer,
        subject=vouched.subject,
        is_shut_out=False,
        created_at=now,
    )
    tx.session.add(identity)
    _record(tx, row, by, action, now, issuer=vouched.issuer, role=row.role)


def _is_let_in(tx: Transaction, row: PrincipalRow, by: Actor, now: datetime) -> bool:
    """Whether the user may come in: whom the groups had shut out they let in again, and nobody else."""
    identity = tx.session.get(IdentityRow, row.id)
    if not row.active and identity is not None and identity.is_shut_out:
        row.active, identity.is_shut_out = True, False
        _record(tx, row, by, "identity.admit", now)
    return row.active


def _settle_role(  # noqa: PLR0917 - the parts of an entry, in its order
    tx: Transaction, row: PrincipalRow, by: Actor, role: Role | None, now: datetime
) -> None:
    if role is not None and row.role != role:
        if is_last_administrator(tx, row):
            _record(tx, row, by, "identity.keep_role", now, role=row.role, given=role)
            return
        was, row.role = row.role, role
        _record(tx, row, by, "identity.set_role", now, was=was, role=role)


def _shut_out_elsewhere(
    tx: Transaction, vouched: Vouched, *, tenants: dict[str, Role], visit: Visit, now: datetime
) -> None:
    """Take from somebody what their groups do not give any more."""
    chosen = select(IdentityRow).where(IdentityRow.issuer == vouched.issuer, IdentityRow.subject == vouched.subject)
    for identity in tx.session.scalars(chosen).all():
        if identity.tenant_id not in tenants:
            with tx.within(identity.tenant_id):
                _shut_out(tx, identity, visit, now)


def _shut_out(tx: Transaction, identity: IdentityRow, visit: Visit, now: datetime) -> None:
    row = tx.session.get_one(PrincipalRow, identity.principal_id, with_for_update=True)
    if not row.active:
        return
    tx.session.execute(update(SessionRow).where(open_sessions_of(row.id)).values(ended_at=now))
    by = steward(tx, tenant_id=row.tenant_id, source=visit.source, now=now)
    if is_last_administrator(tx, row):  # who gets in by a token or a password still can appoint another
        _record(tx, row, by, "identity.keep_role", now, role=row.role, given="")
        return
    row.active, identity.is_shut_out = False, True
    _record(tx, row, by, "identity.shut_out", now)


def _record(  # noqa: PLR0917 - the parts of an entry, in its order
    tx: Transaction, row: PrincipalRow, by: Actor, action: str, now: datetime, **facts: object
) -> None:
    activity.record(tx, actor=by, action=action, target_kind="user", target_id=row.id, now=now, name=row.name, **facts)
