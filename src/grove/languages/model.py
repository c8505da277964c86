"""The words for what the text and the path of a file tell. Pure, and cheap to import: children that parse need them."""

from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import NamedTuple


class Mark(IntFlag):
    """What a path tells about its file."""

    NONE = 0
    TEST = 1
    VENDORED = 2
    GENERATED = 4
    DOCUMENTATION = 8
    EXAMPLE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A definition found in a file: 1-based lines."""

    name: str
    kind: str
    line: int
    end_line: int
    container: str = ""


class Role(StrEnum):
    """What a use of a name is."""

    DEFINITION = "definition"
    CALL = "call"
    IMPORT = "import"
    REFERENCE = "reference"


class Use(NamedTuple):
    """A use of a name in code: 1-based line, 0-based column in bytes.

    `within` is the number of the definition around it, or -1.
    """

    name: str
    line: int
    column: int
    role: Role
    within: int


class Task(NamedTuple):
    """What to find in a text: its definitions, uses of `names`, and what is called within ranges of its lines."""

    language: str
    text: bytes
    names: tuple[str, ...] = ()
    calls_within: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """What a file defines, and the uses of names in it that were asked for."""

    definitions: tuple[Definition, ...]
    uses: tuple[Use, ...]
