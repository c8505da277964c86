"""Contexts: named sets of repositories, each at some revisions, that `context:NAME` narrows a search to."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from grove import activity
from grove.kit.gate import Actor, Resource
from grove.kit.ids import new_id
from grove.kit.names import is_portable
from grove.kit.transactions import Transaction
from grove.search.errors import ContextInvalid, ContextNotFound
from grove.search.parsing import nearest
from grove.search.planning import plan_of
from grove.search.question import Condition, InRepository, Method, Mode, Plan, Question
from grove.search.tables import ContextRow
from grove.search.tree import signed_leaves

EVERYTHING: Final = "global"
"""The context that is always there, and narrows nothing."""
ENTRIES_MAX: Final = 100
DESCRIPTION_CHARACTERS_MAX: Final = 500
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A named set of repositories: each of the `entries` is a query of `repo:` and `rev:`, and adds to the set."""

    name: str
    entries: tuple[str, ...]
    description: str
    changed_by: str
    changed_at: datetime


def set_context(
    tx: Transaction, *, actor: Actor, name: str, entries: Sequence[str], description: str = "", now: datetime
) -> Context:
    """Give a name to a set of repositories; what had the name before is replaced.

    :raises Denied: if `actor` may not.
    :raises ContextInvalid: if that is no name, or there are no entries or too many.
    :raises QueryInvalid: if an entry cannot be understood, or is about more than repositories and revisions.
    """
    tx.require(actor, "context.set", _resource(actor, name))
    _require_valid(name, entries, description)
    for entry in entries:
        _plan_of_entry(entry)
    row = _row(tx, actor=actor, name=name)
    if row is None:
        row = ContextRow(id=new_id(), tenant_id=actor.tenant_id, name=name)
        tx.session.add(row)
    row.entries, row.description = list(entries), description
    row.changed_by, row.changed_at = actor.id, now
    _record(tx, "context.set", row, actor=actor, now=now)
    return _value(row)


def remove_context(tx: Transaction, *, actor: Actor, name: str, now: datetime) -> Context:
    """Forget a context; its repositories stay.

    :raises Denied: if `actor` may not.
    :raises ContextNotFound: if the tenant has none of that name.
    """
    tx.require(actor, "context.remove", _resource(actor, name))
    row = _required_row(tx, actor=actor, name=name)
    tx.session.delete(row)
    _record(tx, "context.remove", row, actor=actor, now=now)
    return _value(row)


def get_context(tx: Transaction, *, actor: Actor, name: str) -> Context:
    """A context.

    :raises Denied: if `actor` may not see it.
    :raises ContextNotFound: if the tenant has none of that name; the nearest is in the facts.
    """
    tx.require(actor, "context.list", _resource(actor, name))
    return _value(_required_row(tx, actor=actor, name=name))


def list_contexts(tx: Transaction, *, actor: Actor) -> list[Context]:
    """The contexts of the tenant, by name.

    :raises Denied: if `actor` may not see them.
    """
    tx.require(actor, "context.list", _resource(actor, None))
    rows = select(ContextRow).where(ContextRow.tenant_id == actor.tenant_id).order_by(ContextRow.name)
    return [_value(row) for row in tx.session.scalars(rows)]


def plans_within(tx: Transaction, *, actor: Actor, names: Collection[str]) -> tuple[Plan, ...] | None:
    """What a search within some contexts may look at: any of the plans must admit a repository. `None` is everything.

    :raises Denied: if `actor` may not see them.
    :raises ContextNotFound: if the tenant has none of a name; the nearest is in the facts.
    """
    if not names or EVERYTHING in names:
        return None
    contexts = [get_context(tx, actor=actor, name=name) for name in names]
    return tuple(_plan_of_entry(entry) for context in contexts for entry in context.entries)


def _require_valid(name: str, entries: Sequence[str], description: str) -> None:
    if not _NAME.fullmatch(name) or name == EVERYTHING or not is_portable(name):
        reason = (
            f"a name has letters, digits, . _ - but no dot last, and is neither {EVERYTHING} nor a device of Windows"
        )
        raise ContextInvalid(name=name, reason=reason)
    if not 0 < len(entries) <= ENTRIES_MAX:
        raise ContextInvalid(name=name, reason=f"it has 1 to {ENTRIES_MAX} entries")
    if len(description) > DESCRIPTION_CHARACTERS_MAX:
        raise ContextInvalid(name=name, reason=f"a description has up to {DESCRIPTION_CHARACTERS_MAX} characters")


def _plan_of_entry(entry: str) -> Plan:
    plan = plan_of(Question(text=entry, mode=Mode.TEXT))
    plain = Plan(
        method=Method.EXACT,
        condition=plan.condition,
        revisions=plan.revisions,
        own_revisions=plan.own_revisions,
        archived=plan.archived,
        fork=plan.fork,
        notes=plan.notes,
    )
    if plan != plain or not _is_about_repositories(plan.condition):
        raise ContextInvalid(entry=entry, reason="an entry has repo:, and rev:, archived: and fork: at most")
    return plan


def _is_about_repositories(condition: Condition) -> bool:
    leaves = [leaf for leaf, _ in signed_leaves(condition)]
    return bool(leaves) and all(isinstance(leaf, InRepository) for leaf in leaves)


def _required_row(tx: Transaction, *, actor: Actor, name: str) -> ContextRow:
    row = _row(tx, actor=actor, name=name)
    if row is None:
        known = [
            *tx.session.scalars(select(ContextRow.name).where(ContextRow.tenant_id == actor.tenant_id)),
            EVERYTHING,
        ]
        raise ContextNotFound(context=name, nearest=nearest(name, known))
    return row


def _row(tx: Transaction, *, actor: Actor, name: str) -> ContextRow | None:
    named = select(ContextRow).where(ContextRow.tenant_id == actor.tenant_id, ContextRow.name == name)
    return tx.session.scalars(named).one_or_none()


def _resource(actor: Actor, name: str | None) -> Resource:
    return Resource(kind="context", id=name, tenant_id=actor.tenant_id)


def _record(tx: Transaction, action: str, row: ContextRow, *, actor: Actor, now: datetime) -> None:
    facts = {"name": row.name, "entries": row.entries}
    activity.record(tx, actor=actor, action=action, target_kind="context", target_id=row.id, now=now, **facts)


def _value(row: ContextRow) -> Context:
    return Context(
        name=row.name,
        entries=tuple(row.entries),
        description=row.description,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )
