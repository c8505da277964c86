"""`grove audit`: who did what, and the proof that nobody has changed the record of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.escape import as_json
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column, Item
from grove.cli.quantity import counted, shown_age
from grove.cli.repositories import find_repository
from grove.cli.session import Session

app = typer.Typer(no_args_is_help=True, help="The audit trail: who did what.")

FIELDS = (
    "sequence",
    "at",
    "actor_id",
    "actor_name",
    "source",
    "action",
    "target_kind",
    "target_id",
    "facts",
    "previous",
    "digest",
)
TRAIL_FIELDS = ("is_whole", "entry_count", "digest", "broken_at", "reason")
LIST_MAX = 10_000
ENTRIES_TOGETHER_MAX = 1_000
ID_CHARS = 36

ActorOption = Annotated[str | None, typer.Option("--actor", help="Who did it: a name or an id.")]
ActionOption = Annotated[str | None, typer.Option("--action", help="What was done; 'token.*' is all that begin so.")]
TargetOption = Annotated[str | None, typer.Option("--target", help="To what it was done: an id, or a repository.")]
SinceOption = Annotated[str | None, typer.Option("--since", metavar="DATE", help="Not before: 2026-03-01[T12:00].")]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Before: 2026-03-01[T12:00].")]


def _facts(item: Item) -> str:
    facts = item["facts"]
    told = {name: " ".join(value) if isinstance(value, list) else value for name, value in facts.items()}
    rest = ", ".join(f"{name}={value}" for name, value in told.items() if name != "name" and value not in {"", None})
    return " ".join(part for part in (str(facts.get("name", "")), rest) if part)


LIST = (
    Column("NO", lambda item: item["sequence"]),
    Column("WHEN", lambda item: item["at"], lambda item: shown_age(item["at"])),
    Column("WHO", lambda item: item["actor_name"]),
    Column("BY", lambda item: item["source"]),
    Column("WHAT", lambda item: item["action"]),
    Column("TARGET", lambda item: item["target_id"], lambda item: f"{item['target_kind']} {item['target_id'][:8]}"),
    Column("FACTS", _facts),
)
TRAIL = (
    Column("WHOLE", lambda item: item["is_whole"]),
    Column("ENTRIES", lambda item: item["entry_count"]),
    Column("DIGEST", lambda item: item["digest"]),
)


@command(app, "list", failing="The audit trail could not be listed.", fields=FIELDS)
def list_audit(
    session: Session,
    *,
    actor: ActorOption = None,
    action: ActionOption = None,
    target: TargetOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=LIST_MAX, help="Entries at most.")] = 50,
) -> None:
    """List what was done, newest first."""
    asked = _asked(session, actor=actor, action=action, target=target, since=since, until=until)
    found = session.client.each("/audit", page_size=min(limit, ENTRIES_TOGETHER_MAX), **asked)
    session.output.items(list(islice(found, limit)), LIST, empty="There is no such entry.")


@command(app, "export", failing="The audit trail was not exported.", fields=FIELDS)
def export_audit(
    session: Session,
    *,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where to; else to standard output.")] = None,
    actor: ActorOption = None,
    action: ActionOption = None,
    target: TargetOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Write entries as JSON lines, oldest first, all of them if nothing else is asked for."""
    asked = _asked(session, actor=actor, action=action, target=target, since=since, until=until)
    entries = session.client.each("/audit", page_size=ENTRIES_TOGETHER_MAX, order="oldest", **asked)
    if file is None:
        session.output.json_lines(entries)
        return
    count = write_lines(file, entries)
    session.output.note(f"{counted(count, 'entry', 'entries')} written to {file}.")


@command(app, "verify", failing="The audit trail could not be looked at.", fields=TRAIL_FIELDS)
def verify_audit(
    session: Session,
    *,
    known: Annotated[
        str | None, typer.Option("--known", metavar="NO:DIGEST", help="An entry as it was noted elsewhere.")
    ] = None,
) -> None:
    """Look at every entry, and tell the first that was changed, removed or put in between.

    Note the number and the digest that it shows in another place, and give them to --known the next time: then not even
    somebody who writes the whole trail anew goes unseen.
    """
    trail = session.client.get("/audit/verification", known=known)
    session.output.row(trail, TRAIL)
    if not trail["is_whole"]:
        raise Failure(
            f"The audit trail is broken at entry {trail['broken_at']}.",
            why=trail["reason"],
            next_step="compare it with your last grove audit export, and look who can write to the database",
            exit_code=Exit.FAILED,
        )
    session.output.note(f"It is whole. Note elsewhere: --known {trail['entry_count']}:{trail['digest']}")


def write_lines(file: Path, entries: Iterator[dict[str, Any]]) -> int:
    """Write entries into a new file as JSON lines; how many."""
    count = 0
    try:
        with file.open("x", encoding="utf-8") as lines:
            for entry in entries:
                lines.write(f"{as_json(entry)}\n")
                count += 1
    except OSError as error:
        raise Failure(
            "The file was not written.",
            why=f"{file}: {error.strerror}",
            next_step="name another file",
            exit_code=Exit.FAILED,
        ) from error
    return count


def _asked(
    session: Session, *, actor: str | None, action: str | None, target: str | None, since: str | None, until: str | None
) -> dict[str, str | None]:
    if target is not None and len(target) != ID_CHARS:
        target = find_repository(session, target)["id"]
    return {"actor": actor, "action": action, "target": target, "since": _moment(since), "until": _moment(until)}


def _moment(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(
            "The date cannot be understood.",
            why=f"{text} is not a date such as 2026-03-01 or 2026-03-01T12:00+01:00",
            next_step="grove audit list --since 2026-03-01",
            exit_code=Exit.INVALID,
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
