"""What can be done with exports."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from grove import activity, jobs
from grove.exports.errors import ExportsTooMany
from grove.exports.events import ExportBegun
from grove.exports.model import EXPORTS_KEPT_MAX, RETENTION_HOURS, Export, ExportForm, written_question
from grove.exports.queries import allowed_row
from grove.exports.tables import ExportRow
from grove.kit.gate import Actor, Resource
from grove.kit.ids import new_id
from grove.kit.transactions import Transaction
from grove.search import Method, ModeConflict, Question, plan_of

WRITE_JOB = "export.write"


def create_export(
    tx: Transaction, *, actor: Actor, question: Question, form: ExportForm, now: datetime
) -> tuple[Export, jobs.Job]:
    """Have every place that answers a question written to a file; the job that does it.

    :raises Denied: if `actor` may not.
    :raises QueryInvalid: if the question cannot be understood; its siblings say what else is wrong with it.
    :raises ModeConflict: if it is about commits, or has no end.
    :raises ExportsTooMany: if `actor` has too many.
    """
    tx.require(actor, "export.create", Resource(kind="export", tenant_id=actor.tenant_id))
    if plan_of(question).method is Method.HISTORY:
        raise ModeConflict(mode=question.mode, reason="files, symbols and repositories are exported, and not commits")
    kept = select(func.count()).where(
        ExportRow.tenant_id == actor.tenant_id, ExportRow.requested_by == actor.id, ExportRow.expires_at > now
    )
    if (tx.session.scalar(kept) or 0) >= EXPORTS_KEPT_MAX:
        raise ExportsTooMany(exports_max=EXPORTS_KEPT_MAX)
    row = ExportRow(
        id=new_id(),
        tenant_id=actor.tenant_id,
        requested_by=actor.id,
        question=written_question(question),
        form=form,
        repositories=[],
        limits_hit=[],
        created_at=now,
        expires_at=now + timedelta(hours=RETENTION_HOURS),
    )
    tx.session.add(row)
    tx.session.flush()
    activity.record(tx, actor=actor, action="export.create", target_kind="export", target_id=row.id, now=now, form=form)
    job = jobs.enqueue(tx, tenant_id=row.tenant_id, kind=WRITE_JOB, target_id=row.id, requested_by=actor.id, now=now)
    tx.publish(ExportBegun(tenant_id=row.tenant_id, actor_id=actor.id, at=now))
    return row.value(), job


def remove_export(tx: Transaction, *, actor: Actor, export_id: str, now: datetime) -> Export:
    """Forget an export, and stop writing it; the next sweep removes its file.

    :raises Denied: if `actor` may not.
    :raises ExportNotFound: if there is none, or it is somebody else's, and `actor` no administrator.
    """
    row = allowed_row(tx, actor=actor, export_id=export_id, action="export.remove")
    removed = row.value()
    jobs.cancel_jobs_of(tx, target_id=row.id, now=now)
    jobs.withdraw_jobs_of(tx, target_id=row.id)
    tx.session.delete(row)
    activity.record(tx, actor=actor, action="export.remove", target_kind="export", target_id=row.id, now=now)
    return removed


def remove_expired(tx: Transaction, *, now: datetime) -> int:
    """Forget the exports of all tenants that have expired; how many there were."""
    rows = tx.session.scalars(select(ExportRow).where(ExportRow.expires_at <= now)).all()
    for row in rows:
        jobs.cancel_jobs_of(tx, target_id=row.id, now=now)
        jobs.withdraw_jobs_of(tx, target_id=row.id)
        tx.session.delete(row)
    return len(rows)


def known_exports(tx: Transaction) -> set[tuple[str, str]]:
    """The (tenant, export) ids of all exports: the files of all others can go."""
    return set(tx.session.execute(select(ExportRow.tenant_id, ExportRow.id)).all())
