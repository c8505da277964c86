"""Definitions in source files, by tree-sitter: what a file is parsed to, as plain values.

Made to run in a child process (see `parsers`), for a grammar may be crashed by a hostile file.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tree_sitter import Node, Query, QueryCursor

from grove.languages.detection import grammar_of
from grove.languages.grammars import GRAMMAR_NAMES, grammar
from grove.languages.protobuf import PROTOBUF, protobuf_definitions

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


class Placed(NamedTuple):
    """A definition, and where it is in the text: its name's first byte, and the range of the whole."""

    row: Row
    named: int
    begin: int
    end: int


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
    if name == PROTOBUF:
        return protobuf_definitions(text)[:DEFINITIONS_MAX]
    if name not in GRAMMAR_NAMES:
        return []
    parser, query = grammar(name)
    placed = placed_definitions(name, query, parser.parse(text).root_node)
    return [one.row for one in without_repetitions(name, placed)][:DEFINITIONS_MAX]


def placed_definitions(grammar_name: str, query: Query, root: Node) -> list[Placed]:
    """Every definition below a node, in the order of their names."""
    first: dict[int, tuple[int, _Found]] = {}
    for pattern, captures in QueryCursor(query).matches(root):
        if "name" in captures:
            found = _found(captures, qualified=grammar_name in _QUALIFIED)
            before = first.get(found.named.start_byte)
            if before is None or pattern < before[0]:
                first[found.named.start_byte] = (pattern, found)
    return sorted(_nested([found for _, found in first.values()]), key=lambda one: one.named)


def without_repetitions(grammar_name: str, placed: Iterable[Placed]) -> Iterable[Placed]:
    """The definitions, each once where a grammar has several equations for one function."""
    if grammar_name not in _REPEATED:
        return placed
    first: dict[tuple[str, str], Placed] = {}
    for one in placed:
        first.setdefault((one.row[4], one.row[0]), one)
    return first.values()


def _found(captures: dict[str, list[Node]], *, qualified: bool) -> _Found:
    named = captures["name"][0]
    kind = next(capture for capture in captures if capture not in {"name", "container"} and capture[0] != "_")
    qualifier, name = "", " ".join(_text(named).removeprefix(":").split())
    if qualified:
        qualifier, _, name = name.rpartition("::")
    container = _text(captures["container"][0]) if "container" in captures else qualifier
    return _Found("method" if qualifier and kind == "function" else kind, name, container, named, captures[kind][0])


def _nested(found: list[_Found]) -> Iterator[Placed]:
    """The definitions, each with the innermost one around it as its container."""
    found.sort(key=lambda one: (one.whole.start_byte, -one.whole.end_byte, one.named.start_byte))
    around: list[_Found] = []
    for one in found:
        while around and around[-1].whole.end_byte <= one.whole.start_byte:
            around.pop()
        holder = around[-1] if around else None
        around.append(one)
        if one.kind == _HOLDER or not 0 < len(one.name) <= NAME_CHARACTERS_MAX:
            continue
        # What is called a function in a grammar is a method where it stands in a class.
        kind = "method" if one.kind == "function" and holder and holder.kind in _METHOD_HOLDERS else one.kind
        container = one.container or (holder.name if holder else "")
        row = one.name, kind, one.named.start_point.row + 1, _last_line(one.whole), container[:NAME_CHARACTERS_MAX]
        # A qualified name, as in `Outer::inner`, begins with what is not its name.
        named = one.named.end_byte - len(one.name.encode()) if "::" in _text(one.named) else one.named.start_byte
        yield Placed(row, named, one.whole.start_byte, one.whole.end_byte)


def _last_line(whole: Node) -> int:
    """The last line of a node; one that ends with a line feed ends before the next line."""
    row, column = whole.end_point
    return row + 1 if column or row == whole.start_point.row else row


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
