"""What a query is made of, as it was written. Positions are 0-based characters of the query's text."""

from dataclasses import dataclass, field
from enum import StrEnum

from grove.search.tree import Tree


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
