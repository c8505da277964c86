"""`grove add`: look at a repository first, then have it kept, and watch that happen."""

from pathlib import Path
from typing import Annotated, Any

import typer

from grove.cli import repositories
from grove.cli.asking import confirm, read_secret
from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.quantity import NOTHING, counted, shown_bytes
from grove.cli.repositories import DETAIL_FIELDS, LIST, YesOption
from grove.cli.session import Session
from grove.cli.watching import follow_work

app = typer.Typer()


def _refs(report: Any) -> str:
    return f"{counted(report['branch_count'], 'branch', 'branches')}, {counted(report['tag_count'], 'tag')}"


def _size(report: Any) -> str:
    size = "unknown" if report["estimated_bytes"] is None else shown_bytes(report["estimated_bytes"])
    return f"{size} of {shown_bytes(report['limit_bytes'])} allowed"


CARD = (
    Column("NAME", lambda item: item["name"]),
    Column("URL", lambda item: item["url"]),
    Column("BRANCH", lambda item: item["default_branch"]),
    Column("COMMIT", lambda item: item["head_commit"]),
    Column("REFS", lambda item: item["branch_count"] + item["tag_count"], _refs),
    Column("SIZE", lambda item: item["estimated_bytes"], _size),
)


def add_repository(
    session: Session,
    *,
    address: Annotated[str, typer.Argument(metavar="URL|PATH", help="https://…, or a folder that the server allows.")],
    token_stdin: Annotated[bool, typer.Option("--token-stdin", help="Read the host's token from stdin.")] = False,
    token_file: Annotated[Path | None, typer.Option(help="Read the host's token from this file.")] = None,
    ask_token: Annotated[bool, typer.Option("--ask-token", help="Ask for the host's token.")] = False,
    username: Annotated[str | None, typer.Option(help="The user that the token belongs to.")] = None,
    credential: Annotated[str | None, typer.Option(help="A credential that is kept, instead of a token.")] = None,
    name: Annotated[str | None, typer.Option(help="What it is to be called; else its address.")] = None,
    project: Annotated[str | None, typer.Option(help="The project that it is for.")] = None,
    track: Annotated[list[str] | None, typer.Option(metavar="PATTERN", help="Branches to index.")] = None,
    reason: Annotated[str, typer.Option(help="Why it is needed; who approves it will see that.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Only look whether it could be kept.")] = False,
    yes: YesOption = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait until it is indexed.")] = False,
) -> None:
    """Have a repository kept: mirrored, indexed, and found by searches."""
    source = {
        "url": _absolute(address),
        "access_token": _token(session, stdin=token_stdin, file=token_file, ask=ask_token),
        "username": username,
        "credential": credential,
        "name": name,
        "project": project,
        "branches": track or None,
        "reason": reason,
    }
    session.subject = address
    report = session.client.post("/repositories/check", source)
    if check:
        session.output.item(report, CARD)
        return
    for column in CARD:
        shown = column.shown(report) if column.shown else column.value(report)
        session.output.note(f"{column.title.lower():<7} {shown or NOTHING}")
    if session.is_interactive:
        confirm(f"Keep {report['name']}?", command=f"{session.command} {address}", yes=yes)
    _connect(session, source, no_wait=no_wait)


def _connect(session: Session, source: dict[str, Any], *, no_wait: bool) -> None:
    connected = session.client.post("/repositories", source)
    repository, job_id = connected["repository"], connected["job_id"]
    if job_id is None:
        note = f"It waits for somebody who may approve it: grove request show {repository['name']}"
        session.output.note(note, style="yellow")
    elif not no_wait:
        follow_work(session, repository["id"], first_job_id=job_id)
    session.output.row(session.client.get(f"/repositories/{repository['id']}"), LIST)


def _absolute(address: str) -> str:
    """A path as the server will know it; an address stays what it is."""
    is_path = address.startswith((".", "/", "~")) or ("://" not in address and Path(address).is_dir())
    return str(Path(address).expanduser().resolve()) if is_path else address


def _token(session: Session, *, stdin: bool, file: Path | None, ask: bool) -> str | None:
    if not (stdin or file or ask):
        return None
    return read_secret(what="token", command=session.command, stdin=stdin, file=file)


_FAILING = "The repository was not added."
command(app, "add", failing=_FAILING, fields=DETAIL_FIELDS)(add_repository)
command(repositories.app, "add", failing=_FAILING, fields=DETAIL_FIELDS)(add_repository)
