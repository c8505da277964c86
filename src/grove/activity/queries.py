"""Reading the audit trail, and proving that it is whole."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import ColumnElement, func, or_, select

from grove.activity.model import NO_DIGEST, AuditEntry, AuditQuestion, TrailReport, digest_of
from grove.activity.tables import AuditChainRow, AuditRow
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction

ENTRIES_TOGETHER_MAX = 1_000
EVERYTHING = AuditQuestion()


def list_entries(
    tx: Transaction,
    *,
    actor: Actor,
    question: AuditQuestion = EVERYTHING,
    oldest_first: bool = False,
    beyond: int | None = None,
    limit: int = 100,
) -> list[AuditEntry]:
    """The tenant's entries that a question is about, newest first if not told otherwise; `beyond` goes on behind one.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "audit.list", Resource(kind="audit", tenant_id=actor.tenant_id))
    chosen = select(AuditRow).where(AuditRow.tenant_id == actor.tenant_id, *_conditions(question))
    if beyond is not None:
        chosen = chosen.where(AuditRow.sequence > beyond if oldest_first else AuditRow.sequence < beyond)
    order = AuditRow.sequence.asc() if oldest_first else AuditRow.sequence.desc()
    return [row.value() for row in tx.session.scalars(chosen.order_by(order).limit(limit))]


def count_acts(
    tx: Transaction, *, actions: Collection[str], known: Mapping[str, int]
) -> tuple[Counter[str], dict[str, int]]:
    """How often some things were done since the last entries that are `known`, by tenant; and which are the last now.

    Nothing is told of who did them: this is for measures of the whole server.
    """
    found: Counter[str] = Counter()
    last = {end.tenant_id: end.length for end in tx.session.scalars(select(AuditChainRow))}
    for tenant_id, length in last.items():
        if length > known.get(tenant_id, 0):
            new = (AuditRow.sequence > known.get(tenant_id, 0), AuditRow.sequence <= length)
            chosen = select(AuditRow.action, func.count()).where(AuditRow.tenant_id == tenant_id, *new)
            for action, count in tx.session.execute(
                chosen.where(AuditRow.action.in_(actions)).group_by(AuditRow.action)
            ):
                found[action] += count
    return found, last


def verify_trail(tx: Transaction, *, actor: Actor, known: tuple[int, str] | None = None) -> TrailReport:
    """Look at every entry of the tenant's chain; the first that is not as it was written is told.

    `known` are the number and the digest of an entry as somebody noted them elsewhere: who can write to the database
    could write a whole new chain, but not one that holds that digest.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "audit.verify", Resource(kind="audit", tenant_id=actor.tenant_id))
    count, previous = 0, NO_DIGEST
    for entry in _every_entry(tx, actor.tenant_id):
        reason = _fault(entry, sequence=count + 1, previous=previous, known=known)
        if reason:
            return TrailReport(entry_count=count, digest=previous, broken_at=count + 1, reason=reason)
        count, previous = entry.sequence, entry.digest
    end = tx.session.get(AuditChainRow, actor.tenant_id)
    is_ended = (end.length, end.digest) == (count, previous) if end is not None else count == 0
    if not is_ended or (known is not None and known[0] > count):
        reason = "the last entries are missing"
        return TrailReport(entry_count=count, digest=previous, broken_at=count + 1, reason=reason)
    return TrailReport(entry_count=count, digest=previous)


def _every_entry(tx: Transaction, tenant_id: str) -> Iterator[AuditEntry]:
    mine = select(AuditRow).where(AuditRow.tenant_id == tenant_id).order_by(AuditRow.sequence)
    last: int | None = None
    while True:
        chosen = mine if last is None else mine.where(AuditRow.sequence > last)
        rows = tx.session.scalars(chosen.limit(ENTRIES_TOGETHER_MAX)).all()
        if not rows:
            return
        yield from [row.value() for row in rows]
        last = rows[-1].sequence
        tx.session.expunge_all()  # a trail may be longer than memory


def _fault(entry: AuditEntry, *, sequence: int, previous: str, known: tuple[int, str] | None) -> str:
    if entry.sequence != sequence:
        return "an entry is missing"
    if entry.previous != previous:
        return "it does not follow the entry before"
    if entry.digest != digest_of(entry):
        return "it does not say what was written"
    if known is not None and known[0] == sequence and known[1] != entry.digest:
        return "its digest is not the one that was noted"
    return ""


def _conditions(question: AuditQuestion) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if question.actor is not None:
        conditions.append(or_(AuditRow.actor_id == question.actor, AuditRow.actor_name == question.actor))
    if question.action is not None:
        start = question.action.removesuffix("*")
        is_start = start != question.action
        conditions.append(AuditRow.action.startswith(start, autoescape=True) if is_start else AuditRow.action == start)
    if question.target_id is not None:
        conditions.append(AuditRow.target_id == question.target_id)
    if question.since is not None:
        conditions.append(AuditRow.at >= question.since)
    if question.until is not None:
        conditions.append(AuditRow.at < question.until)
    return conditions
