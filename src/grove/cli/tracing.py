"""`grove log`, `grove blame` and `grove diff`: where files and lines come from, and how two revisions differ."""

from typing import Annotated, Any

import typer
from rich.text import Text

from grove.cli.command import command
from grove.cli.escape import as_field, visible
from grove.cli.output import Column, Form
from grove.cli.quantity import counted
from grove.cli.reading import parse_place
from grove.cli.repositories import find_repository
from grove.cli.session import Session

app = typer.Typer()

LOG_FIELDS = ("commit", "parents", "subject", "author", "authored_at", "committed_at", "path", "renamed_from")
COMMIT_DIGITS = 12
_STYLES = {"+": "green", "-": "red", "@": "cyan"}

LOG = (
    Column("COMMIT", lambda item: item["commit"], lambda item: item["commit"][:COMMIT_DIGITS]),
    Column("DATE", lambda item: item["committed_at"], lambda item: item["committed_at"][:10]),
    Column("AUTHOR", lambda item: item["author"]),
    Column("SUBJECT", lambda item: item["subject"]),
    Column("FROM", lambda item: item["renamed_from"], lambda item: item["renamed_from"] or ""),
)


@command(app, "log", failing="The file's history could not be shown.", fields=LOG_FIELDS)
def log_file(
    session: Session,
    *,
    place: Annotated[str, typer.Argument(metavar="REPO[@REF]:PATH", help="The file.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=500, help="Commits at most.")] = 50,
) -> None:
    """Show the commits that changed a file, newest first, through its renames."""
    wanted = parse_place(place, with_lines=False)
    repository = find_repository(session, wanted.repository)
    path = f"/repositories/{repository['id']}/log"
    found = session.client.get(path, path=wanted.path, rev=wanted.revision or None, limit=limit)
    session.output.items(found["commits"], LOG, empty="No commit changed it.")
    more = " · there is more: --limit" if found["more"] else ""
    session.output.note(f"— {visible(found['repository'])} at {found['commit'][:COMMIT_DIGITS]}{more}")


@command(app, "blame", failing="The file could not be shown.")
def blame_file(
    session: Session,
    *,
    place: Annotated[str, typer.Argument(metavar="REPO[@REF]:PATH[:10-40]", help="The file, and lines of it.")],
) -> None:
    """Show which commit each line of a file is from."""
    wanted = parse_place(place, with_lines=True)
    repository = find_repository(session, wanted.repository)
    found = session.client.get(
        f"/repositories/{repository['id']}/blame",
        path=wanted.path,
        rev=wanted.revision or None,
        start_line=wanted.first_line,
        end_line=wanted.last_line,
    )
    output = session.output
    if output.is_json:
        output.json(found)
        return
    for each in found["ranges"]:
        for number, line in enumerate(each["lines"], start=each["first_line"]):
            if output.form is Form.TABLE:
                head = f"{each['commit'][:COMMIT_DIGITS]} {each['authored_at'][:10]} {_name(each['author'])}"
                output.text(Text(visible(f"{head} {number:>5}│ "), style="dim") + Text(visible(line)))
            else:
                fields = (each["commit"], each["authored_at"], each["author"], str(number), line)
                output.line("\t".join(map(as_field, fields)))
    output.note(f"— {visible(found['repository'])} at {found['commit'][:COMMIT_DIGITS]}")


@command(app, "diff", failing="The difference could not be shown.")
def diff_revisions(
    session: Session,
    *,
    repository: Annotated[str, typer.Argument(metavar="REPO", help="The repository.")],
    before: Annotated[str, typer.Argument(metavar="REF1", help="A branch, tag or commit.")],
    after: Annotated[str, typer.Argument(metavar="REF2", help="Another.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="Only below this path.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=300, help="Files at most.")] = 100,
    context: Annotated[int, typer.Option("--context", "-C", min=0, max=20, help="Lines around a change.")] = 3,
    names: Annotated[bool, typer.Option("--names", help="Only the paths.")] = False,
) -> None:
    """Show how two branches, tags or commits differ."""
    found = session.client.get(
        f"/repositories/{find_repository(session, repository)['id']}/diff",
        before=before,
        after=after,
        path=path or None,
        limit=limit,
        context=context,
    )
    output = session.output
    if output.is_json:
        output.json(found)
        return
    for file in found["files"]:
        _show_file(session, file, names=names)
    more = " · there is more: --limit, or a path" if found["more"] else ""
    pair = f"{found['before'][:COMMIT_DIGITS]} to {found['after'][:COMMIT_DIGITS]}"
    output.note(f"— {visible(found['repository'])}, {pair}: {counted(found['file_count'], 'file', 'files')}{more}")


def _show_file(session: Session, file: dict[str, Any], *, names: bool) -> None:
    output = session.output
    moved = f"{file['old_path']} → {file['path']}" if file["old_path"] != file["path"] else file["path"]
    if output.form is not Form.TABLE or names:
        fields = (file["kind"], str(file["added"]), str(file["removed"]), file["path"], file["old_path"])
        output.line("\t".join(map(as_field, fields)) if output.form is not Form.TABLE else visible(moved))
        return
    output.text(Text(visible(f"{file['kind']} {moved}"), style="bold"))
    for line in file["patch"]:
        output.text(Text(visible(line), style=_STYLES.get(line[:1], "")))
    if file["cut"]:
        output.line("⋯")


def _name(author: str) -> str:
    return f"{author.partition(' <')[0][:16]:<16}"
