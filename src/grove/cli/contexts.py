"""`grove context`: named sets of repositories, for `context:NAME` in a search."""

from typing import Annotated

import typer

from grove.cli.asking import confirm
from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.quantity import shown_age
from grove.cli.repositories import YesOption
from grove.cli.session import Session

app = typer.Typer(no_args_is_help=True, help="Contexts: named sets of repositories to search in.")

FIELDS = ("name", "entries", "description", "changed_by", "changed_at")
LIST_MAX = 10_000
LIST = (
    Column("NAME", lambda item: item["name"]),
    Column("ENTRIES", lambda item: " | ".join(item["entries"])),
    Column("DESCRIPTION", lambda item: item["description"]),
    Column("CHANGED", lambda item: item["changed_at"], lambda item: shown_age(item["changed_at"])),
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What it is called in context:NAME.")]


@command(app, "list", failing="The contexts could not be listed.", fields=FIELDS)
def list_contexts(session: Session) -> None:
    """List the contexts."""
    session.output.items(session.client.items("/contexts", limit=LIST_MAX), LIST, empty="No contexts.")


@command(app, "set", failing="The context was not set.", fields=FIELDS)
def set_context(
    session: Session,
    *,
    name: NameArgument,
    entries: Annotated[
        list[str],
        typer.Argument(metavar="ENTRY", help="Repositories, such as 'repo:acme/' or 'repo:=web rev:v2.*'; each adds."),
    ],
    description: Annotated[str, typer.Option("--description", "-d", help="What it is for.")] = "",
) -> None:
    """Name a set of repositories; what had the name before is replaced."""
    body = {"entries": entries, "description": description}
    session.output.row(session.client.put(f"/contexts/{name}", body), LIST)


@command(app, "rm", failing="The context was not removed.")
def remove_context(session: Session, *, name: NameArgument, yes: YesOption = False) -> None:
    """Forget a context; its repositories stay."""
    confirm(f"Forget the context {name}?", command=f"{session.command} {name}", yes=yes)
    session.client.delete(f"/contexts/{name}")
    session.output.note(f"{name} is forgotten.")
