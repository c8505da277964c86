"""Definitions in source files, by tree-sitter: in this process, or in children that a hostile file may crash."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tree_sitter import Node, QueryCursor

from grove.indexing.grammars import GRAMMAR_NAMES, grammar
from grove.indexing.languages import grammar_of
from grove.indexing.model import Definition
from grove.sandbox import ChildFailure, ChildPool

NAME_CHARACTERS_MAX: Final = 256
DEFINITIONS_MAX: Final = 20_000
CHILDREN: Final = 2
MEMORY_BYTES_MAX: Final = 1024 * 1024 * 1024
FILE_SECONDS_MAX: Final = 10.0

_HOLDER: Final = "holder"
_METHOD_HOLDERS: Final = frozenset({"class", "struct", "trait", "interface", "enum", _HOLDER})
_REPEATED: Final = frozenset({"haskell", "elixir"})
"""Grammars in which a function is defined by several equations: the first counts."""

Row = tuple[str, str, int, int, str]
File = tuple[str, bytes]


class TreeSitterParser:
    """Parses in this process: for files that are trusted."""

    def parse(self, files: Sequence[File]) -> list[list[Definition]]:
        """The definitions of each `(language, UTF-8 text)`, in the order of their lines."""
        return [_definitions(definitions_in(file)) for file in files]


class PooledParser:
    """Parses in child processes with limits; a file at which a child fails has no definitions."""

    def __init__(
        self,
        *,
        children: int = CHILDREN,
        memory_bytes_max: int = MEMORY_BYTES_MAX,
        file_seconds_max: float = FILE_SECONDS_MAX,
    ) -> None:
        self._children = children
        self._pool: ChildPool[File, list[Row]] = ChildPool(
            definitions_in, children=children, memory_bytes_max=memory_bytes_max, call_seconds_max=file_seconds_max
        )

    def parse(self, files: Sequence[File]) -> list[list[Definition]]:
        """The definitions of each `(language, UTF-8 text)`, in the order of their lines."""
        found: list[list[Definition]] = [[] for _ in files]
        parsable = [number for number, (language, _) in enumerate(files) if grammar_of(language)]
        shares = _shares(parsable, [len(files[number][1]) for number in parsable], self._children)
        with ThreadPoolExecutor(max_workers=self._children) as threads:
            outcomes = threads.map(self._pool.call_each, ([files[number] for number in share] for share in shares))
            for share, share_outcomes in zip(shares, outcomes, strict=True):
                for number, outcome in zip(share, share_outcomes, strict=True):
                    found[number] = [] if isinstance(outcome, ChildFailure) else _definitions(outcome)
        return found

    def close(self) -> None:
        """End the child processes."""
        self._pool.close()


def definitions_in(file: File) -> list[Row]:
    """The definitions of a file as plain values: name, kind, first and last line (from 1), container."""
    language, text = file
    name = grammar_of(language)
    if name not in GRAMMAR_NAMES:
        return []
    parser, query = grammar(name)
    tree = parser.parse(text)
    found: dict[int, tuple[int, str, Node, Node, str]] = {}
    for pattern, captures in QueryCursor(query).matches(tree.root_node):
        if "name" not in captures:
            continue
        defined = captures["name"][0]
        if defined.start_byte in found and found[defined.start_byte][0] <= pattern:
            continue
        kind = next(capture for capture in captures if capture not in {"name", "container"} and capture[0] != "_")
        container = captures["container"][0].text if "container" in captures else None
        found[defined.start_byte] = (
            pattern,
            kind,
            defined,
            captures[kind][0],
            (container or b"").decode("utf-8", "replace"),
        )
    return _nested([entry[1:] for entry in found.values()], once=name in _REPEATED)[:DEFINITIONS_MAX]


def _nested(found: list[tuple[str, Node, Node, str]], *, once: bool) -> list[Row]:
    """The definitions with the innermost one around each as its container."""
    found.sort(key=lambda entry: (entry[2].start_byte, -entry[2].end_byte, entry[1].start_byte))
    around: list[tuple[int, str, str]] = []
    rows: list[tuple[int, Row]] = []
    seen: set[tuple[str, str]] = set()
    for kind, defined, whole, given in found:
        while around and around[-1][0] <= whole.start_byte:
            around.pop()
        qualifier, name = _split((defined.text or b"").decode("utf-8", "replace"))
        holder = around[-1] if around else (0, "", "")
        container = given or qualifier or holder[2]
        if kind == "function" and (holder[1] in _METHOD_HOLDERS or qualifier):
            kind = "method"  # noqa: PLW2901 - what is defined in a class is a method in every language
        around.append((whole.end_byte, kind, name))
        fresh = not once or kind == _HOLDER or (container, name) not in seen
        seen.add((container, name))
        if kind != _HOLDER and fresh and 0 < len(name) <= NAME_CHARACTERS_MAX and "\n" not in name:
            lines = defined.start_point.row + 1, whole.end_point.row + 1
            rows.append((defined.start_byte, (name, kind, *lines, container[:NAME_CHARACTERS_MAX])))
    return [row for _, row in sorted(rows)]


def _split(name: str) -> tuple[str, str]:
    """The qualifier and the last part of a name such as ``Outer::inner``; a symbol's colon is not part of its name."""
    qualifier, _, last = name.rpartition("::")
    return qualifier, last.removeprefix(":")


def _definitions(rows: list[Row]) -> list[Definition]:
    return [
        Definition(name=name, kind=kind, line=line, end_line=end_line, container=container)
        for name, kind, line, end_line, container in rows
    ]


def _shares(numbers: list[int], sizes: list[int], count: int) -> list[list[int]]:
    """The numbers parted into about equal amounts of work, the largest first."""
    shares: list[list[int]] = [[] for _ in range(count)]
    loads = [0] * count
    for size, number in sorted(zip(sizes, numbers, strict=True), reverse=True):
        lightest = loads.index(min(loads))
        shares[lightest].append(number)
        loads[lightest] += size
    return [share for share in shares if share]
