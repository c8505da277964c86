"""`grove ws apply`, `log`, `merge` and `rebase`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import counted, shown_age
from grove.cli.refusal import Refused
from grove.cli.session import Session
from grove.cli.workspaces import FIELDS, LIST, NameArgument, bring_in
from grove.git import is_safe_path

app = typer.Typer()

COMMITS = (
    Column("COMMIT", lambda item: item["oid"], lambda item: item["oid"][:12]),
    Column("WHEN", lambda item: item["committed_at"], lambda item: shown_age(item["committed_at"])),
    Column("AUTHOR", lambda item: item["author"]),
    Column("MESSAGE", lambda item: item["message"].splitlines()[0] if item["message"].strip() else ""),
)
HUNKS = (
    Column("PATH", lambda item: item["path"]),
    Column("LINE", lambda item: item["line"]),
    Column("WHY", lambda item: item["reason"]),
)
CONFLICTS = (
    Column("CONFLICT", lambda item: item["path"]),
    Column("BASE", lambda item: _short(item["base"])),
    Column("OURS", lambda item: _short(item["ours"])),
    Column("THEIRS", lambda item: _short(item["theirs"])),
)

WriteOption = Annotated[
    Path | None, typer.Option("--write", metavar="DIR", help="Write files with conflicts here, both sides marked.")
]
ResolvedOption = Annotated[
    Path | None, typer.Option("--resolved", metavar="DIR", help="Take the files in this folder for conflicts.")
]
OursOption = Annotated[list[str] | None, typer.Option("--ours", metavar="PATH", help="Keep the workspace's side.")]


@command(app, "apply", failing="The patch was not applied.", fields=FIELDS)
def apply_patch(
    session: Session,
    *,
    name: NameArgument,
    source: Annotated[Path | None, typer.Argument(metavar="PATCH", help="A file; else standard input.")] = None,
) -> None:
    """Apply a patch in git's format: all of it, or nothing."""
    session.subject = name
    content = sys.stdin.buffer.read() if source is None else _read(session, source, name)
    body = {"patch": content.decode(errors="replace")}
    try:
        session.output.row(session.client.post(f"/workspaces/{name}/patches", body), LIST)
    except Refused as refused:
        if refused.problem_code == "patch_refused":
            hunks: Any = refused.facts["hunks"]
            session.output.items(hunks, HUNKS)
        raise


@command(app, "log", failing="The commits could not be listed.", fields=("oid", "author", "committed_at", "message"))
def show_log(
    session: Session,
    *,
    name: NameArgument,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many.")] = 20,
) -> None:
    """List the commits that lead to the workspace's last one, the newest first."""
    session.subject = name
    session.output.items(session.client.get(f"/workspaces/{name}/commits", limit=limit)["items"], COMMITS)


@command(app, "merge", failing="Nothing was merged.", fields=FIELDS)
def merge(
    session: Session,
    *,
    name: NameArgument,
    write: WriteOption = None,
    resolved: ResolvedOption = None,
    ours: OursOption = None,
    theirs: Annotated[list[str] | None, typer.Option(metavar="PATH", help="Take the mirror's side.")] = None,
) -> None:
    """Merge what the mirror has of the branch: all of it, or nothing.

    Where both changed the same lines, say what it is to be: --ours, --theirs, or --write DIR, edit there, and
    --resolved DIR.
    """
    with refused_with_conflicts(session, write=write):
        wanted = resolutions(session, name, ours=ours, theirs=theirs, resolved=resolved)
        bring_in(session, name, "merge", {"resolutions": wanted})


@command(app, "rebase", failing="Nothing was rebased.", fields=FIELDS)
def rebase(session: Session, *, name: NameArgument) -> None:
    """Make the workspace's commits anew on top of what the mirror has now: all of them, or none."""
    with refused_with_conflicts(session):
        bring_in(session, name, "rebase")


def resolutions(
    session: Session, name: str, *, ours: list[str] | None, theirs: list[str] | None, resolved: Path | None
) -> list[dict[str, Any]]:
    """What the user says that paths with conflicts are to be."""
    sides = [("ours", path) for path in ours or ()] + [("theirs", path) for path in theirs or ()]
    found: list[dict[str, Any]] = [{"path": path, "take": side} for side, path in sides]
    paths = [] if resolved is None else [path for path in sorted(resolved.rglob("*")) if path.is_file()]
    return found + [
        {"path": path.relative_to(resolved).as_posix(), "text": _read(session, path, name).decode(errors="replace")}
        for path in paths
        if resolved is not None
    ]


@contextmanager
def refused_with_conflicts(session: Session, *, write: Path | None = None) -> Iterator[None]:
    """Show the conflicts for which something is refused, and write the files with both sides marked to a folder."""
    try:
        yield
    except Refused as refused:
        _show_conflicts(session, refused, write)
        raise


def _show_conflicts(session: Session, refused: Refused, write: Path | None) -> None:
    if refused.problem_code not in {"merge_conflicts", "stash_conflicts"}:
        return
    conflicts: Any = refused.facts["conflicts"]
    session.output.items(conflicts, CONFLICTS)
    texts = {each["path"]: each["text"] for each in conflicts if each["text"] is not None}
    for path, text in texts.items() if write is not None else ():
        if write is not None and is_safe_path(path.encode()):
            (write / path).parent.mkdir(parents=True, exist_ok=True)
            (write / path).write_text(text, encoding="utf-8")
    if write is not None:
        session.output.note(f"{counted(len(texts), 'file')} written to {write}")


def _read(session: Session, source: Path, name: str) -> bytes:
    try:
        return source.read_bytes()
    except OSError as error:
        raise Failure(
            "The file could not be read.",
            why=f"{source}: {error.strerror}",
            next_step=f"{session.command} {name} --help",
            exit_code=Exit.INVALID,
        ) from error


def _short(oid: str | None) -> str:
    return oid[:12] if oid else "-"
