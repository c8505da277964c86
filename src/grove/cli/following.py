"""`grove policy follow`: policies that come by themselves, from a repository or by OPAL."""

from typing import Annotated

import typer

from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import shown_age
from grove.cli.session import Session

app = typer.Typer()

FIELDS = (
    "source",
    "repository_id",
    "repository",
    "branch",
    "folder",
    "followed_by",
    "since",
    "revision",
    "version",
    "problem",
)
SHOWN_CHARACTERS = 12
FOLLOWING = (
    Column("FROM", lambda item: item["repository"] or item["source"]),
    Column("BRANCH", lambda item: item["branch"]),
    Column("FOLDER", lambda item: item["folder"]),
    Column("SINCE", lambda item: item["since"], lambda item: shown_age(item["since"])),
    Column("REVISION", lambda item: item["revision"], lambda item: item["revision"][:SHOWN_CHARACTERS]),
    Column("VERSION", lambda item: item["version"] or None),
    Column("WHAT IS WRONG", lambda item: item["problem"]["message"] if item["problem"] else ""),
)


@command(app, "follow", failing="The policies do not follow it.", fields=FIELDS)
def follow_policies(
    session: Session,
    *,
    repository: Annotated[
        str | None, typer.Argument(metavar="[REPO]", help="A repository that is kept here: name or URL.")
    ] = None,
    folder: Annotated[str, typer.Argument(metavar="[FOLDER]", help="Where its documents are; else the root.")] = "",
    branch: Annotated[str, typer.Option("--branch", "-b", help="Which branch; else the default one.")] = "",
    opal: Annotated[bool, typer.Option("--opal", help="Follow what an OPAL client pushes.")] = False,
) -> None:
    """Have your own policies be those of a repository after each push, or what OPAL pushes; bad ones are refused."""
    if opal == (repository is not None):
        raise Failure(
            "Name a repository, or --opal.",
            why="one thing is followed at a time",
            next_step="grove policy follow REPO",
            exit_code=Exit.INVALID,
        )
    body = {"source": "opal"} if opal else {"repository": repository, "folder": folder, "branch": branch}
    followed = session.client.put("/policies/following", body)
    session.output.note("grove policy following shows what came of it; what was in force stays until then.")
    session.output.row(followed, FOLLOWING)


@command(app, "following", failing="It could not be shown.", fields=FIELDS)
def show_following(session: Session) -> None:
    """Show what your own policies follow, how far, and what is wrong with what is there now."""
    found = session.client.get("/policies/following")["following"]
    session.output.items([found] if found else [], FOLLOWING, empty="Nothing is followed: grove policy follow REPO")


@command(app, "unfollow", failing="It is still followed.")
def stop_following(session: Session) -> None:
    """Follow nothing any more; the version that is in force stays."""
    session.client.delete("/policies/following")
    session.output.note("Nothing is followed any more; the version in force stays.")
