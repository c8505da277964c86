"""`grove policy follow`: policies that come by themselves, from a repository or by OPAL."""

from typing import Annotated

import typer

from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column, Item
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
    "paused_at",
    "paused_by",
    "by_hand",
)
SHOWN_CHARACTERS = 12


def state_of(item: Item) -> str:
    """What is in force beside what is followed, and what comes next."""
    by_hand = item["by_hand"]
    if item["paused_at"]:
        now = f"; version {by_hand['version']} is in force" if by_hand else ""
        return f"paused: {item['paused_by']} rolled back {shown_age(item['paused_at'])}{now}"
    if by_hand:
        who = f"{by_hand['applied_by']} applied version {by_hand['version']} {shown_age(by_hand['applied_at'])}"
        return f"{who}; the next push replaces it"
    return "in force" if item["version"] else "nothing of it is in force yet"


FOLLOWING = (
    Column("FROM", lambda item: item["repository"] or item["source"]),
    Column("BRANCH", lambda item: item["branch"]),
    Column("FOLDER", lambda item: item["folder"]),
    Column("SINCE", lambda item: item["since"], lambda item: shown_age(item["since"])),
    Column("REVISION", lambda item: item["revision"], lambda item: item["revision"][:SHOWN_CHARACTERS]),
    Column("VERSION", lambda item: item["version"] or None),
    Column("STATE", state_of),
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
    if found and found["paused_at"]:
        session.output.note("grove policy resume applies what is there now, and follows it again.")


@command(app, "resume", failing="It is not followed again.", fields=FIELDS)
def resume_following(session: Session) -> None:
    """Follow again what a roll-back has paused, and apply what is there now."""
    followed = session.client.post("/policies/following/resume")
    session.output.note("grove policy following shows what came of it; what was in force stays until then.")
    session.output.row(followed, FOLLOWING)


@command(app, "unfollow", failing="It is still followed.")
def stop_following(session: Session) -> None:
    """Follow nothing any more; the version that is in force stays."""
    session.client.delete("/policies/following")
    session.output.note("Nothing is followed any more; the version in force stays.")
