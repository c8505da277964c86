"""Definitions in Protocol Buffers' files, which no packaged grammar of tree-sitter parses.

The language is small: after comments and strings are blanked, every definition is a keyword, a name and braces.
"""

import re
from typing import Final

PROTOBUF: Final = "protobuf"
"""What stands for a grammar here."""
_BLANKED: Final = re.compile(rb"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_TOKEN: Final = re.compile(
    rb"(?P<open>\{)|(?P<close>\})"
    rb"|(?<![\w.])(?P<kind>message|enum|service|rpc|oneof|extend)\s+(?P<name>\.?[A-Za-z_][\w.]*)(?=\s*[{(])"
)
_VISIBLE: Final = re.compile(rb"[^\n]")
_STATEMENT_END: Final = re.compile(rb"[;{]")
_KINDS: Final = {"message": "struct", "enum": "enum", "service": "interface", "rpc": "method"}

Row = tuple[str, str, int, int, str]
"""Name, kind, first and last line (from 1), container."""


def protobuf_definitions(text: bytes) -> list[Row]:
    """Messages, enums, services and their methods, in the order of their lines."""
    plain = without_comments(text)
    rows: list[Row] = []
    around: list[int | None] = []
    waiting: int | None = None
    line, at = 1, 0
    for token in _TOKEN.finditer(plain):
        line, at = line + plain.count(b"\n", at, token.start()), token.start()
        if token["name"]:
            waiting = None
            found = _KINDS.get(token["kind"].decode())
            if found is not None:
                holder = next((rows[number][0] for number in reversed(around) if number is not None), "")
                waiting = len(rows)
                name = token["name"].decode("ascii")
                rows.append((name, found, line, _statement_end(plain, at, line), holder))
        elif token["open"]:
            around.append(waiting)
            waiting = None
        elif around:
            closed = around.pop()
            if closed is not None:
                name, kind, first, _, holder = rows[closed]
                rows[closed] = (name, kind, first, line, holder)
    return rows


def without_comments(text: bytes) -> bytes:
    """The text with blanks in the place of comments and strings."""
    return _BLANKED.sub(lambda found: _VISIBLE.sub(b" ", found.group()), text)


def _statement_end(plain: bytes, at: int, line: int) -> int:
    """The line on which what begins here ends, if it has no braces."""
    end = _STATEMENT_END.search(plain, at)
    return line + plain.count(b"\n", at, end.start()) if end else line
