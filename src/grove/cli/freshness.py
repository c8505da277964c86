"""`grove repo freshness`: how a mirror keeps up with its upstream."""

import re
from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import shown_seconds
from grove.cli.repositories import NameArgument, find_repository
from grove.cli.session import Session

app = typer.Typer()

FIELDS = ("preset", "on_hook", "poll_seconds", "watch")
SECONDS_OF = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
NEVER = "never"


def _polls(item: Any) -> str:
    return f"every {shown_seconds(item['poll_seconds'])}" if item["poll_seconds"] else NEVER


VIEW = (
    Column("PRESET", lambda item: item["preset"], lambda item: item["preset"] or "custom"),
    Column("HOOKS", lambda item: item["on_hook"], lambda item: "heeded" if item["on_hook"] else "not heeded"),
    Column("POLLS", lambda item: item["poll_seconds"], _polls),
    Column("WATCH", lambda item: item["watch"], lambda item: "yes" if item["watch"] else "no"),
)


@command(app, "freshness", failing="How the repository keeps up was not changed.", fields=FIELDS)
def freshness(
    session: Session,
    *,
    name: NameArgument,
    preset: Annotated[str | None, typer.Option(help="watch, hook, job or manual.")] = None,
    poll: Annotated[str | None, typer.Option(help="How often to ask the host: 90s, 15m, 6h, 1d or never.")] = None,
    hook: Annotated[bool | None, typer.Option("--hook/--no-hook", help="Whether to heed webhooks.")] = None,
    watch: Annotated[bool | None, typer.Option("--watch/--no-watch", help="Whether to watch a local folder.")] = None,
) -> None:
    """Show or set how a mirror keeps up with its upstream."""
    path = f"/repositories/{find_repository(session, name)['id']}/freshness"
    switches = {"on_hook": hook, "poll_seconds": _seconds(session, poll), "watch": watch}
    given = {key: value for key, value in switches.items() if value is not None}
    if preset is not None:
        session.output.item(session.client.put(path, {"preset": preset, **given}), VIEW)
    elif given:
        present = session.client.get(path)
        wanted = {key: present[key] for key in switches} | given
        session.output.item(session.client.put(path, wanted | {"poll_seconds": wanted["poll_seconds"] or None}), VIEW)
    else:
        session.output.item(session.client.get(path), VIEW)


def _seconds(session: Session, poll: str | None) -> int | None:
    """The interval in seconds, 0 for never, and nothing if none is given."""
    if poll is None:
        return None
    if poll == NEVER:
        return 0
    parts = re.fullmatch(r"([0-9]{1,9})([smhd])", poll)
    if parts is None:
        raise Failure(
            f"{poll} is no interval.",
            why="it is a number with s, m, h or d behind it, such as 15m, or the word never",
            next_step=f"{session.command} --help",
            exit_code=Exit.INVALID,
        )
    return int(parts[1]) * SECONDS_OF[parts[2]]
