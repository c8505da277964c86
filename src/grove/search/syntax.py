"""What a query is made of, as it was written. Positions are 0-based characters of the query's text."""

from dataclasses import dataclass, field
from enum import StrEnum

from grove.search.tree import All, AnyOf, Is, Negated, Tree


class FilterName(StrEnum):
    """The filters, by their main names."""

    REPO = "repo"
    FILE = "file"
    LANG = "lang"
    REV = "rev"
    SYM = "sym"
    CONTENT = "content"
    CASE = "case"
    TYPE = "type"
    COUNT = "count"
    TIMEOUT = "timeout"
    WORD = "word"
    SELECT = "select"
    CONTEXT = "context"
    ARCHIVED = "archived"
    FORK = "fork"
    AUTHOR = "author"
    MESSAGE = "message"
    BEFORE = "before"
    AFTER = "after"
    WORKSPACE = "workspace"


FILTERS: dict[str, FilterName] = {
    **{name.value: name for name in FilterName},
    "r": FilterName.REPO,
    "repository": FilterName.REPO,
    "f": FilterName.FILE,
    "path": FilterName.FILE,
    "l": FilterName.LANG,
    "language": FilterName.LANG,
    "b": FilterName.REV,
    "branch": FilterName.REV,
    "revision": FilterName.REV,
    "symbol": FilterName.SYM,
    "c": FilterName.CONTENT,
    "t": FilterName.TYPE,
    "msg": FilterName.MESSAGE,
    "since": FilterName.AFTER,
    "until": FilterName.BEFORE,
    "ws": FilterName.WORKSPACE,
}
"""Every name that a filter may be written with."""


class Form(StrEnum):
    """How a value was written."""

    BARE = "bare"
    QUOTED = "quoted"
    REGEX = "regex"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A word (`form` bare), a phrase (quoted) or a regular expression to look for."""

    text: str
    form: Form
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter and its value."""

    name: FilterName
    value: str
    form: Form = Form.BARE
    position: int = field(default=0, compare=False)
    value_position: int = field(default=0, compare=False)


Atom = Text | Filter
Expression = Tree[Atom]


def written(expression: Expression) -> str:
    """The expression as the text of a query that means it.

    Alternatives stand without brackets where nothing is around them: a word of theirs may hold a bracket of its own.
    """
    if isinstance(expression, AnyOf):
        return " OR ".join(_written(part) for part in expression.parts)
    return _written(expression)


def _written(expression: Expression) -> str:
    match expression:
        case Is(Text() as text):
            return _written_value(text.text, text.form)
        case Is(Filter() as filter_):
            return f"{filter_.name}:{_written_value(filter_.value, filter_.form)}"
        case Negated(part):
            inner = _written(part)
            return f"-({inner})" if isinstance(part, All | AnyOf) else f"NOT {inner}" if _is_bare(part) else f"-{inner}"
        case AnyOf(parts):
            return f"({' OR '.join(_written(part) for part in parts)})"
        case All(parts):
            return " ".join(f"({_written(part)})" if isinstance(part, All) else _written(part) for part in parts)
    raise TypeError(type(expression))


def _is_bare(part: Expression) -> bool:
    """Whether a minus before the part might be taken for the beginning of a word."""
    return isinstance(part, Is) and isinstance(part.leaf, Text) and part.leaf.form is Form.BARE


def _written_value(value: str, form: Form) -> str:
    if form is Form.QUOTED or value.startswith("'"):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return f"/{value.replace('/', chr(92) + '/')}/" if form is Form.REGEX else value
