r"""What a text must contain for a regular expression to match it: the literals that an index can look up.

Reads RE2's syntax conservatively: where it is in doubt, it requires nothing and expects that a match may span lines.
"""

import re
from dataclasses import dataclass
from itertools import product
from typing import Final

from grove.indexing import Need

LITERAL_BYTES_MIN: Final = 3
TEXTS_MAX: Final = 16
DEPTH_MAX: Final = 100

_OPEN: Final = Need()
_REPEAT = re.compile(r"(?:\*|\+|\?|\{(\d+)(,(\d*))?\})\??")
_GROUP_OPEN = re.compile(r"\((?:\?P?<\w+>|\?(?P<flags>[imsU-]*)(?P<end>[:)]))?")
_IGNORES_CASE = re.compile(r"\(\?[msU]*i")
_HEX = re.compile(r"\\x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))")
_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\\[]|\\Q|\\.|\[:\^?\w+:\]|\[)*\]", re.DOTALL)
_SIMPLE_CLASS = re.compile(r"\[[A-Za-z0-9_]{1,4}\]")
_MEMBER = r"(?:[\w.,;:!?@#%&*+=<>/|~\"'` -]|\\[wd.\-/()\[\]{}+*?|^$\"'])"
_LINE_FREE_CLASS = re.compile(rf"\[(?:{_MEMBER}+|\^{_MEMBER}*\\n{_MEMBER}*)\]", re.ASCII)
_CONTROL = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is known of every match of a pattern.

    `texts` are all the texts it may match, if they are few; otherwise `need` is what a match contains.
    """

    need: Need = _OPEN
    texts: frozenset[str] | None = None
    crosses_lines: bool = False
    ignores_case: bool = False


_ANYTHING: Final = Shape(crosses_lines=True, ignores_case=True)
_ONE_CHARACTER: Final = Shape()
_NOTHING: Final = Shape(texts=frozenset({""}))


def shape_of(pattern: str, *, fold_case: bool) -> Shape:
    """What every match of a valid RE2 pattern contains."""
    try:
        return _Reader(pattern, fold_case=fold_case or _IGNORES_CASE.search(pattern) is not None).read()
    except _Unsure:
        return _ANYTHING


def need_of_text(text: str, *, fold_case: bool) -> Need:
    """What a text contains that contains `text`, whose lines may lie in different chunks."""
    pieces = re.split(r"[^\x00-\x7f]+|\n", text) if fold_case else text.split("\n")
    literals = [(piece.lower() if fold_case else piece).encode() for piece in pieces]
    return Need(literals=tuple(literal for literal in literals if len(literal) >= LITERAL_BYTES_MIN))


class _Unsure(Exception):
    """The pattern is not understood."""


class _Reader:
    """One pass over a pattern."""

    def __init__(self, pattern: str, *, fold_case: bool) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0
        self._fold_case = fold_case
        self._whole = False
        self._dot_crosses = False

    def read(self) -> Shape:
        shape = self._alternatives()
        if self._at != len(self._pattern):
            raise _Unsure
        return Shape(
            need=self._required(shape),
            texts=shape.texts,
            crosses_lines=shape.crosses_lines or self._whole,
            ignores_case=self._fold_case,
        )

    def _alternatives(self) -> Shape:
        shapes = [self._sequence()]
        while self._take("|"):
            shapes.append(self._sequence())
        if len(shapes) == 1:
            return shapes[0]
        crosses = any(shape.crosses_lines for shape in shapes)
        texts = frozenset(text for shape in shapes for text in shape.texts or ())
        if all(shape.texts is not None for shape in shapes) and len(texts) <= TEXTS_MAX:
            return Shape(texts=texts, crosses_lines=crosses)
        return Shape(need=_any_need([self._required(shape) for shape in shapes]), crosses_lines=crosses)

    def _sequence(self) -> Shape:
        needs: list[Need] = []
        texts: frozenset[str] = frozenset({""})
        exact, crosses = True, False
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            shape = self._repeated()
            crosses = crosses or shape.crosses_lines
            if shape.texts is not None and len(shape.texts) * len(texts) <= TEXTS_MAX:
                texts = frozenset(before + after for before, after in product(texts, shape.texts))
                continue
            needs.append(self._need_of(texts))
            if shape.texts is not None:
                texts = shape.texts
            else:
                needs.append(shape.need)
                texts = frozenset({""})
            exact = False
        if exact:
            return Shape(texts=texts, crosses_lines=crosses)
        return Shape(need=_all_need([*needs, self._need_of(texts)]), crosses_lines=crosses)

    def _repeated(self) -> Shape:
        shape = self._atom()
        found = _REPEAT.match(self._pattern, self._at)
        if found is None:
            return shape
        self._at = found.end()
        symbol = found[0][0]
        least = int(found[1]) if symbol == "{" else int(symbol == "+")
        if symbol == "?" and shape.texts is not None and len(shape.texts) < TEXTS_MAX:
            return Shape(texts=shape.texts | {""}, crosses_lines=shape.crosses_lines)
        if found[0].startswith("{1}"):
            return shape
        return Shape(need=self._required(shape) if least else Need(), crosses_lines=shape.crosses_lines)

    def _atom(self) -> Shape:
        character = self._pattern[self._at]
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        if character == "\\":
            return self._escape()
        self._at += 1
        if character == ".":
            return Shape(crosses_lines=self._dot_crosses)
        if character in "^$":
            return _NOTHING
        if character in "*+?":
            raise _Unsure
        return self._literal(character)

    def _group(self) -> Shape:
        opened = _GROUP_OPEN.match(self._pattern, self._at)
        self._depth += 1
        if opened is None or self._depth > DEPTH_MAX or self._pattern.startswith("(?", opened.end() - 1):
            raise _Unsure
        self._at = opened.end()
        flags = opened["flags"] or ""
        # Without multi-line mode `^` and `$` mean the file; with `s` a dot may be a line break.
        self._whole = self._whole or "-" in flags
        self._dot_crosses = self._dot_crosses or "s" in flags
        self._depth -= opened["end"] == ")"
        if opened["end"] == ")":
            return _NOTHING
        shape = self._alternatives()
        if not self._take(")"):
            raise _Unsure
        self._depth -= 1
        return shape

    def _class(self) -> Shape:
        found = _CLASS.match(self._pattern, self._at)
        if found is None or "\\Q" in found[0]:
            raise _Unsure
        self._at = found.end()
        if _SIMPLE_CLASS.fullmatch(found[0]):
            return Shape(texts=frozenset(self._folded(letter) for letter in found[0][1:-1]))
        return Shape(crosses_lines=not _LINE_FREE_CLASS.fullmatch(found[0]))

    def _escape(self) -> Shape:
        found = _HEX.match(self._pattern, self._at)
        if found:
            self._at = found.end()
            return self._literal(chr(min(int(found[1] or found[2], 16), 0x10FFFF)))
        letter = self._pattern[self._at + 1 : self._at + 2]
        self._at += 2
        if letter in _CONTROL:
            return self._literal(_CONTROL[letter])
        if letter in {"d", "w", "S"}:
            return _ONE_CHARACTER
        if letter in {"D", "W", "s"}:
            return Shape(crosses_lines=True)
        if letter in {"b", "B", "A", "z"}:
            self._whole = self._whole or letter in "Az"
            return _NOTHING
        if not letter or letter.isalnum() or not letter.isascii():
            raise _Unsure
        return self._literal(letter)

    def _literal(self, character: str) -> Shape:
        if self._fold_case and not character.isascii():
            return _ONE_CHARACTER
        return Shape(texts=frozenset({self._folded(character)}), crosses_lines=character == "\n")

    def _folded(self, character: str) -> str:
        return character.lower() if self._fold_case else character

    def _take(self, character: str) -> bool:
        taken = self._pattern.startswith(character, self._at)
        self._at += taken
        return taken

    def _required(self, shape: Shape) -> Need:
        return shape.need if shape.texts is None else self._need_of(shape.texts)

    def _need_of(self, texts: frozenset[str]) -> Need:
        return _any_need([need_of_text(text, fold_case=self._fold_case) for text in sorted(texts)])


def _is_open(need: Need) -> bool:
    return not need.literals and not need.needs


def _all_need(needs: list[Need]) -> Need:
    closed = [need for need in needs if not _is_open(need)]
    if len(closed) == 1:
        return closed[0]
    literals = tuple(literal for need in closed if not need.any_of for literal in need.literals)
    nested = tuple(inner for need in closed if not need.any_of for inner in need.needs)
    return Need(literals=literals, needs=nested + tuple(need for need in closed if need.any_of))


def _any_need(needs: list[Need]) -> Need:
    if any(_is_open(need) for need in needs):
        return Need()
    if len(needs) == 1:
        return needs[0]
    single = all(len(need.literals) == 1 and not need.needs for need in needs)
    if single:
        return Need(literals=tuple(dict.fromkeys(need.literals[0] for need in needs)), any_of=True)
    return Need(needs=tuple(needs), any_of=True)
