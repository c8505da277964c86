"""What commands print: data on standard output as a table, JSON or TSV; progress and notes on standard error."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grove.cli.escape import as_field, as_json, visible, visible_lines
from grove.cli.failure import Exit, Failure
from grove.cli.quantity import NOTHING

PIPED_WIDTH = 10_000
"""Where nobody looks, nothing is folded or cut."""

Item = Mapping[str, Any]


class Form(StrEnum):
    """How data is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    TSV = "tsv"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: its title, its value in an item, and how people would like to see that."""

    title: str
    value: Callable[[Item], Any]
    shown: Callable[[Item], str] | None = None
    style: str = ""


class Output:
    """Where a command's words go. `fields` are the keys to keep of each JSON object; none keeps all."""

    def __init__(self, *, form: Form | None, fields: tuple[str, ...], quiet: bool) -> None:
        self.to_terminal = sys.stdout.isatty()
        self.form = form or (Form.TABLE if self.to_terminal else Form.TSV)
        self.fields = fields
        self.quiet = quiet
        self.console = _console(sys.stdout, is_terminal=self.to_terminal)
        self.notes = _console(sys.stderr, is_terminal=sys.stderr.isatty())

    @property
    def is_json(self) -> bool:
        """Whether JSON is wanted."""
        return self.form in {Form.JSON, Form.JSONL}

    def items(self, items: Sequence[Item], columns: Sequence[Column], *, empty: str = "") -> None:
        """Write a list; `empty` is the note that is given when there is nothing in it."""
        if self.is_json:
            self.json_list(items)
        elif self.form is Form.TABLE and items:
            self._table(items, columns)
        else:
            for item in items:
                self.line("\t".join(as_field(_plain(column.value(item))) for column in columns))
        if not items:
            self.note(empty)

    def row(self, item: Item, columns: Sequence[Column]) -> None:
        """Write one thing as it stands in a list."""
        if self.is_json:
            self.json(item)
        else:
            self.items([item], columns)

    def item(self, item: Item, columns: Sequence[Column]) -> None:
        """Write one thing: its properties, one a line."""
        if self.is_json:
            self.json(item)
            return
        if self.form is Form.TSV:
            for column in columns:
                self.line(f"{column.title.lower()}\t{as_field(_plain(column.value(item)))}")
            return
        width = max(len(column.title) for column in columns)
        for column in columns:
            title = Text(f"{column.title.lower():<{width}}  ", style="dim")
            self.console.print(title + Text(_for_people(column, item), style=column.style), soft_wrap=True)

    def json_list(self, items: Sequence[Item]) -> None:
        """Write JSON: one array, or one object a line."""
        if self.form is Form.JSONL:
            self.json_lines(items)
        else:
            self.line(as_json([self._kept(item) for item in items], indent=2))

    def json_lines(self, items: Iterable[Item]) -> None:
        """Write one JSON object a line."""
        for item in items:
            self.line(as_json(self._kept(item)))

    def json(self, item: Item) -> None:
        """Write one JSON object."""
        self.line(as_json(self._kept(item), indent=None if self.form is Form.JSONL else 2))

    def line(self, text: str) -> None:
        """Write a line of data that is harmless already."""
        sys.stdout.write(f"{text}\n")

    def piece(self, text: str, *, complaint: bool = False) -> None:
        """Pass on a piece of what a program says: as it is to a file, harmless to a terminal."""
        stream = sys.stderr if complaint else sys.stdout
        stream.write(visible_lines(text) if stream.isatty() else text)
        stream.flush()

    def text(self, text: Text) -> None:
        """Write a line of data with its colours, where colours can be seen."""
        self.console.print(text, soft_wrap=True)

    def note(self, text: str, *, style: str = "dim") -> None:
        """Tell people something that is not data, unless they want quiet."""
        if not self.quiet and text:
            self.notes.print(Text(visible(text), style=style), soft_wrap=True)

    def _table(self, items: Sequence[Item], columns: Sequence[Column]) -> None:
        table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        for column in columns:
            table.add_column(Text(column.title), overflow="fold", style=column.style)
        for item in items:
            table.add_row(*(Text(_for_people(column, item)) for column in columns))
        self.console.print(table)

    def _kept(self, item: Item) -> Item:
        if not self.fields:
            return item
        unknown = [name for name in self.fields if name not in item]
        if unknown:
            raise Failure(
                f"There is no field {', '.join(unknown)}.",
                why=f"the fields are {', '.join(item)}",
                next_step="the same command with --json alone",
                exit_code=Exit.INVALID,
            )
        return {name: item[name] for name in self.fields}


def _console(file: Any, *, is_terminal: bool) -> Console:
    width = None if is_terminal else PIPED_WIDTH
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False)


def _for_people(column: Column, item: Item) -> str:
    return visible(column.shown(item) if column.shown else _plain(column.value(item)) or NOTHING)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)
