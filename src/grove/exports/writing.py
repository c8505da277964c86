"""The job that writes an export, and the removal of files that no row names."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from grove.exports.errors import ExportTooLarge
from grove.exports.model import ExportForm, read_question
from grove.exports.operations import known_exports, remove_expired
from grove.exports.queries import export_row
from grove.exports.rows import header_of, rows_of, written
from grove.jobs import Progress, Run
from grove.kit.tenancy import serving_all
from grove.kit.transactions import Database
from grove.placement import Locator
from grove.search import Desk, Done, Limits, Matches, SearchEvent, truth_line

EXPORT_BYTES_MAX: Final = 2 * 1024**3
TRUTH_CHARACTERS_MAX: Final = 4_000
LIMITS: Final = Limits(seconds_max=float("inf"), line_characters_max=1_000_000)
FILE: Final = "export"
PART: Final = "export.part"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTools:
    """What writing exports works with."""

    desk: Desk
    locator: Locator
    bytes_max: int = EXPORT_BYTES_MAX

    def file(self, *, tenant_id: str, export_id: str) -> Path:
        """Where the file of an export is when it is written."""
        return self.locator.export(tenant_id=tenant_id, export_id=export_id) / FILE


@dataclass(slots=True)
class _Written:
    """How far the writing is."""

    rows: int = 0
    size_bytes: int = 0
    repositories: set[str] = field(default_factory=set)
    done: Done | None = None


def write_export(run: Run, *, tools: ExportTools) -> None:
    """Search with the rights of whoever asked, write every place that answers, and let the file count at the end.

    :raises ExportTooLarge: if the file grows too large.
    """
    sweep_exports(tools.desk.database, tools.locator, now=run.now)
    tenant_id, export_id = run.job.tenant_id, run.job.target_id
    with run.begin() as tx:
        export = export_row(tx, tenant_id=tenant_id, export_id=export_id).value()
    folder = tools.locator.export(tenant_id=tenant_id, export_id=export_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    events = replace(tools.desk, limits=LIMITS).stream(run.actor, read_question(export.question))
    result = _Written()
    with (folder / PART).open("wb") as part:
        os.fchmod(part.fileno(), 0o600)
        for piece in _pieces(events, export.form, result):
            run.check_cancelled()
            result.size_bytes += part.write(piece)
            if result.size_bytes > tools.bytes_max:
                raise ExportTooLarge(bytes_max=tools.bytes_max)
            run.report(Progress(phase="searching", done=result.rows, unit="rows"))
        part.flush()
        os.fsync(part.fileno())
    (folder / PART).replace(folder / FILE)
    with run.finish() as tx:
        row = export_row(tx, tenant_id=tenant_id, export_id=export_id)
        row.rows, row.size_bytes = result.rows, result.size_bytes
        row.repositories = sorted(result.repositories)
        if result.done is not None:
            row.truth_line = truth_line(result.done.truth)[:TRUTH_CHARACTERS_MAX]
            row.limits_hit = list(result.done.truth.limits_hit)
        row.finished_at = run.now


def sweep_exports(database: Database, locator: Locator, *, now: datetime) -> list[Path]:
    """Forget the exports that have expired, and remove the files that no row names; which folders went."""
    on_disk = list(locator.tenants.glob("*/exports/*"))  # before the rows are read: a later one is not looked at
    with serving_all(), database.transaction() as tx:
        remove_expired(tx, now=now)
        known = known_exports(tx)
    gone = [folder for folder in on_disk if (folder.parent.parent.name, folder.name) not in known]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return gone


def _pieces(events: Iterator[SearchEvent], form: ExportForm, result: _Written) -> Iterator[bytes]:
    """What is written, piece by piece; also an empty one now and then, so that a long search can be stopped."""
    yield header_of(form)
    for event in events:
        if isinstance(event, Done):
            result.done = event
        if not isinstance(event, Matches):
            yield b""
            continue
        result.repositories.update(file.address.repository_id for file in event.files)
        result.repositories.update(found.repository_id for found in event.repositories)
        for row in rows_of(event):
            result.rows += 1
            yield written(row, form)
