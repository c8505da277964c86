"""`grove doctor`: is this machine, and this data folder, fit for a server; and what to do where it is not."""

from pathlib import Path
from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.escape import visible
from grove.cli.failure import Exit
from grove.cli.output import Column, Form
from grove.cli.session import Session, read_settings

app = typer.Typer()

FIELDS = ("code", "title", "state", "problem", "solution")
MARKS = {"pass": "✓", "warn": "!", "fail": "✗"}

LIST = (
    Column("CODE", lambda item: item["code"]),
    Column("STATE", lambda item: item["state"]),
    Column("TITLE", lambda item: item["title"]),
    Column("PROBLEM", lambda item: item["problem"]),
    Column("SOLUTION", lambda item: item["solution"]),
)


@command(app, "doctor", failing="The data folder was not examined.", fields=FIELDS)
def doctor(
    session: Session,
    *,
    data: Annotated[Path | None, typer.Option("--data", help="The data folder; else that of the settings.")] = None,
) -> None:
    """Examine this machine and a data folder, without a server; exit 1 if something is wrong."""
    from grove.cli.examination import examine  # noqa: PLC0415 - it needs all parts of a server

    findings = examine(read_settings(data_dir=data))
    items = [finding.as_item() for finding in findings]
    if session.output.form is not Form.TABLE:
        session.output.items(items, LIST)
    else:
        for item in items:
            _tell(session, item)
    failed = sum(item["state"] == "fail" for item in items)
    warned = sum(item["state"] == "warn" for item in items)
    session.output.note(f"{len(items)} things examined: {failed} to be put right, {warned} to be looked at.")
    raise typer.Exit(Exit.FAILED if failed else Exit.DONE)


def _tell(session: Session, item: dict[str, Any]) -> None:
    session.output.line(visible(f"{MARKS[item['state']]} {item['code']:<13} {item['title']}"))
    if item["problem"]:
        session.output.line(visible(f"    Problem   {item['problem']}"))
    if item["solution"]:
        session.output.line(visible(f"    Solution  {item['solution']}"))
