"""Whether a delivery is signed with the secret of its hook, and what it tells then."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select

from grove import credentials
from grove.credentials import CredentialUnreadable, Keyring
from grove.freshness.errors import DeliveryMalformed, DeliveryUnsigned
from grove.freshness.hook import Hook, Provider, Received, is_signed
from grove.freshness.notice import Notice, read_notice
from grove.freshness.tables import HookRow
from grove.kit.transactions import Transaction

HOOKS_TRIED_MAX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHook:
    """A hook with its secret, to compare signatures with."""

    hook: Hook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A delivery whose signature is good, and what it tells; `digest` is that of its body."""

    hook: Hook
    notice: Notice
    digest: str
    received_at: datetime


def open_hook(tx: Transaction, *, keyring: Keyring, provider: str, hook_id: str, now: datetime) -> OpenHook:
    """A hook and its secret. An unknown hook and a bad signature are not told apart.

    :raises DeliveryUnsigned: if that provider has no such hook.
    :raises CredentialUnreadable: if its secret was changed, or its master key is gone.
    """
    row = tx.session.get(HookRow, hook_id)
    if row is None or row.provider != provider:
        raise DeliveryUnsigned
    hook = row.value()
    secret = credentials.read_secret(
        tx, keyring=keyring, tenant_id=hook.tenant_id, credential_id=hook.credential_id, host=hook.host, now=now
    )
    return OpenHook(hook=hook, secret=secret.password)


def read_signed(opened: OpenHook, received: Received, *, now: datetime) -> Signed:
    """What a delivery tells, if it is signed with the secret of its hook.

    :raises DeliveryUnsigned: if it is not.
    :raises DeliveryMalformed: if it cannot be understood.
    """
    if not is_signed(received, provider=opened.hook.provider, secret=opened.secret):
        raise DeliveryUnsigned
    notice = read_notice(received, provider=opened.hook.provider)
    return Signed(hook=opened.hook, notice=notice, digest=received.digest, received_at=now)


def signing_hook(tx: Transaction, *, keyring: Keyring, provider: Provider, received: Received, now: datetime) -> Hook:
    """The hook with whose secret a delivery is signed that names none.

    Its body says in which order hooks are tried, and the signature alone which one it is. As many are tried whatever
    the body says, so that the time tells nobody what is covered here.

    :raises DeliveryUnsigned: if none of those that are tried has signed it.
    """
    try:
        addresses = read_notice(received, provider=provider).addresses
    except DeliveryMalformed:
        addresses = frozenset()
    hooks = [row.value() for row in tx.session.scalars(select(HookRow).where(HookRow.provider == provider))]
    hooks.sort(key=lambda hook: (not any(map(hook.is_about, addresses)), hook.created_at, hook.id))
    found = None
    for hook in hooks[:HOOKS_TRIED_MAX]:
        try:
            opened = open_hook(tx, keyring=keyring, provider=provider, hook_id=hook.id, now=now)
        except CredentialUnreadable:
            continue  # what is wrong with one hook is nothing to the others
        if is_signed(received, provider=provider, secret=opened.secret):
            found = found or hook
    if found is None:
        raise DeliveryUnsigned
    return found
