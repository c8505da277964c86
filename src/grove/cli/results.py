"""A search's answer as lines: the file, the definition, the lines with their matches, and the truth about it all."""

from typing import Any

from rich.text import Text

from grove.cli.escape import visible
from grove.cli.quantity import counted

MATCH_STYLE = "bold red"
RULE = "│ "

Found = dict[str, Any]


def file_lines(found: Found, *, explain: bool) -> list[Text]:
    """A file that was found, as lines for people."""
    lines = [_heading(found)]
    for excerpt in found["excerpts"]:
        if lines[1:] and excerpt["lines"]:
            lines.append(Text("  ⋯", style="dim"))
        lines += _excerpt_lines(excerpt, explain=explain)
    if found["also_in"]:
        others = ", ".join(_place(address) for address in found["also_in"][:3])
        more = f" and {len(found['also_in']) - 3} more" if len(found["also_in"]) > 3 else ""  # noqa: PLR2004 - three are shown
        lines.append(Text(visible(f"  the same lines are in {others}{more}"), style="dim"))
    return lines


def match_rows(found: Found) -> list[tuple[str, ...]]:
    """A file that was found, as rows of fields: repository, commit, path, line, kind, text."""
    place = (found["repository"], found["commit"][:12], found["path"])
    return [
        (*place, str(line["number"]), "match" if line["highlights"] else "context", line["text"])
        for excerpt in found["excerpts"]
        for line in excerpt["lines"]
    ] or [(*place, "", "path", "")]


def count_row(found: Found) -> tuple[str, ...]:
    """How often a file matches, as fields: repository, path, count; a count that is at least so is marked."""
    mark = "" if found["is_count_exact"] else "+"
    return (found["repository"], found["path"], f"{found['match_count']}{mark}")


def is_complete(truth: dict[str, Any]) -> bool:
    """Whether all that was asked for was searched, at the state of its remote, and no limit was reached."""
    return not why_incomplete(truth)


def why_incomplete(truth: dict[str, Any]) -> str:
    """What keeps an answer from being complete, if anything does."""
    stale = sum(commit["stale"] for commit in truth["searched"])
    reasons = [
        f"{counted(len(truth['skipped']), 'repository', 'repositories')} not searched" if truth["skipped"] else "",
        f"{counted(stale, 'repository', 'repositories')} behind the remote" if stale else "",
        *(f"limit reached: {limit}" for limit in truth["limits_hit"]),
    ]
    return ", ".join(filter(None, reasons))


def _heading(found: Found) -> Text:
    line = Text(visible(found["repository"]), style="cyan") + Text(" · ", style="dim")
    path = highlighted(found["path"], found["path_highlights"])
    path.stylize("bold", 0)
    line += path
    symbol = next((excerpt["symbol"] for excerpt in found["excerpts"] if excerpt["symbol"]), None)
    if symbol:
        line += Text(visible(f"  {symbol['kind']} {_qualified(symbol)}"), style="green")
    if found["score"]:
        line += Text(f"  ≈{found['score']:.2f}", style="dim")
    return line


def _excerpt_lines(excerpt: Found, *, explain: bool) -> list[Text]:
    lines = []
    for line in excerpt["lines"]:
        number = Text(f"{line['number']:>5}{RULE}", style="dim")
        cut = Text(" …", style="dim") if line["is_cut"] else Text()
        lines.append(number + highlighted(line["text"], line["highlights"]) + cut)
    if explain and excerpt["signals"]:
        signals = " ".join(f"{name}={value:.3f}" for name, value in excerpt["signals"].items())
        lines.append(Text(visible(f"  score {excerpt['score']:.3f}: {signals}"), style="dim"))
    return lines


def highlighted(text: str, highlights: list[dict[str, int]]) -> Text:
    """The text with its matches marked; each part is escaped on its own, so that the marks stay in their places."""
    shown, position = Text(), 0
    for highlight in sorted(highlights, key=lambda each: each["first_character"]):
        first, end = max(position, highlight["first_character"]), highlight["end_character"]
        shown.append(visible(text[position:first]))
        shown.append(visible(text[first:end]), style=MATCH_STYLE)
        position = max(position, end)
    shown.append(visible(text[position:]))
    return shown


def _qualified(symbol: Found) -> str:
    return f"{symbol['container']}.{symbol['name']}" if symbol["container"] else str(symbol["name"])


def _place(address: Found) -> str:
    return f"{address['repository']} · {address['path']}"
