"""`grove cat`, `grove link` and `grove tree`: files at any branch, tag or commit."""

import re
import shlex
import sys
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.escape import visible, visible_lines
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import shown_bytes
from grove.cli.repositories import find_repository
from grove.cli.session import Session

app = typer.Typer()

LINK_FIELDS = ("repository", "repository_id", "commit", "path", "url")
TREE_FIELDS = ("path", "kind", "size_bytes", "oid")
_PORT = re.compile(r"(localhost|[^/:@]*\.[^/:@]*):\d+/")
_LINES = re.compile(r"(?P<rest>.+):(?P<first>[1-9]\d*)(-(?P<last>[1-9]\d*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository at a revision, a path in it, and lines of it."""

    repository: str
    revision: str
    path: str
    first_line: int | None = None
    last_line: int | None = None


def parse_place(text: str, *, with_lines: bool) -> Place:
    """Read `REPO[@REF]:PATH[:10-40]`; a port in the repository's name is no path: `git.example.org:8443/web:README`.

    :raises Failure: if it is no such place.
    """
    first = last = None
    if with_lines and text.count(":") > 1 and (lines := _LINES.fullmatch(text)):
        first = int(lines["first"])
        last = int(lines["last"] or first)
        text = lines["rest"]
    name, _, path = _split_path(text)
    repository, _, revision = name.partition("@")
    if not repository or (last is not None and first is not None and last < first):
        raise Failure(
            f"{text} is not a place in a repository.",
            why="a place is written REPO[@REF]:PATH[:10-40]",
            next_step="grove cat payments-api@main:src/net/retry.py:10-40",
            exit_code=Exit.INVALID,
        )
    return Place(repository=repository, revision=revision, path=path.strip("/"), first_line=first, last_line=last)


def _split_path(text: str) -> tuple[str, str, str]:
    with_port = _PORT.match(text)
    if with_port is None:
        return text.partition(":")
    rest = text[with_port.end() :].partition(":")
    return with_port[0] + rest[0], rest[1], rest[2]


@command(app, "cat", failing="The file could not be shown.")
def show_file(
    session: Session,
    *,
    place: Annotated[str, typer.Argument(metavar="REPO[@REF]:PATH[:10-40]", help="The file, and lines of it.")],
    raw: Annotated[bool, typer.Option("--raw", help="The exact bytes, when the output is no terminal.")] = False,
) -> None:
    """Show a file; control characters are shown by their codes."""
    wanted = parse_place(place, with_lines=True)
    repository = find_repository(session, wanted.repository)
    path = f"/repositories/{repository['id']}/raw"
    content = _lines_of(session.client.get_bytes(path, path=wanted.path, rev=wanted.revision or None), wanted)
    if raw and not session.output.to_terminal:
        sys.stdout.buffer.write(content)
        return
    if b"\0" in content:
        raise Failure(
            "The file was not shown.",
            why=f"it is binary, {shown_bytes(len(content))}",
            next_step=f"grove cat --raw {shlex.quote(place)} > FILE",
            exit_code=Exit.INVALID,
        )
    text = content.decode(errors="backslashreplace")
    shown = visible_lines(text)
    session.output.line(shown.removesuffix("\n"))
    if not session.output.to_terminal and shown.encode() != content:
        session.output.note("Some characters are shown by their codes; --raw gives the exact bytes.")


@command(app, "link", failing="There is no address to show.", fields=LINK_FIELDS)
def show_link(
    session: Session,
    *,
    place: Annotated[str, typer.Argument(metavar="REPO[@REF]:PATH[:10-40]", help="The file, and lines of it.")],
) -> None:
    """Show where the forge shows a file on the web, as it is in that commit."""
    wanted = parse_place(place, with_lines=True)
    repository = find_repository(session, wanted.repository)
    link = session.client.get(
        f"/repositories/{repository['id']}/link",
        path=wanted.path,
        rev=wanted.revision or None,
        start_line=wanted.first_line,
        end_line=wanted.last_line,
    )
    session.output.row(link, (Column("ADDRESS", lambda item: item["url"]),))


@command(app, "tree", failing="The folder could not be shown.", fields=TREE_FIELDS)
def show_tree(
    session: Session,
    *,
    place: Annotated[str, typer.Argument(metavar="REPO[@REF][:PATH]", help="The folder.")],
    depth: Annotated[int, typer.Option("--depth", "-d", min=1, max=100, help="Folders within folders.")] = 1,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Entries at most.")] = 1000,
) -> None:
    """List a folder's files and folders."""
    wanted = parse_place(place, with_lines=False)
    repository = find_repository(session, wanted.repository)
    tree = session.client.get(
        f"/repositories/{repository['id']}/tree",
        path=wanted.path or None,
        rev=wanted.revision or None,
        depth=depth,
        limit=limit,
    )
    columns = (
        Column("PATH", lambda item: item["path"], lambda item: f"{item['path']}{_suffix(item['kind'])}"),
        Column("KIND", lambda item: item["kind"]),
        Column("SIZE", _size, lambda item: shown_bytes(size) if (size := _size(item)) is not None else ""),
    )
    session.output.items(tree["items"], columns, empty="The folder is empty.")
    more = " · there is more: --limit" if tree["more"] else ""
    session.output.note(f"— {visible(tree['repository'])} at {tree['commit'][:12]}{more}")


def _lines_of(content: bytes, wanted: Place) -> bytes:
    if wanted.first_line is None:
        return content
    lines = content.removesuffix(b"\n").split(b"\n")
    if wanted.first_line > len(lines):
        raise Failure(
            "The lines could not be shown.",
            why=f"the file has {len(lines)} lines",
            next_step=f"grove cat {shlex.quote(f'{wanted.repository}:{wanted.path}')}",
            exit_code=Exit.NOT_FOUND,
        )
    return b"\n".join(lines[wanted.first_line - 1 : wanted.last_line]) + b"\n"


def _suffix(kind: str) -> str:
    return {"folder": "/", "symlink": "@", "submodule": "#"}.get(kind, "")


def _size(item: Any) -> int | None:
    size_bytes: int = item["size_bytes"]
    return size_bytes if item["kind"] in {"file", "symlink"} else None
