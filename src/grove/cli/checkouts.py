"""`grove ws checkout`: the files of a workspace in a folder."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from grove.cli.asking import confirm
from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.quantity import counted, shown_bytes
from grove.cli.refusal import Refused
from grove.cli.repositories import YesOption
from grove.cli.session import Session
from grove.cli.workspaces import NameArgument

if TYPE_CHECKING:
    from grove.cli.client import Event  # `--help` need not wait for it

app = typer.Typer()

SERVER_FAILED = 500
SET_UP_SECONDS_MAX = 600.0
EXIT_OF_COMMAND = 1
"""Whatever a command in a workspace ended with, so that it is not taken for an exit code of ours."""
FIELDS = (
    "path",
    "method",
    "files",
    "size_bytes",
    "seconds",
    "tree",
    "made_at",
    "is_warm",
    "left_out",
    "set_up",
    "sparse",
)
PATH = (Column("PATH", lambda item: item["path"]),)

LEFT_OUT = (Column("NOT TAKEN", lambda item: item["path"]), Column("WHY", lambda item: item["why"]))


@command(app, "checkout", failing="The files were not laid out.", fields=FIELDS)
def check_out(
    session: Session,
    *,
    name: NameArgument,
    remove: Annotated[bool, typer.Option("--remove", help="Take the folder away, with all changes in it.")] = False,
    again: Annotated[bool, typer.Option("--set-up", help="Prepare a folder that there is once more.")] = False,
    sparse: Annotated[
        list[str] | None, typer.Option("--sparse", metavar="FOLDER", help="Lay out only this folder; or add it.")
    ] = None,
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
    query = urlencode([("again", str(again).lower()), *(("sparse", folder) for folder in sparse or [])])
    made = session.client.post(f"/workspaces/{name}/checkout?{query}", seconds_more=SET_UP_SECONDS_MAX)
    session.output.row(made, PATH)
    session.output.note(_told(made))
    if made["set_up"]["state"] == "failed":
        session.output.piece(made["set_up"]["log"], complaint=True)
        session.output.note(f"The files are there; setting them up failed: {made['set_up']['reason']}", style="red")
        raise typer.Exit(EXIT_OF_COMMAND)


@command(app, "collect", failing="The folder and the workspace were not brought together.", fields=("*",))
def collect(session: Session, *, name: NameArgument) -> None:
    """Take what was changed in the folder into the workspace, and what was changed there into the folder."""
    session.subject = name
    done = session.client.post(f"/workspaces/{name}/collect")
    if session.output.is_json:
        session.output.json(done)
        return
    session.output.items([{"path": path, "why": why} for path, why in done["left_out"].items()], LEFT_OUT, empty="")
    commits = f"; commits not taken: {done['commits_problem']}" if done["commits_problem"] else ""
    commits = "; commits taken" if done["commits"] else commits
    files = f"{counted(done['from_folder'], 'file')} from the folder, {done['into_folder']} into it"
    session.output.note(files + commits)


@command(app, "exec", failing="The command was not run.", fields=("*",))
def execute(
    session: Session,
    *,
    name: NameArgument,
    words: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The command and its words.")],
    seconds: Annotated[float, typer.Option("--seconds", help="How long it may take.")] = 60.0,
    memory: Annotated[int, typer.Option("--memory", metavar="MB", help="How much memory it may use.")] = 1_024,
    processes: Annotated[int, typer.Option("--processes", help="How many processes it may have.")] = 64,
    network: Annotated[bool, typer.Option("--network", help="Let it reach the network.")] = False,
) -> None:
    """Run a command in the folder of a workspace, confined; what it changes comes into the workspace."""
    session.subject = name
    order = {
        "command": words,
        "seconds_max": seconds,
        "memory_mb_max": memory,
        "processes_max": processes,
        "network": network,
    }
    if session.output.is_json:
        done = session.client.post(f"/workspaces/{name}/exec", order, seconds_more=seconds)
        session.output.json(done)
    else:
        done = _shown(
            session, session.client.post_events(f"/workspaces/{name}/exec/stream", order, seconds_more=seconds)
        )
        session.output.note(_ended(done))
    if done["exit_code"] != 0:
        raise typer.Exit(EXIT_OF_COMMAND)


def _shown(session: Session, events: "Iterable[Event]") -> dict[str, Any]:
    """Show what a command says while it runs; how it ended.

    :raises Refused: if the server does not say how it ended.
    """
    for event in events:
        if event.name == "output":
            if event.body["left_out_bytes"]:
                session.output.note(f"[{shown_bytes(event.body['left_out_bytes'])} came too fast and are not shown]")
            session.output.piece(event.body["text"], complaint=event.body["stream"] == "stderr")
        elif event.name == "done":
            return event.body
        elif event.name == "alert":
            raise Refused(status=SERVER_FAILED, problem_code=event.body["code"], reason=event.body["message"])
    raise Refused(status=SERVER_FAILED, problem_code="", reason="the server stopped telling before the command ended")


def _ended(done: dict[str, Any]) -> str:
    how = f"stopped: {done['stopped']}" if done["stopped"] else f"exit code {done['exit_code']}"
    collected = done["collected"]
    changes = counted(collected["from_folder"], "file") + " changed" if collected else done["problem"]
    held = f"confined by {done['method']}, bounds held by {done['held_by']}"
    return f"{how} after {done['seconds']:.1f} s, {held}; {changes}"


def _told(made: dict[str, Any]) -> str:
    size = shown_bytes(made["size_bytes"])
    ready = ", lying ready," if made["is_warm"] else ""
    left_out = f"; {counted(len(made['left_out']), 'file')} left out" if made["left_out"] else ""
    only = f"; only {', '.join(made['sparse'])}" if made["sparse"] else ""
    left_out += only
    return f"{counted(made['files'], 'file')}, {size}, by {made['method']}{ready} in {made['seconds']:.2f} s{left_out}"
