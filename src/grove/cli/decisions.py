"""`grove audit decisions`: what was allowed to whom by which policies, where the trail does not tell of it."""

from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from grove.cli.audit import ENTRIES_TOGETHER_MAX, ID_CHARS, LIST_MAX, write_lines
from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column, Item
from grove.cli.quantity import counted, shown_age
from grove.cli.repositories import find_repository
from grove.cli.session import Session

app = typer.Typer()

FIELDS = (
    "day",
    "principal_id",
    "principal",
    "source",
    "action",
    "resource_kind",
    "resource_id",
    "resource",
    "policies",
    "policy_version",
    "count",
    "first_at",
    "last_at",
)


@dataclass(frozen=True, kw_only=True)
class About:
    """Which decisions are wanted: all, unless it says otherwise."""

    user: Annotated[str | None, typer.Option("--user", "-u", help="Who was allowed: a name or an id.")] = None
    repository: Annotated[str | None, typer.Option("--repo", "-r", help="About a repository, or what has this id.")] = (
        None
    )
    action: Annotated[str | None, typer.Option("--action", help="What; 'repository.*' is all that begin so.")] = None
    policy: Annotated[str | None, typer.Option("--policy", help="Allowed by this policy, among others maybe.")] = None
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="From this day on: 2026-03-01.")] = None
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Before this day.")] = None

    def asked(self, session: Session) -> dict[str, Any]:
        """The parameters of a request that say so."""
        repository = self.repository
        if repository is not None and len(repository) != ID_CHARS:
            repository = find_repository(session, repository)["id"]
        return {
            "principal": self.user,
            "resource": repository,
            "action": self.action,
            "policy": self.policy,
            "since": _day(self.since),
            "until": _day(self.until),
        }


def _resource(item: Item) -> str:
    named = item["resource"] or item["resource_id"][:8]
    return f"{item['resource_kind']} {named}".strip()


LIST = (
    Column("WHO", lambda item: item["principal"] or item["principal_id"]),
    Column("BY", lambda item: item["source"]),
    Column("MAY", lambda item: item["action"]),
    Column("ON", lambda item: item["resource"] or item["resource_id"] or item["resource_kind"], _resource),
    Column("TIMES", lambda item: item["count"]),
    Column("FIRST", lambda item: item["first_at"], lambda item: shown_age(item["first_at"])),
    Column("LAST", lambda item: item["last_at"], lambda item: shown_age(item["last_at"])),
    Column("POLICIES", lambda item: " ".join(item["policies"])),
    Column("VERSION", lambda item: item["policy_version"]),
)


@command(app, "decisions", failing="What was allowed could not be listed.", fields=FIELDS)
def list_decisions(
    session: Session,
    *,
    about: About,
    by_day: Annotated[bool, typer.Option("--by-day", help="Each day by itself, instead of added up.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=LIST_MAX, help="Lines at most.")] = 50,
) -> None:
    """List who was allowed to read what, how often, and by which policies; acts are in grove audit list.

    A search tells of each repository that it showed something of; a list tells once of all that it shows, unnamed.
    """
    page = min(limit, ENTRIES_TOGETHER_MAX)
    found = session.client.each("/audit/decisions", page_size=page, by_day=by_day or None, **about.asked(session))
    empty = "Nothing of the kind was allowed; it is written down every few seconds."
    session.output.items(list(islice(found, limit)), LIST, empty=empty)


@command(app, "export-decisions", failing="What was allowed was not exported.", fields=FIELDS)
def export_decisions(
    session: Session,
    *,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Where to; else to standard output.")] = None,
    about: About,
) -> None:
    """Write what was allowed as JSON lines, each day by itself, oldest first."""
    page = ENTRIES_TOGETHER_MAX
    lines = session.client.each("/audit/decisions", page_size=page, by_day=True, order="oldest", **about.asked(session))
    if file is None:
        session.output.json_lines(lines)
        return
    session.output.note(f"{counted(write_lines(file, lines), 'line')} written to {file}.")


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Failure(
            "The date cannot be understood.",
            why=f"{text} is not a day such as 2026-03-01",
            next_step="grove audit decisions --since 2026-03-01",
            exit_code=Exit.INVALID,
        ) from error
