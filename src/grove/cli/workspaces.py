"""`grove ws`: private copies of repositories to change files in."""

import base64
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from grove.cli.asking import confirm
from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import counted, shown_age, shown_bytes
from grove.cli.repositories import YesOption
from grove.cli.session import Session

app = typer.Typer(no_args_is_help=True, help="Workspaces: private copies of repositories to change files in.")

FIELDS = ("id", "name", "branch", "target", "base", "head", "tree", "version", "used_at", "ended_at")
LISTED_FIELDS = (*FIELDS, "owner", "repository", "held_bytes", "state", "advice", "ahead", "behind", "ends_at")
LIST = (
    Column("NAME", lambda item: item["name"]),
    Column("ID", lambda item: item["id"]),
    Column("BRANCH", lambda item: item["branch"]),
    Column("FROM", lambda item: item["target"]),
    Column("HEAD", lambda item: item["head"], lambda item: item["head"][:12]),
    Column("USED", lambda item: item["used_at"], lambda item: shown_age(item["used_at"])),
)
LISTED = (
    *LIST,
    Column("REPOSITORY", lambda item: item["repository"]),
    Column("HELD", lambda item: item["held_bytes"], lambda item: shown_bytes(item["held_bytes"])),
    Column("STATE", lambda item: item["state"]),
    Column("AHEAD", lambda item: item["ahead"]),
    Column("BEHIND", lambda item: item["behind"]),
)
OWNER = (Column("OWNER", lambda item: item["owner"]),)
ENDED = (
    *LIST,
    Column("REPOSITORY", lambda item: item["repository"]),
    Column("RESCUE", lambda item: item["rescue"] or "", lambda item: (item["rescue"] or "")[:12]),
    Column("KEPT UNTIL", lambda item: (item["ends_at"] or "")[:10]),
)
NOTICE = timedelta(days=14)
BYTES_PER_SECOND_MIN = 128 * 1024
"""A slower line gives up on a large file."""
"""So long before a workspace ends by itself, its owner is told."""
CHANGES = (Column("KIND", lambda item: item["kind"]), Column("PATH", lambda item: item["path"]))
ENTRIES = (
    Column("KIND", lambda item: item["kind"]),
    Column("PATH", lambda item: item["path"]),
    Column("ID", lambda item: item["oid"], lambda item: item["oid"][:12]),
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The workspace: its name, or its id.")]
PathArgument = Annotated[str, typer.Argument(metavar="PATH", help="A path in the workspace.")]
ExpectedOption = Annotated[
    str | None, typer.Option("--expected", metavar="ID", help="Only if this is its content now; '' if it is new.")
]


@command(app, "create", failing="The workspace was not opened.", fields=FIELDS)
def create_workspace(
    session: Session,
    *,
    repository: Annotated[str, typer.Argument(metavar="REPO", help="The repository.")],
    name: Annotated[str, typer.Option("--name", "-n", help="What to call it.")],
    ref: Annotated[str, typer.Option("--ref", help="Branch, tag or commit; else the default branch.")] = "",
) -> None:
    """Open a workspace of a repository, on a branch of its own."""
    session.subject = repository
    session.output.row(session.client.post("/workspaces", {"repository": repository, "name": name, "ref": ref}), LIST)


@command(app, "list", failing="The workspaces could not be listed.", fields=LISTED_FIELDS)
def list_workspaces(
    session: Session,
    *,
    ended: Annotated[bool, typer.Option("--ended", help="Those that have ended and can be restored.")] = False,
    everybody: Annotated[bool, typer.Option("--all", help="Those of everybody, for administrators.")] = False,
) -> None:
    """List your workspaces."""
    found = session.client.get("/workspaces", ended=ended, everybody=everybody)
    columns = (ENDED if ended else LISTED) + (OWNER if everybody else ())
    session.output.items(found["items"], columns, empty="No workspaces.")
    for item in found["items"]:
        if item["advice"] and not everybody:
            session.output.note(f"{item['name']} is {item['state']}: {item['advice']}")
        if item["ends_at"] and not ended and datetime.fromisoformat(item["ends_at"]) - datetime.now(UTC) < NOTICE:
            session.output.note(f"{item['name']} ends on {item['ends_at'][:10]} unless it is changed before")


@command(app, "follow", failing="That was not changed.", fields=FIELDS)
def follow(
    session: Session,
    *,
    name: NameArgument,
    off: Annotated[bool, typer.Option("--off", help="Leave it where it is from now on.")] = False,
) -> None:
    """Have a workspace moved forward after each sync, as long as nothing of yours is in the way."""
    session.subject = name
    done = session.client.put(f"/workspaces/{name}/following", {"follows": not off})
    session.output.row(done, LIST)
    session.output.note(f"Follows {done['target']}." if done["follows"] else f"Follows {done['target']} no more.")


@command(app, "status", failing="The workspace could not be shown.", fields=("*",))
def show_status(session: Session, *, name: NameArgument) -> None:
    """Show what is not committed, and whether the workspace is stale."""
    status = _status(session, name)
    if session.output.is_json:
        session.output.json(status)
        return
    session.output.items(status["changes"], CHANGES, empty="Nothing to commit.")
    workspace = status["workspace"]
    words = f"{counted(status['ahead'], 'commit')} ahead, {status['behind']} behind {workspace['target']}"
    words = words if status["upstream"] else f"{workspace['target']} is no branch of the mirror"
    words += ", which it follows" if workspace["follows"] and status["upstream"] else ""
    session.output.note(f"on {workspace['branch']}, {words}")
    session.output.note(status["state"] + (f": {status['advice']}" if status["advice"] else ""))
    if status["ends_at"]:
        is_over = status["state"] == "ended"
        until = "what is kept of it goes on" if is_over else "ends by itself, unless it is changed before, on"
        session.output.note(f"{until} {status['ends_at'][:10]}")


@command(app, "diff", failing="The workspace could not be compared.", fields=("*",))
def show_diff(
    session: Session,
    *,
    name: NameArgument,
    since_base: Annotated[bool, typer.Option("--base", help="Since it began, committed or not.")] = False,
) -> None:
    """Show the changes as a patch."""
    status = _status(session, name, patches=True, since_base=since_base)
    if session.output.is_json:
        session.output.json(status)
        return
    for change in status["changes"]:
        session.output.line(change["patch"].rstrip("\n"))


@command(app, "files", failing="The files could not be listed.", fields=("path", "kind", "oid", "size_bytes"))
def list_files(
    session: Session,
    *,
    name: NameArgument,
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="A folder; else the whole.")] = "",
) -> None:
    """List what is in a folder."""
    session.subject = name
    session.output.items(session.client.get(f"/workspaces/{name}/files", path=folder)["items"], ENTRIES)


@command(app, "read", failing="The file could not be read.", fields=("path", "oid", "executable", "is_link", "text"))
def read_file(session: Session, *, name: NameArgument, path: PathArgument) -> None:
    """Write a file's content to standard output."""
    session.subject = name
    file = session.client.get(f"/workspaces/{name}/file", path=path)
    if session.output.is_json:
        session.output.json(file)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(base64.b64decode(file["base64"]))


@command(app, "write", failing="The file was not written.", fields=FIELDS)
def write_file(
    session: Session,
    *,
    name: NameArgument,
    path: PathArgument,
    source: Annotated[Path | None, typer.Option("--from", help="The file to take; else standard input.")] = None,
    expected: ExpectedOption = None,
) -> None:
    """Write a file, from standard input or another file."""
    try:
        content = sys.stdin.buffer.read() if source is None else source.read_bytes()
    except OSError as error:
        raise Failure(
            "The file was not written.",
            why=f"{source}: {error.strerror}",
            next_step=f"{session.command} {name} {path} < FILE",
            exit_code=Exit.INVALID,
        ) from error
    session.subject = name
    seconds_more = len(content) / BYTES_PER_SECOND_MIN
    given: dict[str, Any] = {"path": path, "expected": expected}
    written = session.client.post_bytes(
        f"/workspaces/{name}/file", content, method="PUT", seconds_more=seconds_more, **given
    )
    session.output.row(written, LIST)


@command(app, "rm", failing="The file was not removed.", fields=FIELDS)
def remove_file(session: Session, *, name: NameArgument, path: PathArgument, expected: ExpectedOption = None) -> None:
    """Remove a file."""
    _edit(session, name, {"kind": "remove", "path": path, "expected": expected})


@command(app, "mv", failing="The file was not moved.", fields=FIELDS)
def move_file(
    session: Session,
    *,
    name: NameArgument,
    path: PathArgument,
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Its new path.")],
    expected: ExpectedOption = None,
) -> None:
    """Move a file."""
    _edit(session, name, {"kind": "move", "path": path, "target": target, "expected": expected})


@command(app, "commit", failing="Nothing was committed.", fields=FIELDS)
def commit(
    session: Session,
    *,
    name: NameArgument,
    message: Annotated[str, typer.Option("--message", "-m", help="What the commit says.")],
) -> None:
    """Commit all changes."""
    session.subject = name
    session.output.row(session.client.post(f"/workspaces/{name}/commits", {"message": message}), LIST)


@command(app, "refresh", failing="The workspace was not moved forward.", fields=FIELDS)
def refresh(session: Session, *, name: NameArgument) -> None:
    """Move a workspace forward to what the mirror has now, when nothing of yours is in the way."""
    bring_in(session, name, "refresh")


@command(app, "delete", failing="The workspace was not ended.", fields=FIELDS)
def end_workspace(session: Session, *, name: NameArgument, yes: YesOption = False) -> None:
    """End a workspace; it can be restored, with what was not committed."""
    session.subject = name
    confirm(f"End the workspace {name}?", command=f"{session.command} {name}", yes=yes)
    ended = session.client.delete(f"/workspaces/{name}")
    session.output.row(ended, LIST)
    session.output.note(f"Restore it by: grove ws restore {ended['id']}")


@command(app, "restore", failing="The workspace was not restored.", fields=FIELDS)
def restore_workspace(session: Session, *, name: NameArgument) -> None:
    """Open a workspace again that has ended, by its id; by its name, the one that ended last."""
    session.subject = name
    session.output.row(session.client.post(f"/workspaces/{name}/restore"), LIST)


def bring_in(session: Session, name: str, how: str, wanted: dict[str, Any] | None = None) -> None:
    """Have what the mirror has of the branch brought in, and say whether there was anything."""
    before = _status(session, name)["workspace"]
    after = session.client.post(f"/workspaces/{name}/{how}", wanted)
    session.output.row(after, LIST)
    is_new = after["head"] != before["head"]
    moved = f"{after['branch']} was at {before['head'][:12]}, and is at {after['head'][:12]}."
    session.output.note(moved if is_new else f"The mirror has nothing of {after['target']} that is not here.")


def _status(session: Session, name: str, **asked: Any) -> dict[str, Any]:
    session.subject = name
    return session.client.get(f"/workspaces/{name}", **asked)


def _edit(session: Session, name: str, edit: dict[str, Any]) -> None:
    session.subject = name
    changed = session.client.post(f"/workspaces/{name}/edits", {"edits": [edit]})
    session.output.row(changed, LIST)
