"""Receiving deliveries: each is written down once, and has its repositories synced if they are ours."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from grove import jobs, repositories
from grove.freshness.hook import Delivery, Hook, Outcome, Provider, Received
from grove.freshness.matter import Matter
from grove.freshness.model import address_key
from grove.freshness.notice import Notice, read_notice
from grove.freshness.syncing import SYNC_KIND, request_sync
from grove.freshness.tables import DeliveryRow, FreshnessRow
from grove.kit.gate import Source
from grove.kit.ids import new_id
from grove.kit.transactions import Transaction
from grove.repositories import Repository

KEPT_DAYS = 14
SAME_SECONDS = 60
"""For how long the same body is the same event, if nothing else has come."""


def receive(tx: Transaction, *, hook: Hook, received: Received, now: datetime) -> Delivery:
    """Take a signed delivery: write it down, and have what it is about brought up to date.

    The same delivery again, by its id, changes nothing, and neither does the same body while nothing else has come.

    :raises DeliveryMalformed: if it cannot be understood.
    """
    notice = read_notice(received, provider=hook.provider)
    known = _known(tx, hook, notice, received, now=now)
    if known is not None:
        return known
    outcome, reason = _act(tx, hook, notice, now=now)
    row = DeliveryRow(
        id=new_id(),
        tenant_id=hook.tenant_id,
        hook_id=hook.id,
        delivery=notice.delivery or new_id(),
        body_digest=received.digest,
        event=notice.event,
        outcome=outcome,
        reason=reason,
        received_at=now,
    )
    tx.session.add(row)
    return row.value()


def forget_old_deliveries(tx: Transaction, *, now: datetime) -> None:
    """Remove deliveries that nobody asks for any more."""
    tx.session.execute(delete(DeliveryRow).where(DeliveryRow.received_at < now - timedelta(days=KEPT_DAYS)))


def _same_delivery(tx: Transaction, hook: Hook, notice: Notice) -> DeliveryRow | None:
    if not notice.delivery:
        return None
    same = (DeliveryRow.hook_id == hook.id, DeliveryRow.delivery == notice.delivery)
    return tx.session.scalars(select(DeliveryRow).where(*same).limit(1)).first()


def _same_body(tx: Transaction, hook: Hook, received: Received, *, now: datetime) -> DeliveryRow | None:
    """The delivery that had this body a moment ago, if none of another has come since.

    A body may come back and be true again: GitLab's say no time, and a branch can go to and fro. A generic one may say
    nothing at all.
    """
    if hook.provider is Provider.GENERIC:
        return None
    recent = select(DeliveryRow).where(
        DeliveryRow.hook_id == hook.id, DeliveryRow.received_at >= now - timedelta(seconds=SAME_SECONDS)
    )
    same = recent.where(DeliveryRow.body_digest == received.digest).order_by(DeliveryRow.received_at.desc())
    row = tx.session.scalars(same.limit(1)).first()
    if row is None:
        return None
    later = recent.where(DeliveryRow.received_at > row.received_at)
    return None if tx.session.scalars(later.limit(1)).first() else row


def _known(tx: Transaction, hook: Hook, notice: Notice, received: Received, *, now: datetime) -> Delivery | None:
    row = _same_delivery(tx, hook, notice) or _same_body(tx, hook, received, now=now)
    if row is None:
        return None
    reason = f"the same was delivered at {row.received_at.isoformat(timespec='seconds')}"
    return Delivery(
        id=row.id,
        delivery=notice.delivery or row.delivery,
        event=notice.event,
        outcome=Outcome.DUPLICATE,
        reason=reason,
        received_at=row.received_at,
    )


def _act(tx: Transaction, hook: Hook, notice: Notice, *, now: datetime) -> tuple[Outcome, str]:
    if notice.is_calm:
        return Outcome.IGNORED, "nothing that is mirrored can have changed"
    placed = {address_key(f"https://{hook.host}/{path}") for path in notice.paths}
    covered = {address for address in notice.addresses | placed if hook.is_about(address)}
    if not covered:
        return Outcome.IGNORED, f"it is about no address that the hook covers ({hook.covers})"
    found = repositories.at_addresses(tx, tenant_id=hook.tenant_id, addresses=covered)
    if not found:
        return Outcome.IGNORED, "no repository is kept from that address"
    told = [_sync(tx, repository, matter=notice.matter, now=now) for repository in found]
    begun = [reason for outcome, reason in told if outcome is Outcome.SYNCING]
    return (Outcome.SYNCING, begun[0]) if begun else told[0]


def _sync(tx: Transaction, repository: Repository, *, matter: Matter, now: datetime) -> tuple[Outcome, str]:
    row = tx.session.get(FreshnessRow, repository.id)
    if row is None or not row.on_hook:
        return Outcome.IGNORED, f"{repository.name} does not heed hooks"
    if jobs.is_waiting(tx, target_id=repository.id, kind=SYNC_KIND):
        return Outcome.SYNCING, f"{matter} at {repository.name}, which is waiting to be synced already"
    refusal = request_sync(tx, repository, source=Source.WEBHOOK, now=now)
    return (Outcome.IGNORED, refusal) if refusal else (Outcome.SYNCING, f"{matter} at {repository.name}")
