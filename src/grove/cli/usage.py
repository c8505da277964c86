"""`grove usage`: who uses which repository, by which door."""

from enum import StrEnum
from typing import Annotated

import typer

from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.quantity import shown_age
from grove.cli.repositories import find_repository
from grove.cli.session import Session

app = typer.Typer()

FIELDS = ("by", "key", "name", "branch", "count", "last_at")
LIST = (
    Column("WHAT", lambda item: item["name"] or item["key"]),
    Column("BRANCH", lambda item: item["branch"]),
    Column("TIMES", lambda item: item["count"]),
    Column("LAST", lambda item: item["last_at"], lambda item: shown_age(item["last_at"])),
)


class By(StrEnum):
    """By what uses are added up."""

    REPOSITORY = "repository"
    BRANCH = "branch"
    USER = "user"
    SOURCE = "source"
    ACT = "act"
    DAY = "day"


@command(app, "usage", failing="The usage could not be shown.", fields=FIELDS)
def show_usage(
    session: Session,
    *,
    by: Annotated[
        By, typer.Option("--by", help="By what it is added up; source is web, api, mcp or cli.")
    ] = By.REPOSITORY,
    everybody: Annotated[bool, typer.Option("--everybody", help="The tenant's, for administrators.")] = False,
    repository: Annotated[str | None, typer.Option("--repo", "-r", help="Of one repository.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="From this day on: 2026-03-01.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Before this day.")] = None,
) -> None:
    """Show how often you, or all of the tenant, used what, and when last."""
    found = session.client.get(
        "/usage",
        by=by.value,
        everybody=everybody or None,
        repository=find_repository(session, repository)["id"] if repository else None,
        since=since,
        until=until,
    )
    yours = "" if everybody else " by you; all of the tenant's: grove usage --everybody"
    session.output.items(found["items"], LIST, empty=f"Nothing was used yet{yours}. It is counted every few seconds.")
