"""Commits that were found, in as much detail as fits."""

from collections.abc import Iterator, Sequence
from functools import partial

from grove.mcp.budget import Level
from grove.mcp.visible import visible
from grove.search import CommitMatch

COMMIT_DIGITS = 12


def levels_of(commits: Sequence[CommitMatch]) -> Iterator[Level]:
    """The ways to show commits, from everything down to a line each."""
    yield Level("everything", partial(_lines, commits, with_lines=True, with_paths=True))
    yield Level("commits with their paths", partial(_lines, commits, with_paths=True))
    yield Level("commits without their paths", partial(_lines, commits))


def _lines(commits: Sequence[CommitMatch], *, with_lines: bool = False, with_paths: bool = False) -> list[str]:
    lines = []
    for found in commits:
        when = found.committed_at.date().isoformat()
        lines.append(
            visible(f"{found.repository}@{found.commit[:COMMIT_DIGITS]}  {when}  {found.author}  {found.subject}")
        )
        for change in found.changes if with_paths else ():
            lines.append(visible(f"  {change.kind} {change.path}"))
            changed = change.lines if with_lines else ()
            lines += [visible(f"    {'+' if line.added else '-'}{line.text}") for line in changed]
    return lines
