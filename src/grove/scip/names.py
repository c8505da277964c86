"""SCIP's symbols: `scheme manager package version descriptors`, where a doubled space stands for one within a part."""

import re
from typing import Final

_LAST: Final = re.compile(
    r"(?:`(?P<quoted>(?:[^`]|``)+)`|(?P<plain>[\w+$-]+))(?:\((?P<method>[^()]*)\)\.|[/#.:!])$"
    r"|[\[(](?:`(?P<quoted_inner>(?:[^`]|``)+)`|(?P<inner>[\w+$-]+))[\])]$"
)
_PART: Final = re.compile(r"(?:[^ ]|  )*")
_PARTS_BEFORE_DESCRIPTORS: Final = 4
_VERSION: Final = 3
LOCAL: Final = "local "


def name_of(symbol: str) -> str:
    """What the symbol is called in code, `""` if it has no name of its own: the name of its last descriptor."""
    found = _LAST.search(symbol)
    if found is None:
        return ""
    quoted = found["quoted"] or found["quoted_inner"]
    return quoted.replace("``", "`") if quoted else found["plain"] or found["inner"] or ""


def holder_of(symbol: str) -> str:
    """The name of what the symbol is defined in."""
    found = _LAST.search(symbol)
    return name_of(symbol[: found.start()]) if found else ""


def identity_of(symbol: str) -> str:
    """The symbol without its package's version: the same thing in two repositories may be known at two versions."""
    parts: list[str] = []
    at = 0
    for _ in range(_PARTS_BEFORE_DESCRIPTORS):
        found = _PART.match(symbol, at)
        assert found is not None
        if found.end() >= len(symbol):
            return symbol
        parts.append(found.group())
        at = found.end() + 1
    del parts[_VERSION]
    return " ".join([*parts, symbol[at:]])


def tool_of(symbol: str) -> str:
    """Which indexer told of a symbol: its scheme, which by custom is the indexer's name; nothing of nothing."""
    return symbol.partition(" ")[0]
