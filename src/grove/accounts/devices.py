"""Letting a program in that cannot show a page: it shows a code, and its user approves that elsewhere (RFC 8628)."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, select

from grove import activity
from grove.accounts.errors import DeviceCodeUnknown, PrincipalNotFound, TooManyDevices
from grove.accounts.model import Asking, Opened, Scope, SessionLife, SignIn, Visit, WaitingDevice
from grove.accounts.sessions import CLIENT_CHARACTERS_MAX, open_session
from grove.accounts.tables import DeviceRow
from grove.kit.gate import Actor, Resource
from grove.kit.ids import digest, new_id, new_secret
from grove.kit.transactions import Transaction

DEVICE_PREFIX = "grove_device_"
WAIT_SECONDS = 600
INTERVAL_SECONDS = 5
"""How long a program waits before it asks again, and how much longer after it has asked too early."""
WAITING_MAX = 1_000
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no word comes about, and nothing that is taken for something else."""
LETTERS_COUNT = 8


class DeviceAnswer(StrEnum):
    """Why a program is not let in yet, or not at all; the words are the standard's."""

    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    REFUSED = "access_denied"
    EXPIRED = "expired_token"
    UNKNOWN = "invalid_grant"


def ask_for_device(tx: Transaction, *, visit: Visit, scopes: frozenset[Scope], now: datetime) -> Asking:
    """Give a program a code to show, and one to ask with; nobody has approved anything yet.

    :raises TooManyDevices: if too many wait already.
    """
    tx.session.execute(delete(DeviceRow).where(DeviceRow.expires_at < now - timedelta(seconds=WAIT_SECONDS)))
    if (tx.session.scalar(select(func.count()).select_from(DeviceRow)) or 0) >= WAITING_MAX:
        raise TooManyDevices(at_once_max=WAITING_MAX)
    secret = new_secret(DEVICE_PREFIX)
    code = "".join(secrets.choice(LETTERS) for _ in range(LETTERS_COUNT))
    row = DeviceRow(
        id=new_id(),
        secret_digest=digest(secret),
        code_digest=digest(code),
        address=visit.address,
        client=visit.client[:CLIENT_CHARACTERS_MAX],
        scopes=sorted(scopes),
        created_at=now,
        expires_at=now + timedelta(seconds=WAIT_SECONDS),
        interval_seconds=INTERVAL_SECONDS,
        asked_at=None,
        principal_id=None,
        is_refused=False,
    )
    tx.session.add(row)
    tx.session.flush()
    shown = f"{code[:4]}-{code[4:]}"
    return Asking(secret=secret, code=shown, seconds=WAIT_SECONDS, interval_seconds=INTERVAL_SECONDS)


def look_at_device(tx: Transaction, *, code: str, now: datetime) -> WaitingDevice:
    """What waits under a code that somebody reads off another screen.

    :raises DeviceCodeUnknown: if nothing does.
    """
    return _waiting(tx, code, now).value()


def decide_device(tx: Transaction, *, actor: Actor, code: str, approved: bool, now: datetime) -> WaitingDevice:
    """Let the program that shows a code in as oneself, or do not.

    :raises Denied: if `actor` may not, or lacks a scope that the program wants.
    :raises DeviceCodeUnknown: if nothing waits under that code.
    """
    row = _waiting(tx, code, now)
    attributes: dict[str, object] = {"owner": actor.id, "scopes": frozenset(row.scopes)}
    tx.require(actor, "device.decide", Resource(kind="session", tenant_id=actor.tenant_id, attributes=attributes))
    row.principal_id, row.is_refused = (actor.id, False) if approved else (None, True)
    activity.record(
        tx,
        actor=actor,
        action="device.approve" if approved else "device.refuse",
        target_kind="device",
        target_id=row.id,
        now=now,
        address=row.address,
        client=row.client,
    )
    return row.value()


def redeem_device(
    tx: Transaction, *, secret: str, visit: Visit, life: SessionLife, now: datetime
) -> Opened | DeviceAnswer:
    """Open the session that somebody has approved, once; or why there is none, which has to be committed too."""
    row = tx.session.scalar(select(DeviceRow).where(DeviceRow.secret_digest == digest(secret)).with_for_update())
    if row is None:
        return DeviceAnswer.UNKNOWN
    if (answer := _undecided(row, now)) is not None:
        return answer
    assert row.principal_id is not None
    principal_id, scopes = row.principal_id, frozenset(Scope(scope) for scope in row.scopes)
    tx.session.delete(row)
    try:
        return open_session(
            tx, principal_id=principal_id, method=SignIn.DEVICE, visit=visit, life=life, now=now, scopes=scopes
        )
    except PrincipalNotFound:
        return DeviceAnswer.REFUSED  # shut out since they have approved


def _undecided(row: DeviceRow, now: datetime) -> DeviceAnswer | None:
    """Why a program is not let in, if it is not; whoever asks too early waits longer from then on."""
    early = row.asked_at is not None and now < row.asked_at + timedelta(seconds=row.interval_seconds)
    row.asked_at = now
    if row.expires_at <= now:
        return DeviceAnswer.EXPIRED
    if row.is_refused:
        return DeviceAnswer.REFUSED
    if early:
        row.interval_seconds += INTERVAL_SECONDS
        return DeviceAnswer.SLOW_DOWN
    return DeviceAnswer.PENDING if row.principal_id is None else None


def _waiting(tx: Transaction, code: str, now: datetime) -> DeviceRow:
    letters = "".join(letter for letter in code.upper() if letter.isalpha())
    chosen = select(DeviceRow).where(DeviceRow.code_digest == digest(letters), DeviceRow.expires_at > now)
    row = tx.session.scalar(chosen.with_for_update())
    if row is None or row.principal_id is not None or row.is_refused:
        raise DeviceCodeUnknown
    return row
