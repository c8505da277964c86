"""`grove ws stash`: changes of a workspace put aside."""

from typing import Annotated

import typer

from grove.cli.command import command
from grove.cli.session import Session
from grove.cli.workspace_changes import COMMITS, refused_with_conflicts
from grove.cli.workspaces import FIELDS, LIST, NameArgument

app = typer.Typer(no_args_is_help=True, help="Changes of a workspace that are put aside.")

StashArgument = Annotated[str, typer.Argument(metavar="STASH", help="How its id begins; else the newest.")]


@command(app, "save", failing="Nothing was put aside.", fields=FIELDS)
def save(
    session: Session,
    *,
    name: NameArgument,
    message: Annotated[str, typer.Option("--message", "-m", help="What it is.")] = "",
) -> None:
    """Put all that is not committed aside; the workspace is clean then."""
    session.subject = name
    session.output.row(session.client.post(f"/workspaces/{name}/stashes", {"message": message}), LIST)


@command(app, "list", failing="The stashes could not be listed.", fields=("oid", "author", "committed_at", "message"))
def list_stashes(session: Session, *, name: NameArgument) -> None:
    """List what was put aside, the newest first."""
    session.subject = name
    session.output.items(
        session.client.get(f"/workspaces/{name}/stashes")["items"], COMMITS, empty="Nothing put aside."
    )


@command(app, "apply", failing="Nothing was brought back.", fields=FIELDS)
def apply_stash(
    session: Session,
    *,
    name: NameArgument,
    stash: StashArgument = "",
    keep: Annotated[bool, typer.Option("--keep", help="Keep the stash too.")] = False,
) -> None:
    """Bring what was put aside back onto the files as they are now: all of it, or nothing."""
    session.subject = name
    with refused_with_conflicts(session):
        body = {"stash": stash, "drop": not keep}
        session.output.row(session.client.post(f"/workspaces/{name}/unstash", body), LIST)


@command(app, "drop", failing="Nothing was thrown away.", fields=FIELDS)
def drop(
    session: Session,
    *,
    name: NameArgument,
    stash: Annotated[str, typer.Argument(metavar="STASH", help="How its id begins.")],
) -> None:
    """Throw away what was put aside."""
    session.subject = name
    session.output.row(session.client.delete(f"/workspaces/{name}/stashes/{stash}"), LIST)
