"""`grove ws stash`: changes of a workspace put aside."""

from typing import Annotated

import typer

from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.session import Session
from grove.cli.workspace_changes import (
    COMMITS,
    OursOption,
    ResolvedOption,
    WriteOption,
    refused_with_conflicts,
    resolutions,
)
from grove.cli.workspaces import FIELDS, LIST, NameArgument

app = typer.Typer(no_args_is_help=True, help="Changes of a workspace that are put aside.")

STASHES = (*COMMITS, Column("BRANCH", lambda item: item["branch"]))
STASH_FIELDS = ("oid", "branch", "author", "committed_at", "message")
StashArgument = Annotated[
    str, typer.Argument(metavar="STASH", help="How its id begins; else the newest of the current branch.")
]
TheirsOption = Annotated[list[str] | None, typer.Option("--theirs", metavar="PATH", help="Take the stash's side.")]


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


@command(app, "list", failing="The stashes could not be listed.", fields=STASH_FIELDS)
def list_stashes(session: Session, *, name: NameArgument) -> None:
    """List what was put aside, on whichever branch, the newest first."""
    session.subject = name
    session.output.items(
        session.client.get(f"/workspaces/{name}/stashes")["items"], STASHES, empty="Nothing put aside."
    )


@command(app, "apply", failing="Nothing was brought back.", fields=FIELDS)
def apply_stash(
    session: Session,
    *,
    name: NameArgument,
    stash: StashArgument = "",
    keep: Annotated[bool, typer.Option("--keep", help="Keep the stash too.")] = False,
    write: WriteOption = None,
    resolved: ResolvedOption = None,
    ours: OursOption = None,
    theirs: TheirsOption = None,
) -> None:
    """Bring what was put aside back onto the files as they are now: all of it, or nothing.

    Where the same lines were changed since, say what it is to be, as for `grove ws merge`.
    """
    session.subject = name
    with refused_with_conflicts(session, write=write):
        wanted = resolutions(session, name, ours=ours, theirs=theirs, resolved=resolved)
        body = {"stash": stash, "drop": not keep, "resolutions": wanted}
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
