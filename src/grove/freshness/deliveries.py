"""Receiving deliveries: each is written down once, and has its repositories synced if they are ours."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import delete, insert, select

from grove import grants, jobs, repositories
from grove.freshness.hook import Delivery, Outcome, Provider
from grove.freshness.matter import Matter
from grove.freshness.signed import Signed
from grove.freshness.syncing import SYNC_KIND, request_sync
from grove.freshness.tables import DeliveryRow, FreshnessRow
from grove.kit.gate import Source
from grove.kit.ids import new_id
from grove.kit.transactions import Transaction
from grove.repositories import Repository, address_key

KEPT_DAYS = 14
ASKED_MATTERS: Final = frozenset(
    {
        Matter.RENAMED,
        Matter.ARCHIVED,
        Matter.RESTORED,
        Matter.DELETED,
        Matter.MADE_PRIVATE,
        Matter.MADE_PUBLIC,
    }
)
"""After these the forge is asked what is true now."""
SAME_SECONDS = 60
"""For how long the same body is the same event, if nothing else has come."""
DELIVERY_FIELDS: Final = tuple(field.name for field in fields(Delivery))


def receive(tx: Transaction, *, signed: Sequence[Signed], now: datetime) -> list[Delivery]:
    """Take signed deliveries of one tenant in the order in which they came: write them down, and have what they are
    about brought up to date. What came of each is answered in the same order.

    The same delivery again, by its id, changes nothing, and neither does the same body while nothing else has come.
    """
    outcomes = _Outcomes(tx, signed, now=now)
    seen = {hook_id: _Seen(tx, hook_id, of, now=now) for hook_id, of in _by_hook(signed).items()}
    told: list[Delivery] = []
    rows: list[dict[str, Any]] = []
    for each in signed:
        known = seen[each.hook.id].find(each)
        if known is None:
            delivery = _new(each, *outcomes.of(each))
            rows.append(
                {"tenant_id": each.hook.tenant_id, "hook_id": each.hook.id, "body_digest": each.digest}
                | {name: getattr(delivery, name) for name in DELIVERY_FIELDS}
            )
            seen[each.hook.id].note(each, delivery)
            told.append(delivery)
        else:
            told.append(known)
    if rows:
        tx.session.execute(insert(DeliveryRow), rows)
    return told


def forget_old_deliveries(tx: Transaction, *, now: datetime) -> None:
    """Remove deliveries that nobody asks for any more."""
    tx.session.execute(delete(DeliveryRow).where(DeliveryRow.received_at < now - timedelta(days=KEPT_DAYS)))


class _Seen:
    """What a hook has brought already, as far as the deliveries in hand may be the same again."""

    def __init__(self, tx: Transaction, hook_id: str, signed: Sequence[Signed], *, now: datetime) -> None:
        names = [each.notice.delivery for each in signed if each.notice.delivery]
        same = select(DeliveryRow).where(DeliveryRow.hook_id == hook_id, DeliveryRow.delivery.in_(names))
        self._by_name = {row.delivery: row.value() for row in tx.session.scalars(same)} if names else {}
        self._newest: tuple[str, Delivery] | None = None
        since = now - timedelta(seconds=SAME_SECONDS)
        recent = select(DeliveryRow).where(DeliveryRow.hook_id == hook_id, DeliveryRow.received_at >= since)
        newest_first = recent.order_by(DeliveryRow.received_at.desc(), DeliveryRow.id.desc())
        if row := tx.session.scalars(newest_first.limit(1)).first():
            self._newest = row.body_digest, row.value()

    def find(self, signed: Signed) -> Delivery | None:
        """The same delivery, by its id, or by its body while nothing else has come.

        A body may come back and be true again: GitLab's say no time, and a branch can go to and fro. A generic one may
        say nothing at all.
        """
        known = self._by_name.get(signed.notice.delivery)
        if known is None and self._newest is not None and signed.hook.provider is not Provider.GENERIC:
            digest, newest = self._newest
            known = newest if digest == signed.digest else None
        if known is None:
            return None
        return replace(
            known,
            delivery=signed.notice.delivery or known.delivery,
            event=signed.notice.event,
            outcome=Outcome.DUPLICATE,
            reason=f"the same was delivered at {known.received_at.isoformat(timespec='seconds')}",
        )

    def note(self, signed: Signed, delivery: Delivery) -> None:
        """Remember one that is new."""
        self._by_name[delivery.delivery] = delivery
        self._newest = signed.digest, delivery


class _Outcomes:
    """What is done about deliveries in one transaction; what was asked or begun for one holds for the others.

    The database is asked once for all of them: a storm is mostly about the same few repositories.
    """

    def __init__(self, tx: Transaction, signed: Sequence[Signed], *, now: datetime) -> None:
        self._tx = tx
        self._now = now
        covered = frozenset[str]().union(*map(_covered, signed))
        tenant_id = signed[0].hook.tenant_id
        self._kept = repositories.at_addresses(tx, tenant_id=tenant_id, addresses=covered) if covered else {}
        ids = {repository.id for of in self._kept.values() for repository in of}
        heeding = select(FreshnessRow.repository_id).where(FreshnessRow.repository_id.in_(ids), FreshnessRow.on_hook)
        self._heeding = set(tx.session.scalars(heeding)) if ids else set()
        waiting = jobs.waiting_targets(tx, target_ids=self._heeding, kind=SYNC_KIND) if self._heeding else set()
        self._states = {repository_id: _State(is_waiting=True) for repository_id in waiting}

    def of(self, signed: Signed) -> tuple[Outcome, str]:
        """What comes of a delivery that is new, and why."""
        if signed.notice.is_calm:
            return Outcome.IGNORED, "nothing that is mirrored can have changed"
        covered = _covered(signed)
        if not covered:
            return Outcome.IGNORED, f"it is about no address that the hook covers ({signed.hook.covers})"
        found = {each.id: each for address in covered for each in self._kept.get(address, ())}
        if not found:
            return Outcome.IGNORED, "no repository is kept from that address"
        about = sorted(found.values(), key=attrgetter("name"))
        if signed.notice.matter in ASKED_MATTERS:
            for each in about:
                grants.check_again(self._tx, repository_id=each.id, tenant_id=each.tenant_id, now=self._now)
        told = [self._sync(repository, matter=signed.notice.matter) for repository in about]
        begun = [reason for outcome, reason in told if outcome is Outcome.SYNCING]
        return (Outcome.SYNCING, begun[0]) if begun else told[0]

    def _sync(self, repository: Repository, *, matter: Matter) -> tuple[Outcome, str]:
        state = self._states.get(repository.id) or self._requested(repository)
        if state.refusal:
            self._states[repository.id] = state
            return Outcome.IGNORED, state.refusal
        self._states[repository.id] = _State(is_waiting=True)
        waiting = ", which is waiting to be synced already" if state.is_waiting else ""
        return Outcome.SYNCING, f"{matter} at {repository.name}{waiting}"

    def _requested(self, repository: Repository) -> "_State":
        """Have a repository synced of which no sync waits, unless it may not be."""
        if repository.id not in self._heeding:
            return _State(refusal=f"{repository.name} does not heed hooks")
        return _State(refusal=request_sync(self._tx, repository, source=Source.WEBHOOK, now=self._now))


def _covered(signed: Signed) -> frozenset[str]:
    """Of what a delivery is about, as far as its hook speaks for it."""
    hook, notice = signed.hook, signed.notice
    placed = {address_key(f"https://{hook.host}/{path}") for path in notice.paths}
    return frozenset(address for address in notice.addresses | placed if hook.is_about(address))


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """How it is with the sync of a repository: it waits, or why it may not be; else it was just requested."""

    is_waiting: bool = False
    refusal: str = ""


def _by_hook(signed: Sequence[Signed]) -> dict[str, list[Signed]]:
    found: dict[str, list[Signed]] = {}
    for each in signed:
        found.setdefault(each.hook.id, []).append(each)
    return found


def _new(signed: Signed, outcome: Outcome, reason: str) -> Delivery:
    identifier = new_id()
    return Delivery(
        id=identifier,
        delivery=signed.notice.delivery or identifier,
        event=signed.notice.event,
        outcome=outcome,
        reason=reason,
        received_at=signed.received_at,
    )
