"""`/api/v1/exports`: every place that answers a question, written to a file by a job."""

from datetime import datetime
from uuid import UUID

from fastapi import Depends
from fastapi.responses import FileResponse
from pydantic import Field

from grove import exports
from grove.api.caller import CallerOf
from grove.api.edge import open_stream
from grove.api.routing import needs, router_at
from grove.api.search import Alternatives, QueryText
from grove.api.shapes import Page, Received, Shown
from grove.exports import ExportForm
from grove.search import Mode, Question

router = router_at("/api/v1/exports", tag="search")
_MEDIA_TYPES = {ExportForm.JSONL: "application/jsonl", ExportForm.CSV: "text/csv; charset=utf-8; header=present"}


class ExportIn(Received):
    """What to export: a question as `/api/v1/search` takes it, answered exactly and without a limit of files."""

    q: QueryText
    mode: Mode = Field(default=Mode.AUTO, description="How the text of the query is read; not `semantic`.")
    repo: Alternatives = Field(default=[])
    rev: Alternatives = Field(default=[])
    path: Alternatives = Field(default=[])
    lang: Alternatives = Field(default=[])
    form: ExportForm = ExportForm.JSONL


class ExportOut(Shown):
    """An export. When it is written, `rows`, `size_bytes`, `truth_line` and `limits_hit` are there; then it expires."""

    id: UUID
    requested_by: UUID
    q: str
    mode: Mode
    form: ExportForm
    rows: int | None
    size_bytes: int | None
    truth_line: str | None
    limits_hit: list[str]
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime
    job_id: UUID | None = None

    @classmethod
    def of(cls, export: exports.Export, *, job_id: str | None = None) -> "ExportOut":
        """As people see it."""
        names = cls.model_fields.keys() - {"q", "mode", "job_id"}
        asked = {"q": export.question["text"], "mode": export.question["mode"], "job_id": job_id}
        return cls.model_validate({**{name: getattr(export, name) for name in names}, **asked})


@router.post("", status_code=202, openapi_extra=needs("export.create"))
def create_export(wanted: ExportIn, caller: CallerOf) -> ExportOut:
    """Have every place that answers a question written to a file; watch the job that does it."""
    question = Question(
        text=wanted.q,
        mode=wanted.mode,
        repositories=tuple(wanted.repo),
        revisions=tuple(wanted.rev),
        paths=tuple(wanted.path),
        languages=tuple(wanted.lang),
        wants_all=True,
        asked_at=caller.now,
    )
    with caller.writing() as tx:
        export, job = exports.create_export(tx, actor=caller.actor, question=question, form=wanted.form, now=caller.now)
    return ExportOut.of(export, job_id=job.id)


@router.get("", openapi_extra=needs("export.create"))
def list_exports(caller: CallerOf) -> Page[ExportOut]:
    """Your exports, newest first."""
    with caller.reading() as tx:
        found = exports.list_exports(tx, actor=caller.actor, now=caller.now)
    return Page(items=[ExportOut.of(export) for export in found])


@router.get("/{export_id}", openapi_extra=needs("export.view"))
def get_export(export_id: UUID, caller: CallerOf) -> ExportOut:
    """An export."""
    with caller.reading() as tx:
        return ExportOut.of(exports.get_export(tx, actor=caller.actor, export_id=str(export_id)))


@router.get(
    "/{export_id}/file",
    response_class=FileResponse,
    dependencies=[Depends(open_stream)],
    openapi_extra=needs("export.view"),
)
def download_export(export_id: UUID, caller: CallerOf) -> FileResponse:
    """The file; your rights of this moment decide whether you may have it."""
    with caller.reading() as tx:
        export = exports.export_to_read(tx, actor=caller.actor, export_id=str(export_id), now=caller.now)
    path = caller.grove.export_tools.file(tenant_id=export.tenant_id, export_id=export.id)
    if not path.is_file():
        raise exports.ExportNotFound(export=export.id)
    return FileResponse(path, media_type=_MEDIA_TYPES[export.form], filename=f"grove-{export.id[:8]}.{export.form}")


@router.delete("/{export_id}", openapi_extra=needs("export.remove"))
def remove_export(export_id: UUID, caller: CallerOf) -> ExportOut:
    """Forget an export; its file is removed soon after."""
    with caller.writing() as tx:
        return ExportOut.of(exports.remove_export(tx, actor=caller.actor, export_id=str(export_id), now=caller.now))
