"""`grove ws checkout`: the files of a workspace in a folder."""

from typing import Annotated, Any

import typer

from grove.cli.asking import confirm
from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.quantity import counted, shown_bytes
from grove.cli.repositories import YesOption
from grove.cli.session import Session
from grove.cli.workspaces import NameArgument

app = typer.Typer()

FIELDS = ("path", "method", "files", "size_bytes", "seconds", "tree", "made_at", "left_out")
PATH = (Column("PATH", lambda item: item["path"]),)


@command(app, "checkout", failing="The files were not laid out.", fields=FIELDS)
def check_out(
    session: Session,
    *,
    name: NameArgument,
    remove: Annotated[bool, typer.Option("--remove", help="Take the folder away, with all changes in it.")] = False,
    yes: YesOption = False,
) -> None:
    """Lay the files of a workspace out in a folder on the server's machine, and show where."""
    session.subject = name
    if remove:
        question = f"Remove the folder of {name}, with all changes in it?"
        confirm(question, command=f"{session.command} {name} --remove", yes=yes)
        session.output.row(session.client.delete(f"/workspaces/{name}/checkout"), PATH)
        session.output.note("The folder is gone.")
        return
    made = session.client.post(f"/workspaces/{name}/checkout")
    session.output.row(made, PATH)
    session.output.note(_told(made))


def _told(made: dict[str, Any]) -> str:
    size = shown_bytes(made["size_bytes"])
    left_out = f"; {counted(len(made['left_out']), 'file')} left out" if made["left_out"] else ""
    return f"{counted(made['files'], 'file')}, {size}, by {made['method']} in {made['seconds']:.2f} s{left_out}"
