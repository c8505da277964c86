"""`grove search`."""

import shlex
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.escape import as_field, visible
from grove.cli.exporting import export
from grove.cli.failure import Exit, Failure
from grove.cli.output import Form
from grove.cli.past import show_commits
from grove.cli.results import Found, count_row, file_lines, is_complete, match_rows, why_incomplete
from grove.cli.session import Session
from grove.cli.within import Within

app = typer.Typer()

ANSWER_FIELDS = ("files", "commits", "repositories", "suggested", "facets", "truth", "truth_line", "plan")
FILE_FIELDS = (
    "repository_id",
    "repository",
    "revision",
    "commit",
    "path",
    "language",
    "marks",
    "score",
    "match_count",
    "is_count_exact",
    "path_highlights",
    "excerpts",
    "also_in",
)
_FAILING = "The search was not done."


class Shape(StrEnum):
    """What of each file is shown."""

    LINES = "lines"
    PATHS = "paths"
    COUNTS = "counts"


@command(app, "search", failing=_FAILING, fields=(*ANSWER_FIELDS, *FILE_FIELDS))
def search(
    session: Session,
    *,
    query: Annotated[
        list[str], typer.Argument(metavar="QUERY", help="Words, or text with filters such as repo: file: lang: rev:")
    ],
    regex: Annotated[bool, typer.Option("--regex", "-e", help="The query is a regular expression.")] = False,
    semantic: Annotated[bool, typer.Option("--semantic", "-s", help="Look for the meaning.")] = False,
    symbol: Annotated[bool, typer.Option("--symbol", "-y", help="Look for definitions of this name.")] = False,
    text: Annotated[bool, typer.Option("--text", "-F", help="Look for exactly this text.")] = False,
    within: Within,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="Files at most.")] = 20,
    word: Annotated[bool, typer.Option("--word", "-w", help="Only whole words.")] = False,
    context: Annotated[int, typer.Option("--context", "-C", min=0, max=20, help="Lines around a match.")] = 2,
    files: Annotated[bool, typer.Option("--files", help="Only the paths.")] = False,
    count: Annotated[bool, typer.Option("--count", "-c", help="Only how often each file matches.")] = False,
    stream: Annotated[bool, typer.Option("--stream", help="Show each file as soon as it is found.")] = False,
    file: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write every match to FILE.jsonl or FILE.csv.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the plan, and what each score is made of.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail with 6 unless everything was searched.")] = False,
) -> None:
    """Find code in every repository: by words, meaning, text, pattern or name."""
    question: dict[str, Any] = {
        "q": " ".join([*query, "word:yes"] if word else query),
        "mode": _mode(session, regex=regex, semantic=semantic, symbol=symbol, text=text),
        **within.asked(),
    }
    if file is not None:
        _export(session, question, file, strict=strict)
        return
    question |= {"limit": limit, "context": context, "explain": explain or None}
    shape = Shape.COUNTS if count else Shape.PATHS if files else Shape.LINES
    show = _stream if stream else _whole
    truth, line = show(session, question, shape=shape, explain=explain)
    session.output.note(f"— {line}")
    _end(truth, strict=strict)


def _export(session: Session, question: dict[str, Any], file: Path, *, strict: bool) -> None:
    written = export(session, question, file)
    session.output.note(f"— {written['truth_line']}")
    if strict and written["limits_hit"]:
        raise Failure(
            "The export is not complete.",
            why=", ".join(f"limit reached: {limit}" for limit in written["limits_hit"]),
            next_step=f"{session.command} --export {file} QUERY    (a narrower one)",
            exit_code=Exit.INCOMPLETE,
        )


def _mode(session: Session, **chosen: bool) -> str:
    modes = [mode for mode, is_chosen in chosen.items() if is_chosen]
    if len(modes) > 1:
        raise Failure(
            _FAILING,
            why=f"--{modes[0]} and --{modes[1]} exclude each other",
            next_step=f"{session.command} --{modes[0]} QUERY",
            exit_code=Exit.INVALID,
        )
    return modes[0] if modes else "auto"


def _whole(session: Session, question: dict[str, Any], *, shape: Shape, explain: bool) -> tuple[Found, str]:
    answer = session.client.get("/search", **question)
    output = session.output
    if output.form is Form.JSON:
        output.json(answer)
    elif output.form is Form.JSONL:
        output.json_lines(answer["commits"] or answer["repositories"] or answer["files"])
    else:
        _show_repositories(session, answer["repositories"])
        show_commits(session, answer["commits"])
        _show(session, answer["files"], shape=shape, explain=explain)
    for suggestion in answer["suggested"]:
        output.note(f"try {suggestion['title']}: grove search {shlex.quote(suggestion['query'])}", style="yellow")
    if explain:
        output.note(f"plan: {answer['plan']}")
    return answer["truth"], answer["truth_line"]


def _stream(session: Session, question: dict[str, Any], *, shape: Shape, explain: bool) -> tuple[Found, str]:
    """Show files as they come; JSON is written one object a line, since a list would end only with the search."""
    for event in session.client.events("/search/stream", **question):
        if event.name == "matches":
            files, repositories = event.body["files"], event.body["repositories"]
            if session.output.is_json:
                session.output.json_lines(event.body["commits"] or repositories or files)
            else:
                show_commits(session, event.body["commits"])
                _show_repositories(session, repositories)
                _show(session, files, shape=shape, explain=explain)
        elif event.name == "alert":
            session.output.note(f"{event.body['title']} {event.body.get('message', '')}", style="yellow")
        elif event.name == "done":
            return event.body["truth"], event.body["truth_line"]
    raise Failure(
        _FAILING,
        why="the server stopped before the end of its answer",
        next_step=f"{session.command} QUERY    (without --stream)",
        exit_code=Exit.UNAVAILABLE,
    )


def _show_repositories(session: Session, repositories: Sequence[Found]) -> None:
    for found in repositories:
        mark = "" if found["is_count_exact"] else "+"
        files = f"{found['files_found']}{mark}"
        if session.output.form is Form.TABLE:
            files = f"{files} file{'' if files == '1' else 's'}"
        session.output.line(_joined(session, (found["repository"], found["revision"], found["commit"][:12], files)))


def _show(session: Session, files: Sequence[Found], *, shape: Shape, explain: bool) -> None:
    output = session.output
    for number, found in enumerate(files):
        if shape is Shape.PATHS:
            output.line(_joined(session, (found["repository"], found["path"])))
        elif shape is Shape.COUNTS:
            output.line(_joined(session, count_row(found)))
        elif output.form is Form.TABLE:
            if number:
                output.line("")
            for line in file_lines(found, explain=explain):
                output.text(line)
        else:
            for row in match_rows(found):
                output.line("\t".join(map(as_field, row)))


def _joined(session: Session, fields: Sequence[str]) -> str:
    if session.output.form is Form.TABLE:
        return visible(" · ".join(fields))
    return "\t".join(map(as_field, fields))


def _end(truth: Found, *, strict: bool) -> None:
    """End with the code that fits the truth."""
    if strict and not is_complete(truth):
        raise Failure(
            "The answer is not complete.",
            why=why_incomplete(truth),
            next_step="grove repo list",
            exit_code=Exit.INCOMPLETE,
        )
    if not truth["files_found"]:
        raise typer.Exit(Exit.FAILED)
