"""The structure of one file, by tree-sitter: its definitions, and where names are used in its code.

Made to run in a child process, as `definitions`. A name counts where it is a token of the code: what stands in a
comment or a string is no use of it, unless the tree says that it is code there (as in an interpolation).
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from tree_sitter import Node

from grove.languages.definitions import DEFINITIONS_MAX, Placed, Row, placed_definitions, without_repetitions
from grove.languages.detection import grammar_of, outline_grammar_of
from grove.languages.grammars import GRAMMAR_NAMES, grammar
from grove.languages.model import Role, Task
from grove.languages.protobuf import PROTOBUF, protobuf_definitions, without_comments

USES_MAX: Final = 5_000

_NO_CODE: Final = re.compile(r"comment|string|text|content|char|regex|heredoc|quoted|template_literal")
_SYMBOLS: Final = frozenset({"simple_symbol", "atom", "hash_key_symbol", "private_property_identifier"})
"""Tokens that are a name with a sign before or after it."""
_IMPORTS: Final = re.compile(
    r"import|include|use_decl|use_clause|use_list|using_directive|export_specifier|preproc_inc"
)
_IMPORT_DEPTH: Final = 6
_CALLS: Final = frozenset(
    [
        "apply",
        "call",
        "call_expression",
        "command",
        "constructor_invocation",
        "decorator",
        "function_call",
        "function_call_expression",
        "instance_expression",
        "invocation",
        "invocation_expression",
        "jsx_opening_element",
        "jsx_self_closing_element",
        "macro_invocation",
        "member_call_expression",
        "method_invocation",
        "new_expression",
        "nullsafe_member_call_expression",
        "object_creation_expression",
        "scoped_call_expression",
    ]
)
_CALLED_FIELDS: Final = ("function", "method", "name", "target", "macro", "constructor", "type")
_ENDS_WITH_NAME: Final = frozenset(
    [
        "attribute",
        "dot",
        "dot_index_expression",
        "field_expression",
        "member_access_expression",
        "member_expression",
        "method_index_expression",
        "navigation_expression",
        "navigation_suffix",
        "qualified_identifier",
        "qualified_name",
        "scope_resolution",
        "scoped_identifier",
        "scoped_type_identifier",
        "selector_expression",
        "variable_name",
    ]
)
_BEGINS_WITH_NAME: Final = frozenset(
    ["generic_function", "generic_name", "generic_type", "template_function", "template_type", "type_constructor"]
)
_WRAPS_NAME: Final = frozenset({"command_name", "object_reference", "user_type", "type_identifier", "function_name"})


_DEFINING_CALLS: Final = frozenset(
    ["def", "defdelegate", "defguard", "defimpl", "defmacro", "defmacrop", "defmodule", "defp", "defprotocol"]
)
"""What Elixir's grammar takes for calls."""


Answer = tuple[list[Row], list[tuple[str, int, int, str, int]]]


def structure_in(task: Task) -> Answer:
    """The structure of a text, as plain values; nothing if there is no grammar for its language."""
    language, text, names, calls_within = task
    name = outline_grammar_of(language)
    if name == PROTOBUF:
        return _protobuf(text, names)
    if name not in GRAMMAR_NAMES:
        return [], []
    parser, query = grammar(name)
    root = parser.parse(text).root_node
    placed = placed_definitions(name, query, root)
    kept = list(without_repetitions(name, placed))[:DEFINITIONS_MAX]
    enclosing = _Enclosing(placed, kept)
    defined = {one.named for one in placed}
    found = [*_uses(root, text, names, defined), *_calls(root, calls_within, defined)] if grammar_of(language) else []
    uses = [(word, line, column, role, enclosing.of(at)) for word, line, column, role, at in found[:USES_MAX]]
    return [one.row for one in kept], uses


def _protobuf(text: bytes, names: Sequence[str]) -> Answer:
    plain = without_comments(text)
    rows = protobuf_definitions(text)[:DEFINITIONS_MAX]
    uses = []
    for name in names:
        for at in _places(plain, name.encode("utf-8", "replace")):
            line, column = plain.count(b"\n", 0, at) + 1, at - plain.rfind(b"\n", 0, at) - 1
            is_definition = any((row[0], row[2]) == (name, line) for row in rows)
            around = [number for number, row in enumerate(rows) if row[2] < line <= row[3]]
            role = Role.DEFINITION if is_definition else Role.REFERENCE
            uses.append((name, line, column, role.value, around[-1] if around else -1))
    return rows, uses[:USES_MAX]


class _Enclosing:
    """Finds the innermost definition around a place."""

    def __init__(self, placed: Sequence[Placed], kept: Sequence[Placed]) -> None:
        first = {_full_name(one): at for at, one in reversed(list(enumerate(kept)))}
        self._numbers = {one.named: first.get(_full_name(one), -1) for one in placed}
        self._numbers |= {one.named: at for at, one in enumerate(kept)}
        self._placed = sorted(placed, key=lambda one: (one.begin, -one.end))
        self._begins = [one.begin for one in self._placed]

    def of(self, at: int) -> int:
        """The number of the definition around a byte; of the name of a definition, that around the definition."""
        own = self._numbers.get(at)
        for place in range(bisect_right(self._begins, at) - 1, -1, -1):
            number = self._numbers[self._placed[place].named]
            if at < self._placed[place].end and number != own:
                return number
        return -1


def _full_name(one: Placed) -> tuple[str, str]:
    return one.row[4], one.row[0]


def _uses(
    root: Node, text: bytes, names: Sequence[str], defined: AbstractSet[int]
) -> Iterator[tuple[str, int, int, str, int]]:
    for name in names:
        word = name.encode("utf-8", "replace")
        for at in _places(text, word):
            node = root.descendant_for_byte_range(at, at + len(word))
            if node is None:
                continue
            is_definition = bool(defined & {at, node.start_byte})
            if not is_definition and not _is_token(node, at, word):
                continue
            role = Role.DEFINITION if is_definition else _role(node)
            row, column = _point(node, at)
            yield name, row + 1, column, role.value, at


def _places(text: bytes, word: bytes) -> Iterator[int]:
    """Where a word stands by itself."""
    before = rb"(?<![A-Za-z0-9_])" if word[:1].isalnum() or word[:1] == b"_" else b""
    after = rb"(?![A-Za-z0-9_])" if word[-1:].isalnum() or word[-1:] == b"_" else b""
    for found in re.finditer(before + re.escape(word) + after, text):
        yield found.start()


def _is_token(node: Node, at: int, word: bytes) -> bool:
    if not node.is_named or _NO_CODE.search(node.type):
        return False
    if (node.start_byte, node.end_byte) != (at, at + len(word)):
        return node.type in _SYMBOLS and (node.text or b"").strip(b":#@") == word.strip(b":#@")
    parent = node.parent
    return parent is None or parent.end_byte != node.end_byte or not _is_comment(parent)


def _is_comment(node: Node) -> bool:
    return "comment" in node.type


def _point(node: Node, at: int) -> tuple[int, int]:
    row, column = node.start_point
    return row, column + at - node.start_byte


def _role(node: Node) -> Role:
    if _is_called(node):
        return Role.CALL
    around = node.parent
    for _ in range(_IMPORT_DEPTH):
        if around is None:
            break
        if _IMPORTS.search(around.type):
            return Role.IMPORT
        around = around.parent
    return Role.REFERENCE


def _is_called(node: Node) -> bool:
    parent = node.parent
    while parent is not None and _is_name_of(node, parent):
        node, parent = parent, parent.parent
    if parent is None or parent.type not in _CALLS:
        return False
    called = next((found for field in _CALLED_FIELDS if (found := parent.child_by_field_name(field))), None)
    return (called or parent.named_child(0)) == node


def _is_name_of(node: Node, parent: Node) -> bool:
    """Whether a node is what names its parent: the last part of `a.b`, the first of `a<b>`."""
    if parent.type in _WRAPS_NAME or parent.type in _ENDS_WITH_NAME:
        return node.end_byte == parent.end_byte
    return parent.type in _BEGINS_WITH_NAME and node.start_byte == parent.start_byte


def _calls(
    root: Node, within: Sequence[tuple[int, int]], defined: AbstractSet[int]
) -> Iterator[tuple[str, int, int, str, int]]:
    """What is called within some lines, each call by the last part of its name."""
    for first, last in within:
        for node in _leaves(root, first - 1, last - 1):
            name = (node.text or b"").decode("utf-8", "replace").strip(":")
            is_definition = node.start_byte in defined or name in _DEFINING_CALLS
            if not is_definition and not _NO_CODE.search(node.type) and _is_called(node):
                row, column = node.start_point
                yield name, row + 1, column, Role.CALL.value, node.start_byte


def _leaves(root: Node, first: int, last: int) -> Iterator[Node]:
    """The named tokens that begin on some lines (from 0)."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.end_point.row < first or node.start_point.row > last:
            continue
        if not node.named_child_count:
            if node.is_named and node.start_point.row >= first:
                yield node
            continue
        waiting.extend(reversed(node.named_children))
