"""Definitions in source files, by tree-sitter: what a file is parsed to, as plain values.

Made to run in a child process (see `parsers`), for a grammar may be crashed by a hostile file.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tree_sitter import Node, QueryCursor

from grove.indexing.grammars import GRAMMAR_NAMES, grammar
from grove.indexing.languages import grammar_of

NAME_CHARACTERS_MAX: Final = 256
DEFINITIONS_MAX: Final = 20_000

_HOLDER: Final = "holder"
_METHOD_HOLDERS: Final = frozenset({"class", "struct", "trait", "interface", "enum", _HOLDER})
_QUALIFIED: Final = frozenset({"cpp"})
"""Grammars in which a captured name may be qualified, as in ``Outer::inner``."""
_REPEATED: Final = frozenset({"haskell", "elixir"})
"""Grammars in which a function is defined by several equations: the first counts."""

File = tuple[str, bytes]
Row = tuple[str, str, int, int, str]
"""Name, kind, first and last line (from 1), container."""


class _Found(NamedTuple):
    """A definition that a query matched: its name's place, and the place of the whole."""

    kind: str
    name: str
    container: str
    named: Node
    whole: Node


def definitions_in(file: File) -> list[Row]:
    """The definitions of a `(language, UTF-8 text)`, in the order of their names."""
    language, text = file
    name = grammar_of(language)
    if name not in GRAMMAR_NAMES:
        return []
    parser, query = grammar(name)
    matches = QueryCursor(query).matches(parser.parse(text).root_node)
    first: dict[int, tuple[int, _Found]] = {}
    for pattern, captures in matches:
        if "name" in captures:
            found = _found(captures, qualified=name in _QUALIFIED)
            before = first.get(found.named.start_byte)
            if before is None or pattern < before[0]:
                first[found.named.start_byte] = (pattern, found)
    rows = _nested([found for _, found in first.values()])
    return (_without_repetitions(rows) if name in _REPEATED else rows)[:DEFINITIONS_MAX]


def _found(captures: dict[str, list[Node]], *, qualified: bool) -> _Found:
    named = captures["name"][0]
    kind = next(capture for capture in captures if capture not in {"name", "container"} and capture[0] != "_")
    qualifier, name = "", _text(named).removeprefix(":")
    if qualified:
        qualifier, _, name = name.rpartition("::")
    container = _text(captures["container"][0]) if "container" in captures else qualifier
    return _Found("method" if qualifier and kind == "function" else kind, name, container, named, captures[kind][0])


def _nested(found: list[_Found]) -> list[Row]:
    """The definitions, in the order of their names, each with the innermost one around it as its container."""
    found.sort(key=lambda one: (one.whole.start_byte, -one.whole.end_byte, one.named.start_byte))
    around: list[_Found] = []
    rows: list[tuple[int, Row]] = []
    for one in found:
        while around and around[-1].whole.end_byte <= one.whole.start_byte:
            around.pop()
        holder = around[-1] if around else None
        around.append(one)
        if one.kind == _HOLDER or not 0 < len(one.name) <= NAME_CHARACTERS_MAX or "\n" in one.name:
            continue
        # What is called a function in a grammar is a method where it stands in a class.
        kind = "method" if one.kind == "function" and holder and holder.kind in _METHOD_HOLDERS else one.kind
        container = one.container or (holder.name if holder else "")
        lines = one.named.start_point.row + 1, one.whole.end_point.row + 1
        rows.append((one.named.start_byte, (one.name, kind, *lines, container[:NAME_CHARACTERS_MAX])))
    return [row for _, row in sorted(rows)]


def _without_repetitions(rows: Sequence[Row]) -> list[Row]:
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        first.setdefault((row[4], row[0]), row)
    return list(first.values())


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
