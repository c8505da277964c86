"""`grove search --export FILE`: every place that answers a query, in a file."""

from pathlib import Path
from typing import Any

from grove.cli.failure import Exit, Failure
from grove.cli.quantity import counted, shown_bytes
from grove.cli.session import Session
from grove.cli.watching import follow_job, require_success

FORMS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}


def export(session: Session, question: dict[str, Any], file: Path) -> dict[str, Any]:
    """Have the server write an export, and fetch it; the export.

    :raises Failure: if the file has no ending that says how to write it, or the job fails.
    """
    form = FORMS.get(file.suffix.lower())
    if form is None:
        raise Failure(
            "Nothing was exported.",
            why=f"the file's ending says how it is written, and is one of {', '.join(FORMS)}",
            next_step=f"{session.command} --export {file.with_suffix('.jsonl')} QUERY",
            exit_code=Exit.INVALID,
        )
    made = session.client.post("/exports", {**question, "form": form})
    require_success(follow_job(session, made["job_id"]))
    written: dict[str, Any] = session.client.get(f"/exports/{made['id']}")
    part = file.with_name(f"{file.name}.part")
    with part.open("wb") as target:
        for piece in session.client.pieces(f"/exports/{made['id']}/file"):
            target.write(piece)
    part.replace(file)
    session.client.delete(f"/exports/{made['id']}")
    session.output.note(f"{file}: {counted(written['rows'], 'row')}, {shown_bytes(written['size_bytes'])}")
    return written
