"""Commits that were found, as lines: when, who, what they say, and what they changed."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from grove.cli.escape import as_field, visible
from grove.cli.output import Form
from grove.cli.results import highlighted
from grove.cli.session import Session

Found = dict[str, Any]


def show_commits(session: Session, commits: Sequence[Found]) -> None:
    """Show commits: for people each with its changes, for programs one line a change."""
    output = session.output
    for number, found in enumerate(commits):
        if output.form is Form.TABLE:
            if number:
                output.line("")
            for line in commit_lines(found):
                output.text(line)
        else:
            for row in commit_rows(found):
                output.line("\t".join(map(as_field, row)))


def commit_lines(found: Found) -> list[Text]:
    """A commit as lines for people."""
    head = Text(visible(found["repository"]), style="cyan") + Text(" · ", style="dim")
    head += Text(found["commit"][:12], style="yellow") + Text(f"  {found['committed_at'][:10]}", style="dim")
    head += Text(visible(f"  {found['author']}"), style="green")
    lines = [head, Text(visible(f"  {found['subject']}"), style="bold")]
    for change in found["changes"]:
        lines.append(Text(visible(f"    {change['kind']:<7}  {change['path']}"), style="dim"))
        for line in change["lines"]:
            sign, style = ("+", "green") if line["added"] else ("-", "red")
            cut = Text(" …", style="dim") if line["is_cut"] else Text()
            lines.append(Text(f"      {sign} ", style=style) + highlighted(line["text"], line["highlights"]) + cut)
    left = found["change_count"] - len(found["changes"])
    return [*lines, Text(f"    and {left:,} more", style="dim")] if left > 0 and not _has_lines(found) else lines


def commit_rows(found: Found) -> list[tuple[str, ...]]:
    """A commit as rows of fields: repository, commit, time, author, kind, path, text."""
    place = (found["repository"], found["commit"][:12], found["committed_at"], found["author"])
    if not _has_lines(found):
        return [(*place, "commit", "", found["subject"])]
    return [
        (*place, "added" if line["added"] else "removed", change["path"], line["text"])
        for change in found["changes"]
        for line in change["lines"]
    ]


def _has_lines(found: Found) -> bool:
    return any(change["lines"] for change in found["changes"])
