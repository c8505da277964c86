"""`grove import cidx`: repositories and working copies of a CIDX server, taken over with a report of each."""

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from grove.cli.command import command
from grove.cli.failure import Exit
from grove.cli.output import Column
from grove.cli.quantity import counted
from grove.cli.refusal import Refused
from grove.cli.session import Session

if TYPE_CHECKING:
    from grove.cidx import CidxEntry

app = typer.Typer(no_args_is_help=True, help="Take over what another server keeps.")

FIELDS = ("kind", "name", "owner", "state", "path", "url", "note")
REPORT = (
    Column("KIND", lambda item: item["kind"]),
    Column("NAME", lambda item: item["name"]),
    Column("OWNER", lambda item: item["owner"]),
    Column("STATE", lambda item: item["state"]),
    Column("PATH", lambda item: item["path"]),
    Column("NOTE", lambda item: item["note"]),
)
_SSH: Final = re.compile(r"ssh://(?:[\w.-]+@)?(?P<host>[\w.-]+)(?::\d+)?/(?P<path>[^:]+?)/?")
_SCP: Final = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w-]+(?:\.[\w-]+)+):(?P<path>[^:/][^:]*?)/?")
_KEPT_ALREADY: Final = "repository_exists"
_THERE_ALREADY: Final = "workspace_exists"


class State(StrEnum):
    """What came of an entry."""

    WANTED = "would be taken"
    TAKEN = "taken"
    KNOWN = "there already"
    LEFT = "left as it is"
    FAILED = "failed"


@command(app, "cidx", failing="Nothing was taken over.", fields=FIELDS)
def import_cidx(
    session: Session,
    *,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The data folder of CIDX, on this machine.")],
    copy: Annotated[bool, typer.Option("--copy", help="Mirror each from its git host; the usual way.")] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Mirror each from where it lies; the server must allow the folder.")
    ] = False,
    user: Annotated[
        str, typer.Option("--user", metavar="NAME", help="Whose activated repositories become your workspaces.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Take over the repositories of a CIDX server; its folder is read, never changed. It may be done again."""
    from grove.cidx import read_cidx  # noqa: PLC0415 - `--help` need not wait for it

    session.subject = str(folder)
    if copy and adopt:
        raise typer.BadParameter("--copy and --adopt exclude each other")
    report = []
    for entry in read_cidx(folder.expanduser().absolute()):
        state, note = _taken(session, entry, adopt=adopt, user=user, dry_run=dry_run)
        report.append(_shown(entry, state, note))
    session.output.items(report, REPORT, empty="It names no repository.")
    states = [each["state"] for each in report]
    session.output.note(", ".join(f"{states.count(state)} {state}" for state in State if state in states))
    if State.FAILED in states:
        session.output.note(f"{counted(states.count(State.FAILED), 'entry', 'entries')} need a look", style="yellow")
        raise typer.Exit(Exit.FAILED)


def _taken(session: Session, entry: "CidxEntry", *, adopt: bool, user: str, dry_run: bool) -> tuple[State, str]:
    """What comes of an entry, and what is to be said of it."""
    if entry.problem:
        return State.FAILED, entry.problem
    if entry.owner and entry.owner != user:
        return State.LEFT, f"--user {entry.owner} makes it a workspace"
    address = str(entry.path) if adopt else address_of(entry.url)
    if not entry.owner and not address:
        return State.FAILED, "no address of a git host is known; --adopt takes it from where it lies"
    if dry_run:
        return State.WANTED, f"of {entry.repository}" if entry.owner else f"{entry.resolved}: {address}"
    try:
        return State.TAKEN, _opened(session, entry) if entry.owner else _connected(session, entry, address)
    except Refused as refused:
        is_known = refused.problem_code in {_KEPT_ALREADY, _THERE_ALREADY}
        return (State.KNOWN, "") if is_known else (State.FAILED, refused.reason)


def _opened(session: Session, entry: "CidxEntry") -> str:
    body = {"repository": entry.repository, "name": entry.name, "ref": entry.branch}
    session.client.post("/workspaces", body)
    return f"at {entry.branch or 'the default branch'}; what is only in the folder stays there"


def _connected(session: Session, entry: "CidxEntry", address: str) -> str:
    connected = session.client.post("/repositories", {"url": address, "name": entry.name})
    return "" if connected["job_id"] else "it waits for an approval"


def address_of(url: str) -> str:
    """The HTTPS address of a repository that may have been cloned by SSH; nothing when it has none."""
    if url.startswith("https://"):
        return url
    found = _SSH.fullmatch(url) or _SCP.fullmatch(url)
    return f"https://{found['host']}/{found['path']}" if found else ""


def _shown(entry: "CidxEntry", state: State, note: str) -> dict[str, Any]:
    path = str(entry.path or "")
    return {
        "kind": entry.kind,
        "name": entry.name,
        "owner": entry.owner,
        "state": state,
        "path": path,
        "url": entry.url,
        "note": note,
    }
