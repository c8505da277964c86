"""Writing the audit trail. An entry commits with the change that it tells of, or neither does."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy.exc import DBAPIError, OperationalError

from grove.activity.errors import AuditUnwritable
from grove.activity.model import NO_DIGEST, AuditEntry, digest_of
from grove.activity.tables import TARGET_CHARACTERS_MAX, AuditChainRow, AuditRow
from grove.kit.gate import Actor, Refusal
from grove.kit.transactions import Transaction

_WAITING = "audit_entries"
_TRYING = "audit_tries"


class _Undone(Exception):
    """It could be written, and is taken back."""


def record(
    tx: Transaction, *, actor: Actor, action: str, target_kind: str, target_id: str, now: datetime, **facts: object
) -> None:
    """Add an entry; `facts` hold identifiers and states, never a secret. The policies that allowed it are added.

    It is chained when the transaction ends, which then fails with `AuditUnwritable` if that cannot be done: a lock that
    all writers of a tenant want is taken last and held shortly, so that they neither wait for each other nor deadlock.
    """
    told = json.loads(json.dumps({**facts, **_decided(tx, actor)}))  # as it will be read
    entry = _entry(actor, action=action, target_kind=target_kind, target_id=target_id, facts=told, now=now)
    tx.session.info.setdefault(_WAITING, []).append(entry)
    tx.at_end(_chain_waiting)


def require_writable(tx: Transaction, *, actor: Actor, now: datetime) -> None:
    """Have the transaction fail at its end with `AuditUnwritable`, unless an entry could be written then: none is."""
    tx.session.info.setdefault(_TRYING, {})[actor.tenant_id] = (actor, now)
    tx.at_end(_try_waiting)


def record_refusal(tx: Transaction, *, refusal: Refusal, now: datetime) -> None:
    """Tell of what somebody wanted to do and may not, and which policies said so.

    What they wanted to do it to may be named by them, by more characters than an id has.
    """
    called = refusal.resource.id or ""
    is_id = len(called) <= TARGET_CHARACTERS_MAX
    record(
        tx,
        actor=refusal.actor,
        action="permission.refuse",
        target_kind=refusal.resource.kind,
        target_id=called if is_id else "",
        now=now,
        permission=refusal.action,
        reason=refusal.decision.reason,
        policies=list(refusal.decision.policies),
        policy_version=refusal.decision.version,
        **({} if is_id else {"called": called}),
    )


def _decided(tx: Transaction, actor: Actor) -> dict[str, object]:
    """By which policies, of which version of the tenant's set, the actor was allowed to act."""
    decisions = tx.decisions(actor)
    policies = dict.fromkeys(policy for decision in decisions for policy in decision.policies)
    return {"policies": list(policies), "policy_version": decisions[-1].version} if decisions else {}


def _entry(
    actor: Actor, *, action: str, target_kind: str, target_id: str, facts: dict[str, Any], now: datetime
) -> AuditEntry:
    return AuditEntry(
        tenant_id=actor.tenant_id,
        sequence=0,
        actor_id=actor.id,
        actor_name=actor.name,
        source=actor.source,
        action=action,
        target_kind=target_kind,
        target_id=target_id,
        facts=facts,
        at=now,
        previous="",
        digest="",
    )


def _try_waiting(tx: Transaction) -> None:
    trying: dict[str, tuple[Actor, datetime]] = tx.session.info.pop(_TRYING)
    tx.session.flush()
    for tenant_id, (actor, now) in sorted(trying.items()):
        entry = _entry(actor, action="audit.try", target_kind="audit", target_id=tenant_id, facts={}, now=now)
        with suppress(_Undone), tx.session.begin_nested():
            _chain_all(tx, [entry])
            raise _Undone


def _chain_waiting(tx: Transaction) -> None:
    waiting: list[AuditEntry] = tx.session.info.pop(_WAITING)
    tx.session.flush()  # what fails here is not the trail's fault
    _chain_all(tx, waiting)


def _chain_all(tx: Transaction, waiting: list[AuditEntry]) -> None:
    tenant = attrgetter("tenant_id")
    try:
        # In the order of tenants, so that two transactions about the same two cannot wait for each other.
        for tenant_id, entries in groupby(sorted(waiting, key=tenant), key=tenant):
            with tx.within(tenant_id):
                _chain(tx, tenant_id, list(entries))
        tx.session.flush()
    except OperationalError:
        raise
    except DBAPIError as error:
        raise AuditUnwritable(cause=type(error.orig).__name__) from error


def _chain(tx: Transaction, tenant_id: str, entries: list[AuditEntry]) -> None:
    end = tx.session.get(AuditChainRow, tenant_id, with_for_update=True, populate_existing=True)
    if end is None:
        end = AuditChainRow(tenant_id=tenant_id, length=0, digest=NO_DIGEST)
        tx.session.add(end)
    for entry in entries:
        placed = replace(entry, sequence=end.length + 1, previous=end.digest)
        end.length, end.digest = placed.sequence, digest_of(placed)
        tx.session.add(_row(replace(placed, digest=end.digest)))


def _row(entry: AuditEntry) -> AuditRow:
    return AuditRow(**{name: getattr(entry, name) for name in AuditEntry.__dataclass_fields__})
