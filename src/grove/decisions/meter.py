"""Counting what is allowed, beside the questions."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case
from sqlalchemy.dialects import postgresql, sqlite

from grove.decisions.tables import RESOURCE_CHARACTERS_MAX, DecisionRow
from grove.kit.gate import Consent
from grove.kit.tally import Counted, Key, Tally
from grove.kit.transactions import Database, Transaction

_KEYS: Final = ("tenant_id", "day", "principal_id", "source", "action", "kind", "resource_id", "digest")


class DecisionMeter:
    """Counts consents by day, and writes them down when it is told to. What is not written yet dies with a process."""

    def __init__(self) -> None:
        self._tally = Tally("decisions")

    def count(self, consents: Iterable[Consent], *, now: datetime) -> None:
        """Count each of them once."""
        day = now.date()
        self._tally.add((_key(consent, day) for consent in consents), now=now)

    def write(self, database: Database) -> int:
        """Write down what was counted; how many different ones. What cannot be written now is kept.

        :raises StorageBusy: if the database did not answer.
        """
        return self._tally.write(database, _write)


def _key(consent: Consent, day: date) -> Key:
    """What is counted together. A name that not every database keeps as it is could stop all others: it is left out."""
    actor, named = consent.actor, consent.resource_id
    return (
        actor.tenant_id,
        day,
        actor.id,
        actor.source.value,
        consent.action,
        consent.kind,
        named[:RESOURCE_CHARACTERS_MAX] if named.isprintable() else "",
        consent.policies,
        consent.version,
    )


def _write(tx: Transaction, counts: Mapping[Key, Counted]) -> None:
    dialect: Any = postgresql if tx.session.get_bind().dialect.name == "postgresql" else sqlite
    added = dialect.insert(DecisionRow)
    new = added.excluded
    changed = added.on_conflict_do_update(
        index_elements=list(_KEYS),
        set_={
            "count": DecisionRow.count + new.count,
            "first_at": _either(new.first_at < DecisionRow.first_at, new.first_at, DecisionRow.first_at),
            "last_at": _either(new.last_at > DecisionRow.last_at, new.last_at, DecisionRow.last_at),
        },
    )
    tx.session.execute(changed, [_row(key, counted) for key, counted in counts.items()])


def _either(condition: ColumnElement[bool], one: Any, other: Any) -> Any:
    return case((condition, one), else_=other)


def _row(key: Key, counted: Counted) -> dict[str, Any]:
    tenant_id, day, principal_id, source, action, kind, resource_id, policies, version = key
    told = json.dumps(policies)
    return {
        "tenant_id": tenant_id,
        "day": day,
        "principal_id": principal_id,
        "source": source,
        "action": action,
        "kind": kind,
        "resource_id": resource_id,
        "digest": hashlib.sha256(f"{version} {told}".encode()).hexdigest()[:32],
        "policies": told,
        "policy_version": version,
        "count": counted.count,
        "first_at": counted.first_at,
        "last_at": counted.last_at,
    }
