"""Reads a SCIP index into plain columns. Made to run in a child process: what is uploaded is not to be trusted."""

from array import array
from collections.abc import Sequence
from typing import Any, Final

from google.protobuf.message import DecodeError

from grove.scip.message import ScipMessage
from grove.scip.names import LOCAL

INDEX_BYTES_MAX: Final = 64 * 1024 * 1024
DOCUMENTS_MAX: Final = 100_000
OCCURRENCES_MAX: Final = 3_000_000
SYMBOL_CHARACTERS_MAX: Final = 2_000
PATH_CHARACTERS_MAX: Final = 4_096
TOOL_CHARACTERS_MAX: Final = 100
LINE_MAX: Final = 10_000_000
_ON_ONE_LINE: Final = 3
_ON_SEVERAL: Final = 4

Parsed = tuple[str, list[tuple[str, int]], list[str], list[bytes]]
"""The tool; documents with their encodings; symbols; columns of 32-bit numbers as `COLUMNS` names them."""
COLUMNS: Final = ("symbols", "documents", "lines", "firsts", "end_lines", "ends", "roles")


class RefusedError(Exception):
    """Why an index is not taken."""


def parse_index(content: bytes) -> Parsed | str:
    """The columns of an index; or as text why it is not taken."""
    try:
        index = ScipMessage.FromString(content)
        return _columns(index)
    except DecodeError:
        return "it is not a protobuf message"
    except RefusedError as refused:
        return str(refused)


def _columns(index: Any) -> Parsed:
    if len(index.documents) > DOCUMENTS_MAX:
        raise RefusedError(f"it has more than {DOCUMENTS_MAX:,} documents")
    tool = f"{index.metadata.tool_info.name} {index.metadata.tool_info.version}".strip()
    documents: list[tuple[str, int]] = []
    rows = _Rows()
    for number, document in enumerate(index.documents):
        documents.append((_checked_path(document.relative_path), document.position_encoding))
        for occurrence in document.occurrences:
            rows.add(number, occurrence)
    if len({path for path, _ in documents}) != len(documents):
        raise RefusedError("a document is in it twice")
    return _printable(tool), documents, list(rows.symbols), [column.tobytes() for column in rows.columns]


class _Rows:
    """The occurrences, as columns."""

    def __init__(self) -> None:
        self.symbols: dict[str, int] = {}
        self.columns = [array("I") for _ in COLUMNS]

    def add(self, document: int, occurrence: Any) -> None:
        """Add an occurrence; what is local to its document is of no use elsewhere, and left out.

        :raises RefusedError: if it is none, or there are too many.
        """
        symbol = occurrence.symbol
        if not symbol or symbol.startswith(LOCAL):
            return
        number = self.symbols.get(symbol)
        if number is None:
            _check_symbol(symbol)
            number = self.symbols[symbol] = len(self.symbols)
        row = (number, document, *_checked_range(occurrence.range), occurrence.symbol_roles & 0xFFFF)
        for column, value in zip(self.columns, row, strict=True):
            column.append(value)
        if len(self.columns[0]) > OCCURRENCES_MAX:
            raise RefusedError(f"it has more than {OCCURRENCES_MAX:,} occurrences")


def _checked_path(path: str) -> str:
    """A path within the repository, as git has it.

    :raises RefusedError: if it is none.
    """
    parts = path.split("/")
    if len(path) > PATH_CHARACTERS_MAX or "\0" in path or "\\" in path or {"", ".", ".."} & set(parts):
        raise RefusedError("a document's path leads out of the repository or is no path")
    return path


def _checked_range(given: Sequence[int]) -> tuple[int, int, int, int]:
    """Line, column, last line and end column, from 0.

    :raises RefusedError: if it is no range.
    """
    if len(given) == _ON_ONE_LINE:
        line, first, end = given
        last = line
    elif len(given) == _ON_SEVERAL:
        line, first, last, end = given
    else:
        raise RefusedError("an occurrence has no range")
    if not (0 <= line <= last <= LINE_MAX and 0 <= first <= LINE_MAX and 0 <= end <= LINE_MAX):
        raise RefusedError("an occurrence has no range")
    return line, first, last, end


def _check_symbol(symbol: str) -> None:
    if len(symbol) > SYMBOL_CHARACTERS_MAX or "\n" in symbol or "\0" in symbol:
        raise RefusedError("a symbol is too long or is no symbol")


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:TOOL_CHARACTERS_MAX]
