"""What can be asked about exports. A file is given to whoever asked for it, or to an administrator, as long as they
may read every repository whose lines are in it.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grove.exports.errors import ExportGone, ExportNotFound, ExportUnfinished
from grove.exports.model import Export
from grove.exports.tables import ExportRow
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction
from grove.repositories import list_visible

LIST_MAX = 200


def get_export(tx: Transaction, *, actor: Actor, export_id: str) -> Export:
    """The export.

    :raises ExportNotFound: if there is none, or it is somebody else's, and `actor` no administrator.
    """
    return allowed_row(tx, actor=actor, export_id=export_id, action="export.view").value()


def list_exports(tx: Transaction, *, actor: Actor, now: datetime) -> list[Export]:
    """The exports that `actor` has asked for, newest first.

    :raises Denied: if `actor` may not have any.
    """
    tx.require(actor, "export.create", Resource(kind="export", tenant_id=actor.tenant_id))
    mine = select(ExportRow).where(
        ExportRow.tenant_id == actor.tenant_id, ExportRow.requested_by == actor.id, ExportRow.expires_at > now
    )
    return [row.value() for row in tx.session.scalars(mine.order_by(ExportRow.created_at.desc()).limit(LIST_MAX))]


def export_to_read(tx: Transaction, *, actor: Actor, export_id: str, now: datetime) -> Export:
    """An export whose file `actor` may read now.

    :raises Denied: if `actor` may not.
    :raises ExportNotFound: if the tenant has no such export, or it has expired.
    :raises ExportUnfinished: if it is not written yet.
    :raises ExportGone: if a repository in it cannot be read by `actor` any more.
    """
    export = get_export(tx, actor=actor, export_id=export_id)
    if export.expires_at <= now:
        raise ExportNotFound(export=export_id)
    if export.finished_at is None:
        raise ExportUnfinished(export=export_id)
    visible = {repository.id for repository in list_visible(tx, actor=actor) if repository.is_served}
    if not visible.issuperset(export.repositories):
        raise ExportGone(export=export_id)
    return export


def resources_among(session: Session, *, tenant_id: str, ids: Collection[str]) -> list[Resource]:
    """The exports that have some ids, as policies know them."""
    chosen = select(ExportRow).where(ExportRow.tenant_id == tenant_id, ExportRow.id.in_(ids))
    return [_resource_of(row) for row in session.scalars(chosen)]


def allowed_row(tx: Transaction, *, actor: Actor, export_id: str, action: str) -> ExportRow:
    """The row of an export to which `actor` may do something.

    :raises Denied: if `actor` may not do that to its own.
    :raises ExportNotFound: if there is none, or it is somebody else's, and `actor` no administrator.
    """
    row = export_row(tx, tenant_id=actor.tenant_id, export_id=export_id)
    tx.require(actor, action, _resource_of(row), absent=ExportNotFound(export=export_id))
    return row


def export_row(tx: Transaction, *, tenant_id: str, export_id: str) -> ExportRow:
    """The row of an export of the tenant.

    :raises ExportNotFound: if there is none.
    """
    row = tx.session.get(ExportRow, export_id)
    if row is None or row.tenant_id != tenant_id:
        raise ExportNotFound(export=export_id)
    return row


def _resource_of(row: ExportRow) -> Resource:
    return Resource(kind="export", id=row.id, tenant_id=row.tenant_id, attributes={"owner": row.requested_by})
