"""The rows of an export: one for each line that matches, each path, repository or commit that does."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Final

from grove.exports.model import ExportForm
from grove.search import CommitMatch, FileMatch, Matches

COLUMNS: Final = ("repository", "revision", "commit", "path", "line", "text", "symbol", "kind", "matches")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for a formula when a cell begins with it; the last four are the wide forms of the first."""

Row = dict[str, Any]


def header_of(form: ExportForm) -> bytes:
    """What a file begins with."""
    return _as_csv(list(COLUMNS)) if form is ExportForm.CSV else b""


def rows_of(matches: Matches) -> Iterator[Row]:
    """The rows that some matches make; `matches` are the [first, end) characters of a line that match."""
    for found in matches.repositories:
        yield {"repository": found.repository, "revision": found.revision, "commit": found.commit}
    for commit in matches.commits:
        yield from _rows_of_commit(commit)
    for file in matches.files:
        yield from _rows_of_file(file)


def written(row: Row, form: ExportForm) -> bytes:
    """A row as it stands in the file. In a table a cell that a spreadsheet would run begins with an apostrophe."""
    if form is ExportForm.JSONL:
        return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    cells = [_cell(row.get(column)) for column in COLUMNS]
    return _as_csv(cells)


def _rows_of_commit(found: CommitMatch) -> Iterator[Row]:
    place = {"repository": found.repository, "commit": found.commit}
    lines = [(change.path, line) for change in found.changes for line in change.lines]
    for path, line in lines:
        yield {**place, "path": path, "text": line.text, "kind": "added" if line.added else "removed"}
    if not lines:
        yield {**place, "text": found.subject, "kind": "commit"}


def _rows_of_file(file: FileMatch) -> Iterator[Row]:
    address = file.address
    place = {
        "repository": address.repository,
        "revision": address.revision,
        "commit": address.commit,
        "path": address.path,
    }
    is_empty = True
    for excerpt in file.excerpts:
        of_symbol = {"symbol": excerpt.symbol.name, "kind": excerpt.symbol.kind} if excerpt.symbol else {}
        for line in excerpt.lines:
            is_empty = False
            ranges = [[mark.first_character, mark.end_character] for mark in line.highlights]
            yield {**place, "line": line.number, "text": line.text, **of_symbol, "matches": ranges}
    if is_empty:
        yield place


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f"{first}-{end}" for first, end in value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _as_csv(cells: list[str]) -> bytes:
    line = io.StringIO()
    # Where commas are decimal points, a spreadsheet divides at semicolons: only what is quoted stays one cell.
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue().encode("utf-8", "replace")
