"""`grove ws branch` and `grove ws switch`: further branches of a workspace."""

from typing import Annotated

import typer

from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.session import Session
from grove.cli.workspaces import FIELDS, LIST, NameArgument

app = typer.Typer()

BRANCHES = (
    Column("", lambda item: item["is_current"], lambda item: "*" if item["is_current"] else ""),
    Column("BRANCH", lambda item: item["name"]),
    Column("FROM", lambda item: item["target"]),
    Column("HEAD", lambda item: item["head"], lambda item: item["head"][:12]),
    Column("AHEAD", lambda item: item["ahead"]),
)
BRANCH_FIELDS = ("name", "target", "base", "head", "is_current", "ahead")
RefOption = Annotated[str, typer.Option("--ref", help="Where a new one begins in the mirror; else at the last commit.")]


@command(app, "branch", failing="The branches were not changed.", fields=BRANCH_FIELDS)
def branch_workspace(
    session: Session,
    *,
    name: NameArgument,
    branch: Annotated[str, typer.Argument(metavar="BRANCH", help="A new one; else all are listed.")] = "",
    ref: RefOption = "",
    delete: Annotated[bool, typer.Option("--delete", "-d", help="Remove this one.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="With its commits, though they are nowhere else.")] = False,
) -> None:
    """List the branches of a workspace, or make or remove one; the current one stays what it is."""
    session.subject = name
    if not branch:
        session.output.items(session.client.get(f"/workspaces/{name}/branches")["items"], BRANCHES)
    elif delete:
        short = branch.removeprefix("ws/")
        gone = session.client.delete(f"/workspaces/{name}/branches/{short}", discard=discard)
        session.output.row(gone, BRANCHES)
        session.output.note(f"{gone['name']} was at {gone['head'][:12]}")
    else:
        body = {"branch": branch, "ref": ref}
        session.output.row(session.client.post(f"/workspaces/{name}/branches", body), BRANCHES)
        session.output.note(f"Go to it by: grove ws switch {name} {branch}")


@command(app, "switch", failing="The workspace stays on its branch.", fields=FIELDS)
def switch_branch(
    session: Session,
    *,
    name: NameArgument,
    branch: Annotated[str, typer.Argument(metavar="BRANCH", help="The branch, with or without ws/.")],
    create: Annotated[bool, typer.Option("--create", "-c", help="Make it.")] = False,
    ref: RefOption = "",
) -> None:
    """Make another branch the current one; what is not committed comes along, or refuses the switch."""
    session.subject = name
    body = {"branch": branch, "create": create, "ref": ref}
    session.output.row(session.client.post(f"/workspaces/{name}/switch", body), LIST)
