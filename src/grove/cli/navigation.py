"""`grove def`, `refs`, `callers`, `callees`, `outline`, `find` and `similar`: names and places in code."""

from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.escape import visible
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import counted
from grove.cli.reading import parse_place
from grove.cli.repositories import find_repository
from grove.cli.session import Session
from grove.cli.within import Within

app = typer.Typer()

DEFINITION_FIELDS = (
    "repository",
    "commit",
    "path",
    "line",
    "end_line",
    "kind",
    "name",
    "container",
    "signature",
    "basis",
)
USE_FIELDS = ("repository", "commit", "path", "line", "first_column", "role", "basis", "around", "text")
CALLER_FIELDS = ("repository", "commit", "path", "around", "uses")
CALLEE_FIELDS = ("name", "lines", "definitions")
FILE_FIELDS = ("repository", "commit", "path", "language", "marks", "score", "columns")
SIMILAR_FIELDS = ("repository", "commit", "path", "first_line", "last_line", "similarity", "around", "text")
OUTLINE_FIELDS = ("line", "end_line", "depth", "kind", "name", "container", "signature")

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name, or a qualified one such as Session.request.")]
Near = Annotated[
    str | None, typer.Option("--near", metavar="REPO:PATH", help="What is close to this file comes first.")
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=500, help="Items at most.")]
Offset = Annotated[int, typer.Option("--offset", min=0, max=10_000, help="Leave out so many of the first.")]
_FAILING = "The name was not looked up."


@command(app, "def", failing=_FAILING, fields=DEFINITION_FIELDS)
def find_definitions(
    session: Session,
    *,
    name: Name,
    within: Within,
    near: Near = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> None:
    """Show where a name is defined, the likeliest first."""
    asked = within.asked() | {"near": near, "limit": limit, "offset": offset}
    answer = session.client.get("/navigation/definitions", name=name, **asked)
    columns = (_PLACE, Column("KIND", lambda item: item["kind"]), Column("DEFINITION", _defined))
    session.output.items(answer["items"], columns)
    _end(session, answer)


@command(app, "refs", failing=_FAILING, fields=USE_FIELDS)
def find_references(
    session: Session,
    *,
    name: Name,
    within: Within,
    near: Near = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> None:
    """Show where a name is used in code, what is closest to its definition first."""
    asked = within.asked() | {"near": near, "limit": limit, "offset": offset}
    answer = session.client.get("/navigation/references", name=name, **asked)
    columns = (
        _PLACE,
        Column("ROLE", lambda item: item["role"]),
        Column("WITHIN", lambda item: _around(item["around"])),
        Column("LINE", lambda item: item["text"].strip()),
    )
    session.output.items(answer["items"], columns)
    _end(session, answer)


@command(app, "callers", failing=_FAILING, fields=CALLER_FIELDS)
def find_callers(
    session: Session,
    *,
    name: Name,
    within: Within,
    near: Near = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> None:
    """Show which definitions use a name."""
    asked = within.asked() | {"near": near, "limit": limit, "offset": offset}
    answer = session.client.get("/navigation/callers", name=name, **asked)
    columns = (
        Column("PLACE", lambda item: _place(item, item["uses"][0]["line"]), style="cyan"),
        Column("CALLER", lambda item: _around(item["around"]) or "(outside of any definition)"),
        Column("LINES", lambda item: [use["line"] for use in item["uses"]]),
    )
    session.output.items(answer["items"], columns)
    _end(session, answer)


@command(app, "callees", failing=_FAILING, fields=CALLEE_FIELDS)
def find_callees(
    session: Session,
    *,
    name: Name,
    within: Within,
    near: Near = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> None:
    """Show what a definition calls, and where that is probably defined."""
    asked = within.asked() | {"near": near, "limit": limit, "offset": offset}
    answer = session.client.get("/navigation/callees", name=name, **asked)
    columns = (
        Column("CALLS", lambda item: item["name"]),
        Column("LINES", lambda item: item["lines"]),
        Column(
            "DEFINED", lambda item: [_place(found, found["line"]) for found in item["definitions"][:1]], style="cyan"
        ),
    )
    session.output.items(answer["items"], columns)
    definition = answer["definition"]
    if definition:
        session.output.note(
            f"in {definition['kind']} {_full_name(definition)}, {_place(definition, definition['line'])}"
        )
    _end(session, answer)


@command(app, "find", failing="The files were not looked for.", fields=FILE_FIELDS)
def find_files(
    session: Session,
    *,
    pattern: Annotated[str, typer.Argument(metavar="PATTERN", help="Some characters of the path, in their order.")],
    within: Within,
    limit: Limit = 20,
    offset: Offset = 0,
) -> None:
    """Find files by some characters of their paths, in every repository."""
    asked = within.asked() | {"limit": limit, "offset": offset}
    answer = session.client.get("/navigation/files", name=pattern, **asked)
    columns = (
        Column("REPOSITORY", lambda item: item["repository"], style="cyan"),
        Column("PATH", lambda item: item["path"]),
    )
    session.output.items(answer["items"], columns)
    _end(session, answer)


@command(app, "similar", failing="No similar code was looked for.", fields=SIMILAR_FIELDS)
def find_similar(
    session: Session,
    *,
    place: Annotated[str, typer.Argument(metavar="REPO[@REF]:PATH:10-40", help="The file, and lines of it.")],
    within: Within,
    limit: Limit = 10,
    offset: Offset = 0,
) -> None:
    """Find code that is like some lines: copies, moved functions, other versions."""
    source = parse_place(place, with_lines=True)
    if source.first_line is None:
        raise Failure(
            "No similar code was looked for.",
            why="it is not said which lines it should be like",
            next_step=f"{session.command} {place}:10-40",
            exit_code=Exit.INVALID,
        )
    asked = within.asked() | {"limit": limit, "offset": offset}
    lines = {"start_line": source.first_line, "end_line": source.last_line}
    of_source = {"source_path": source.path, "source_rev": source.revision or None}
    found = find_repository(session, source.repository)
    answer = session.client.get(f"/repositories/{found['id']}/similar", **of_source, **lines, **asked)
    columns = (
        Column("LIKE", lambda item: f"{item['similarity']:.2f}"),
        Column("PLACE", lambda item: f"{_place(item, item['first_line'])}-{item['last_line']}", style="cyan"),
        Column("WITHIN", lambda item: _around(item["around"])),
        Column("LINE", lambda item: item["text"]),
    )
    session.output.items(answer["items"], columns)
    _end(session, answer)


@command(app, "outline", failing="The file was not outlined.", fields=OUTLINE_FIELDS)
def show_outline(
    session: Session,
    *,
    place: Annotated[str, typer.Argument(metavar="REPO[@REF]:PATH", help="The file; its path, in a workspace.")],
    workspace: Annotated[str, typer.Option("--workspace", metavar="NAME", help="A workspace, as it is now.")] = "",
) -> None:
    """Show what a file defines."""
    if workspace:
        session.subject = workspace
        outline = session.client.get(f"/workspaces/{workspace}/outline", path=place)
    else:
        wanted = parse_place(place, with_lines=False)
        repository = find_repository(session, wanted.repository)
        outline = session.client.get(
            f"/repositories/{repository['id']}/outline", path=wanted.path, rev=wanted.revision or None
        )
    columns = (
        Column("LINES", lambda item: f"{item['line']}-{item['end_line']}"),
        Column("KIND", lambda item: item["kind"]),
        Column("NAME", _full_name, lambda item: f"{'  ' * item['depth']}{item['name']}"),
        Column("SIGNATURE", lambda item: item["signature"]),
    )
    session.output.items(outline["items"], columns)
    known = counted(len(outline["items"]), "definition") if outline["is_known"] else "no grammar for its language"
    where = f"{workspace} as it is now, on {outline['commit'][:12]}" if workspace else f"at {outline['commit'][:12]}"
    session.output.note(f"— {visible(outline['repository'])} {where} · {known}")


def _end(session: Session, answer: dict[str, Any]) -> None:
    """Tell the truth about an answer, and fail if there is nothing in it."""
    session.output.note(f"— {answer['truth_line']}")
    if not answer["items"]:
        raise typer.Exit(Exit.FAILED)


def _place(item: Any, line: int) -> str:
    return f"{item['repository']}:{item['path']}:{line}"


def _full_name(item: Any) -> str:
    return f"{item['container']}.{item['name']}" if item["container"] else str(item["name"])


def _defined(item: Any) -> str:
    return str(item["signature"]) or _full_name(item)


def _around(around: Any) -> str:
    return f"{around['kind']} {_full_name(around)}" if around else ""


_PLACE = Column("PLACE", lambda item: _place(item, item["line"]), style="cyan")
