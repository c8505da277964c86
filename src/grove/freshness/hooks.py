"""Webhooks: made, listed and removed by people; their secrets are credentials."""

from datetime import datetime

from sqlalchemy import select

from grove import activity, credentials
from grove.credentials import CredentialDraft, Keyring
from grove.freshness.errors import HookInvalid, HookNotFound
from grove.freshness.hook import Delivery, Hook, NewHook, Provider
from grove.freshness.tables import DeliveryRow, HookRow
from grove.git import UrlRefused, parse_remote_url
from grove.kit.gate import Actor, Resource
from grove.kit.ids import new_id, new_secret
from grove.kit.transactions import Transaction, WrittenMeanwhile
from grove.repositories import address_key

SECRET_PREFIX = "whsec_"  # noqa: S105 - the part that secret scanners know it by
USERNAME = "webhook"
DELIVERIES_SHOWN_MAX = 200


def create_hook(
    tx: Transaction, *, actor: Actor, keyring: Keyring, provider: Provider, covers: str, now: datetime
) -> NewHook:
    """Make a webhook that speaks for an address and all below it: a repository, an organisation, or a whole host.

    :raises Denied: if `actor` may not.
    :raises HookInvalid: if `covers` is not an https:// address.
    :raises WrittenMeanwhile: if there is one of this provider for this address.
    """
    tx.require(actor, "hook.create", Resource(kind="hook", tenant_id=actor.tenant_id))
    key, host = _covered(covers)
    taken = select(HookRow.id).where(
        HookRow.tenant_id == actor.tenant_id, HookRow.provider == provider, HookRow.covers == key
    )
    if tx.session.scalar(taken) is not None:
        raise WrittenMeanwhile
    secret, identifier = new_secret(SECRET_PREFIX), new_id()
    draft = CredentialDraft(name=f"webhook {identifier}", host=host, username=USERNAME, password=secret)
    credential = credentials.add_credential(tx, actor=actor, keyring=keyring, draft=draft, now=now)
    row = HookRow(
        id=identifier,
        tenant_id=actor.tenant_id,
        provider=provider,
        covers=key,
        host=host,
        credential_id=credential.id,
        created_by=actor.id,
        created_at=now,
    )
    tx.session.add(row)
    _record(tx, "hook.create", row, actor=actor, now=now)
    return NewHook(hook=row.value(), secret=secret)


def remove_hook(tx: Transaction, *, actor: Actor, hook_id: str, now: datetime) -> Hook:
    """Forget a webhook, its secret and its deliveries.

    :raises Denied: if `actor` may not.
    :raises HookNotFound: if the tenant has no such hook.
    """
    row = _row(tx, tenant_id=actor.tenant_id, hook_id=hook_id)
    tx.require(actor, "hook.remove", Resource(kind="hook", id=row.id, tenant_id=row.tenant_id))
    credentials.remove_credential(tx, actor=actor, credential_id=row.credential_id, now=now)
    tx.session.delete(row)
    _record(tx, "hook.remove", row, actor=actor, now=now)
    return row.value()


def list_hooks(tx: Transaction, *, actor: Actor) -> list[Hook]:
    """The tenant's webhooks, by what they cover.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "hook.list", Resource(kind="hook", tenant_id=actor.tenant_id))
    chosen = select(HookRow).where(HookRow.tenant_id == actor.tenant_id)
    return [row.value() for row in tx.session.scalars(chosen.order_by(HookRow.covers, HookRow.provider))]


def list_deliveries(tx: Transaction, *, actor: Actor, hook_id: str, limit: int) -> list[Delivery]:
    """What a webhook has brought and what came of it, newest first.

    :raises Denied: if `actor` may not.
    :raises HookNotFound: if the tenant has no such hook.
    """
    row = _row(tx, tenant_id=actor.tenant_id, hook_id=hook_id)
    tx.require(actor, "hook.list", Resource(kind="hook", id=row.id, tenant_id=row.tenant_id))
    chosen = select(DeliveryRow).where(DeliveryRow.hook_id == row.id)
    newest_first = chosen.order_by(DeliveryRow.received_at.desc(), DeliveryRow.id.desc())
    return [delivery.value() for delivery in tx.session.scalars(newest_first.limit(min(limit, DELIVERIES_SHOWN_MAX)))]


def _covered(address: str) -> tuple[str, str]:
    """The key of what is covered, and its host."""
    key = address_key(address)
    try:
        # A host alone is no address of a repository, but may be covered.
        url = parse_remote_url(key if key.count("/") > len("//") else f"{key}/any")
    except UrlRefused as refused:
        raise HookInvalid(covers=address, reason=refused.message) from refused
    if url.is_ssh:
        raise HookInvalid(covers=address, reason="forges name their repositories by https:// addresses")
    return key, url.authority


def _row(tx: Transaction, *, tenant_id: str, hook_id: str) -> HookRow:
    row = tx.session.get(HookRow, hook_id)
    if row is None or row.tenant_id != tenant_id:
        raise HookNotFound(hook=hook_id)
    return row


def _record(tx: Transaction, action: str, row: HookRow, *, actor: Actor, now: datetime) -> None:
    activity.record(
        tx,
        actor=actor,
        action=action,
        target_kind="hook",
        target_id=row.id,
        now=now,
        provider=row.provider,
        covers=row.covers,
    )
