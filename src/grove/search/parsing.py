"""Turns the text of a query into an expression, or says what is wrong and where."""

import difflib
import re
from dataclasses import dataclass
from typing import cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args

from grove.search.errors import FilterUnknown, FilterValueInvalid, QueryInvalid, QueryTooLong
from grove.search.syntax import FILTERS, Atom, Expression, Filter, Form, Text
from grove.search.tree import All, AnyOf, Is, Negated

QUERY_CHARACTERS_MAX = 4096
DEPTH_MAX = 40

_ELSEWHERE = {
    "is": "it is archived:only or fork:only here",
    "org": "it is repo:NAME/ here",
    "owner": "it is repo:NAME/ here",
    "patterntype": "it is the mode here: regex, text, semantic or symbol",
    "user": "it is repo:NAME/ here",
    "visibility": "your rights decide what is searched",
}
"""Filters of other search engines, and what does the same here."""
_ESCAPED_QUOTE = re.compile(r"""\\(["'\\])""")


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeText:
    """A query in a mode without operators: its filters, and the rest as one text that begins at `position`."""

    filters: tuple[Expression, ...]
    text: str
    position: int


def parse_query(text: str) -> Expression:
    """Parse a query of the complete language; the empty query is the condition that always holds.

    :raises QueryTooLong: if it is longer than `QUERY_CHARACTERS_MAX`.
    :raises QueryInvalid: if it cannot be understood.
    :raises FilterUnknown: if it uses a filter that does not exist.
    :raises FilterValueInvalid: if a filter has no value.
    """
    _require_bounded(text)
    try:
        expression = cast("Expression", _PARSER.parse(text))
    except UnexpectedCharacters as error:
        position = error.pos_in_stream or 0
        raise QueryInvalid(reason="the quote is not closed", position=position) from None
    except UnexpectedToken as error:
        raise _unexpected(error.token, text) from None
    _require_shallow(expression)
    return expression


def split_filters(text: str) -> FreeText:
    """Take the known filters out of a text that is otherwise free: a pattern, a question, a symbol's name.

    :raises QueryTooLong: if it is longer than `QUERY_CHARACTERS_MAX`.
    :raises FilterValueInvalid: if a filter has no value.
    """
    _require_bounded(text)
    filters: list[Expression] = []
    pieces: list[tuple[int, str]] = []
    begin = 0
    for found in _FREE_FILTER.finditer(text):
        name = found["token"].partition(":")[0].lower()
        if name not in FILTERS:
            continue
        atom: Expression = Is(_filter(found["token"], found.start("token")))
        filters.append(Negated(atom) if found["minus"] else atom)
        pieces.append((begin, text[begin : found.start()]))
        begin = found.end()
    pieces.append((begin, text[begin:]))
    kept = [(start + len(piece) - len(piece.lstrip()), piece.strip()) for start, piece in pieces if piece.strip()]
    rest = " ".join(piece for _, piece in kept)
    return FreeText(filters=tuple(filters), text=rest, position=kept[0][0] if kept else 0)


def nearest(name: str, known: list[str]) -> str | None:
    """The known name that `name` was probably meant to be."""
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return close[0] if close else None


def _require_bounded(text: str) -> None:
    if len(text) > QUERY_CHARACTERS_MAX:
        raise QueryTooLong(characters=len(text), characters_max=QUERY_CHARACTERS_MAX)


def _require_shallow(expression: Expression) -> None:
    waiting = [(expression, 0)]
    while waiting:
        tree, depth = waiting.pop()
        if depth > DEPTH_MAX:
            raise QueryInvalid(reason="groups are nested too deeply", position=0)
        match tree:
            case All(parts) | AnyOf(parts):
                waiting.extend((part, depth + 1) for part in parts)
            case Negated(part):
                waiting.append((part, depth + 1))


def _unexpected(token: Token, text: str) -> QueryInvalid:
    if token.type == "$END":
        return QueryInvalid(reason="something is missing at the end", position=len(text.rstrip()))
    reason = f"'{token}' is not expected here"
    if token.type == "_CLOSE":
        reason = "')' closes no group"
    return QueryInvalid(reason=reason, position=token.start_pos or 0)


def _unquoted(written: str) -> str:
    return _ESCAPED_QUOTE.sub(r"\1", written[1:-1])


def _form_of(written: str) -> Form:
    quoted = len(written) > 1 and written[0] == written[-1]
    if quoted and written[0] in "\"'":
        return Form.QUOTED
    return Form.REGEX if quoted and len(written) > 2 and written[0] == "/" else Form.BARE  # noqa: PLR2004


def _value(written: str) -> tuple[str, Form]:
    form = _form_of(written)
    if form is Form.QUOTED:
        return _unquoted(written), form
    if form is Form.REGEX:
        return written[1:-1].replace("\\/", "/"), form
    return written, form


def _filter(token: str, position: int) -> Filter:
    name, _, written = token.partition(":")
    value, form = _value(written)
    if not value:
        raise FilterValueInvalid(filter=name, value="", reason="a value is missing", position=position)
    begin = position + len(name) + 1 + (form is not Form.BARE)
    return Filter(name=FILTERS[name.lower()], value=value, form=form, position=position, value_position=begin)


def _filter_or_word(token: str, position: int) -> Atom:
    name, _, written = token.partition(":")
    if name.lower() in FILTERS:
        return _filter(token, position)
    elsewhere = _ELSEWHERE.get(name.lower())
    if elsewhere and written:
        raise FilterUnknown(filter=name, reason=elsewhere, position=position)
    if len(name) > 1 and name.islower() and written:
        known = sorted(FILTERS)
        raise FilterUnknown(filter=name, nearest=nearest(name, known), position=position)
    return Text(text=token, form=Form.BARE, position=position)


@v_args(inline=True)
class _Builder(Transformer[Token, Expression]):
    """Builds the expression while the parser reduces, so that depth costs no recursion."""

    def start(self, expression: Expression | None = None) -> Expression:
        return All(()) if expression is None else expression

    def any_of(self, *parts: Expression) -> Expression:
        return parts[0] if len(parts) == 1 else AnyOf(parts)

    def all_of(self, *parts: Expression) -> Expression:
        return parts[0] if len(parts) == 1 else All(parts)

    def negated(self, part: Expression) -> Expression:
        return part.part if isinstance(part, Negated) else Negated(part)

    def filter(self, token: Token) -> Expression:
        return Is(_filter_or_word(str(token), token.start_pos or 0))

    def phrase(self, token: Token) -> Expression:
        return self._text(token)

    def regex(self, token: Token) -> Expression:
        return self._text(token)

    def word(self, token: Token) -> Expression:
        return Is(Text(text=str(token), form=Form.BARE, position=token.start_pos or 0))

    def _text(self, token: Token) -> Expression:
        text, form = _value(str(token))
        begin = (token.start_pos or 0) + 1
        if not text:
            raise QueryInvalid(reason="the quotes hold nothing", position=begin)
        return Is(Text(text=text, form=form, position=begin))


_PARSER = Lark.open("query.lark", rel_to=__file__, parser="lalr", lexer="basic", transformer=_Builder())
_FREE_FILTER = re.compile(
    rf"(?:^|(?<=\s))(?P<minus>-?)(?P<token>{_PARSER.get_terminal('FILTER').pattern.to_regexp()})(?=\s|$)"
)
