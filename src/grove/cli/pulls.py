"""`grove repo pr`: open pull requests, and what they change."""

from typing import Annotated

import typer

from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.quantity import counted
from grove.cli.repositories import NameArgument, find_repository
from grove.cli.session import Session

app = typer.Typer()

PULLS = (
    Column("NUMBER", lambda item: item["number"]),
    Column("TITLE", lambda item: item["title"]),
    Column("INTO", lambda item: item["target"]),
    Column("HEAD", lambda item: item["head"], lambda item: item["head"][:12]),
    Column("URL", lambda item: item["url"]),
)
FILES = (
    Column("KIND", lambda item: item["kind"]),
    Column("PATH", lambda item: item["path"]),
    Column("ADDED", lambda item: item["lines_added"]),
    Column("REMOVED", lambda item: item["lines_removed"]),
)
SYMBOLS = (
    Column("CHANGE", lambda item: item["change"]),
    Column("KIND", lambda item: item["kind"]),
    Column("NAME", lambda item: ".".join(filter(None, (item["container"], item["name"])))),
    Column("PLACE", lambda item: f"{item['path']}:{item['line']}"),
)


@command(app, "pr", failing="The pull requests could not be shown.", fields=("*",))
def show_pulls(
    session: Session,
    *,
    name: NameArgument,
    number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", help="One of them: what it changes.")] = None,
    track: Annotated[
        bool | None, typer.Option("--track/--no-track", help="Whether to mirror and index those that are open.")
    ] = None,
) -> None:
    """List open pull requests, or show what one changes; `rev:pr/NUMBER` searches it."""
    path = f"/repositories/{find_repository(session, name)['id']}/pulls"
    if track is not None:
        session.client.put(path, {"tracked": track})
    if number is not None:
        _show_one(session, f"{path}/{number}")
        return
    told = session.client.get(path)
    empty = "No open pull requests." if told["tracked"] else f"They are not mirrored: grove repo pr {name} --track"
    session.output.items(told["items"], PULLS, empty=empty)


def _show_one(session: Session, path: str) -> None:
    delta = session.client.get(path)
    if session.output.is_json:
        session.output.json(delta)
        return
    session.output.items(delta["files"], FILES, empty="No files.")
    session.output.items(delta["symbols"], SYMBOLS, empty="No definitions.")
    unread = f"; {counted(delta['files_unread'], 'file')} not looked into" if delta["files_unread"] else ""
    session.output.note(f"since {delta['base'][:12]}; grove search 'rev:pr/{delta['pull']['number']} …'{unread}")
