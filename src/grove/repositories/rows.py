"""What all operations on repositories begin and end with: the row, locked; the resource; the entry of the trail."""

import json
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import JSON, Select, Text, cast, inspect

from grove import activity
from grove.accounts import Scope
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction
from grove.repositories.errors import RepositoryNotFound
from grove.repositories.model import Repository
from grove.repositories.tables import RepositoryRow

ROWS_UNDERSTOOD_MAX: Final = 20_000
_COLUMNS: Final = {name: getattr(RepositoryRow, name) for name in inspect(RepositoryRow).column_attrs.keys()}  # noqa: SIM118
_JSON_COLUMNS: Final = tuple(name for name, column in _COLUMNS.items() if isinstance(column.type, JSON))
_STORED: Final = [cast(column, Text) if name in _JSON_COLUMNS else column for name, column in _COLUMNS.items()]


def locked_row(tx: Transaction, *, tenant_id: str, repository_id: str) -> RepositoryRow:
    """The row, kept from others until the transaction ends.

    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    row = tx.session.get(RepositoryRow, repository_id, with_for_update=True, populate_existing=True)
    if row is None or row.tenant_id != tenant_id:
        raise RepositoryNotFound(repository=repository_id)
    return row


def seen_row(tx: Transaction, *, actor: Actor, repository_id: str) -> RepositoryRow:
    """The row, kept from others until the transaction ends, for somebody who may know of the repository.

    What their token is good for does not count: what it lacks is said of a thing that they know.

    :raises RepositoryNotFound: if the tenant has no such repository, or `actor` may not see it.
    """
    row = locked_row(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    if not all(tx.allowed(_at_full_scope(actor), "repository.view", [resource_of(row.value())])):
        raise RepositoryNotFound(repository=repository_id)
    return row


def _at_full_scope(actor: Actor) -> Actor:
    patron = _at_full_scope(actor.acts_for) if actor.acts_for is not None else None
    return replace(actor, scopes=frozenset(Scope), acts_for=patron)


def values_of(tx: Transaction, chosen: Select[RepositoryRow]) -> list[Repository]:
    """What some rows mean, for questions that read all of them: each row as it is stored is understood only once."""
    stored = tx.session.execute(chosen.with_only_columns(*_STORED))
    return [_understood(*row) for row in stored]


@lru_cache(maxsize=ROWS_UNDERSTOOD_MAX)
def _understood(*stored: object) -> Repository:
    columns: dict[str, Any] = dict(zip(_COLUMNS, stored, strict=True))
    for name in _JSON_COLUMNS:
        columns[name] = None if columns[name] is None else json.loads(columns[name])
    return RepositoryRow(**columns).value()


def resource_of(repository: Repository) -> Resource:
    """The repository as the gate knows it."""
    attributes: dict[str, object] = {
        "project": repository.project_id,
        "name": repository.name,
        "host": repository.host,
        "forge": repository.forge,
        "visibility": repository.visibility,
        "size_bytes": repository.estimated_bytes if repository.size_bytes is None else repository.size_bytes,
        "approval": str(repository.approval),
        "lifecycle": str(repository.lifecycle),
        "archived": repository.archived,
        "everybody_reads": repository.everybody_reads,
        "fork": repository.fork,
        "requester": repository.requested_by,
        "owners": repository.owners,
        "permissions": str(repository.permissions),
    }
    return Resource(kind="repository", id=repository.id, tenant_id=repository.tenant_id, attributes=attributes)


def record_act(
    tx: Transaction, *, actor: Actor, action: str, row: RepositoryRow, now: datetime, **facts: object
) -> None:
    """Tell the audit trail what was done to a repository."""
    activity.record(
        tx, actor=actor, action=action, target_kind="repository", target_id=row.id, now=now, name=row.name, **facts
    )
