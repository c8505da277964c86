"""`grove repo clone` and `grove ws clone`: the user's own git, with the token that they are signed in with."""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from grove.cli import repositories, workspaces
from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.session import Session

app = typer.Typer()

SHELL = "/bin/sh"
FolderArgument = Annotated[str, typer.Argument(metavar="FOLDER", help="Where to; else a folder of its name.")]
PrintOption = Annotated[bool, typer.Option("--print", help="Only show the command of git that would be run.")]


@command(workspaces.app, "clone", failing="The workspace was not cloned.")
def clone_workspace(
    session: Session, *, name: workspaces.NameArgument, folder: FolderArgument = "", show: PrintOption = False
) -> None:
    """Clone a workspace with git; `git push` brings your commits back."""
    session.subject = name
    workspace = session.client.get(f"/workspaces/{name}")["workspace"]
    _clone(session, f"ws/{workspace['id']}.git", folder or workspace["name"], show=show)


@command(repositories.app, "clone", failing="The repository was not cloned.")
def clone_repository(
    session: Session,
    *,
    repository: Annotated[str, typer.Argument(metavar="REPO", help="The repository.")],
    folder: FolderArgument = "",
    show: PrintOption = False,
) -> None:
    """Clone a mirror with git."""
    session.subject = repository
    name = repositories.find_repository(session, repository)["name"]
    _clone(session, f"{name}.git", folder or name.rsplit("/", 1)[-1], show=show)


@command(app, "git-credential", failing="Git is told no token.", hidden=True)
def answer_git(
    session: Session, *, action: Annotated[str, typer.Argument(metavar="ACTION", help="What git wants: get.")]
) -> None:
    """Tell git the token of a server: a credential helper, as git calls it."""
    if action == "get":
        sys.stdout.write(f"username=grove\npassword={session.server.token}\n")


def _clone(session: Session, path: str, folder: str, *, show: bool) -> None:
    # The empty helper keeps the token out of those that the user has elsewhere.
    key, url = f"credential.{session.url}.helper", f"{session.url}/git/{path}"
    helper = f"!{shlex.quote(_own_path())} git-credential --host {shlex.quote(session.url)}"
    words = ["git", "clone", "-c", f"{key}=", "-c", f"{key}={helper}", "--", url, folder]
    if show:
        session.output.line(shlex.join(words))
        return
    from grove.sandbox import spawn  # noqa: PLC0415 - `--help` need not wait for it

    # What we start makes files for its owner alone; a clone is the user's, and made as the user makes files.
    usual = os.umask(0o077)
    os.umask(usual)
    argv = [SHELL, "-c", f'umask {usual:03o} && exec "$@"', SHELL, *words]
    process = spawn(argv, session.settings.environment(), cwd=Path.cwd())
    while (exit_code := process.wait(3600.0)) is None:
        pass
    if exit_code:
        raise Failure(
            f"{session.subject} was not cloned.",
            why=f"git ended with {exit_code}",
            next_step=f"{session.command} {session.subject} --print",
            exit_code=Exit.FAILED,
        )


def _own_path() -> str:
    """How git can call us."""
    started = Path(sys.argv[0])
    return str(started.resolve()) if started.name == "grove" else "grove"
