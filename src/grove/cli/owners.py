"""`grove owners`: who owns a file, as CODEOWNERS says."""

from typing import Annotated

import typer

from grove.cli.command import command
from grove.cli.escape import visible
from grove.cli.output import Column
from grove.cli.repositories import find_repository
from grove.cli.session import Session

app = typer.Typer()

FIELDS = ("repository", "repository_id", "commit", "path", "owners", "rules", "place", "unusable")
COMMIT_DIGITS = 12
UNUSABLE_SHOWN = 20
LIST = (
    Column("OWNER", lambda item: item["owner"]),
    Column("LINE", lambda item: item["line"]),
    Column("PATTERN", lambda item: item["pattern"]),
    Column("SECTION", lambda item: item["section"]),
)


@command(app, "owners", failing="The owners could not be shown.", fields=FIELDS)
def show_owners(
    session: Session,
    *,
    repository: Annotated[str, typer.Argument(metavar="REPO[@REF]", help="Where, at a branch, tag or commit.")],
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="A file or folder; else everything.")] = "",
) -> None:
    """Show who owns a file, by the CODEOWNERS file of that commit."""
    name, _, revision = repository.partition("@")
    found = session.client.get(
        f"/repositories/{find_repository(session, name)['id']}/owners", path=path, rev=revision or None
    )
    if session.output.is_json:
        session.output.json(found)
        return
    rows = [{"owner": owner, **rule} for rule in found["rules"] for owner in rule["owners"]]
    place = f"by {found['place']}" if found["place"] else "it has no CODEOWNERS file"
    session.output.items(rows, LIST, empty="Nobody owns it." if found["place"] else "")
    session.output.note(f"— {visible(found['repository'])} at {found['commit'][:COMMIT_DIGITS]}, {place}")
    if found["unusable"]:
        session.output.note(f"Lines that say nothing: {_some(found['unusable'])}", style="yellow")


def _some(lines: list[int]) -> str:
    first = ", ".join(map(str, lines[:UNUSABLE_SHOWN]))
    return first if len(lines) <= UNUSABLE_SHOWN else f"{first} and {len(lines) - UNUSABLE_SHOWN:,} more"
