"""`grove repo prepare`: what is done to checkouts of a repository before they are used."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.repositories import NameArgument, find_repository
from grove.cli.session import Session

app = typer.Typer()
SWITCH = {"on": True, "off": False}
DETAIL = (
    Column("SET UP", lambda item: item["set_up"]),
    Column("NETWORK", lambda item: item["network"]),
    Column("SECONDS", lambda item: item["seconds_max"]),
    Column("MOVABLE", lambda item: item["movable"]),
    Column("FILES", lambda item: sorted(item["files"])),
)
Switch = Literal["on", "off"] | None


@command(app, "prepare", failing="The preparation was not set.", fields=("*",))
def prepare(
    session: Session,
    *,
    name: NameArgument,
    set_up: Annotated[str | None, typer.Option("--set-up", help="A command for the shell; empty for none.")] = None,
    network: Annotated[Switch, typer.Option("--network", help="Let it reach the network.")] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", help="How long it may take.")] = None,
    movable: Annotated[
        Switch, typer.Option("--movable", help="What it makes works in any folder: it is run before one is wanted.")
    ] = None,
    file: Annotated[
        list[str] | None, typer.Option("--file", metavar="PATH=FILE", help="Bring a file of yours along.")
    ] = None,
    forget: Annotated[list[str] | None, typer.Option("--forget", metavar="PATH", help="Bring it no more.")] = None,
) -> None:
    """Show or set what every new checkout of a repository gets: files beside those of its commit, and a command."""
    session.subject = name
    path = f"/repositories/{find_repository(session, name)['id']}/preparation"
    now = session.client.get(path)
    wanted = {
        "set_up": set_up,
        "seconds_max": seconds,
        "network": SWITCH[network] if network else None,
        "movable": SWITCH[movable] if movable else None,
    }
    changes: dict[str, Any] = {key: value for key, value in wanted.items() if value is not None}
    if file or forget:
        kept = {path: text for path, text in now["files"].items() if path not in (forget or [])}
        changes["files"] = {**kept, **dict(map(_read, file or []))}
    session.output.item(session.client.put(path, {**now, **changes}) if changes else now, DETAIL)


def _read(given: str) -> tuple[str, str]:
    path, _, source = given.partition("=")
    try:
        return path, Path(source or path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(
            f"{source or path} cannot be read.",
            why=str(error),
            next_step="--file PATH=FILE, with a file of text",
            exit_code=Exit.INVALID,
        ) from error
