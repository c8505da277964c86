"""`grove scip`: precise symbols, from files that indexers write."""

from pathlib import Path
from typing import Annotated

import typer

from grove.cli.asking import confirm
from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import shown_age, shown_bytes
from grove.cli.repositories import YesOption, find_repository
from grove.cli.session import Session

app = typer.Typer(no_args_is_help=True, help="SCIP indexes: precise definitions and references.")

FIELDS = ("commit", "tool", "documents", "documents_left_out", "symbols", "occurrences", "stored_bytes", "uploaded_at")
LIST = (
    Column("COMMIT", lambda item: item["commit"], lambda item: item["commit"][:12]),
    Column("TOOL", lambda item: item["tool"]),
    Column("FILES", lambda item: item["documents"]),
    Column("LEFT OUT", lambda item: item["documents_left_out"]),
    Column("SYMBOLS", lambda item: item["symbols"]),
    Column("SIZE", lambda item: item["stored_bytes"], lambda item: shown_bytes(item["stored_bytes"])),
    Column("UPLOADED", lambda item: item["uploaded_at"], lambda item: shown_age(item["uploaded_at"])),
)
MAKING_FIELDS = ("wanted", "state", "commit", "tools", "reason", "log", "finished_at")
MAKING = (
    Column("MADE HERE", lambda item: item["wanted"], lambda item: "yes" if item["wanted"] else "no"),
    Column("STATE", lambda item: item["state"]),
    Column("COMMIT", lambda item: item["commit"]),
    Column("BY", lambda item: item["tools"]),
    Column("REASON", lambda item: item["reason"]),
    Column("FINISHED", lambda item: item["finished_at"], lambda item: shown_age(item["finished_at"])),
    Column("LOG", lambda item: item["log"]),
)
Repository = Annotated[str, typer.Option("--repo", "-r", metavar="REPO", help="The repository that was indexed.")]


@command(app, "upload", failing="The index was not uploaded.", fields=FIELDS)
def upload_index(
    session: Session,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What scip-python, scip-typescript or another wrote.")],
    repository: Repository,
    commit: Annotated[str, typer.Option("--commit", "-c", metavar="COMMIT", help="The commit that was indexed.")] = "",
) -> None:
    """Upload the index of a commit; definitions and references in it become precise."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Failure(
            "The index was not uploaded.",
            why=f"{file}: {error.strerror}",
            next_step="scip-python index . --output index.scip",
            exit_code=Exit.INVALID,
        ) from error
    found = find_repository(session, repository)
    index = session.client.post_bytes(f"/repositories/{found['id']}/scip", content, commit=commit or None)
    session.output.row(index, LIST)


@command(app, "list", failing="The indexes could not be listed.", fields=FIELDS)
def list_indexes(session: Session, *, repository: Repository) -> None:
    """List the indexes of a repository."""
    found = find_repository(session, repository)
    session.output.items(session.client.get(f"/repositories/{found['id']}/scip")["items"], LIST, empty="No indexes.")


@command(app, "status", failing="The state could not be shown.", fields=MAKING_FIELDS)
def show_making(session: Session, *, repository: Repository) -> None:
    """Show whether indexes are made here, and what came of the last attempt (grove repo set REPO --scip on)."""
    found = find_repository(session, repository)
    session.output.item(session.client.get(f"/repositories/{found['id']}/scip/making"), MAKING)


@command(app, "rm", failing="The index was not removed.")
def remove_index(
    session: Session,
    *,
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help="The full id of the commit that was indexed.")],
    repository: Repository,
    yes: YesOption = False,
) -> None:
    """Remove the index of a commit."""
    found = find_repository(session, repository)
    confirm(f"Remove the index of {commit[:12]}?", command=f"{session.command} {commit} -r {repository}", yes=yes)
    session.client.delete(f"/repositories/{found['id']}/scip", commit=commit)
    session.output.note(f"The index of {commit[:12]} is removed.")
