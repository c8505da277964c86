"""What is asked about names and places in code, and what is answered. Lines count from 1, columns from 0."""

from dataclasses import dataclass, field
from enum import StrEnum

from grove.languages import Mark, Role
from grove.scip import tool_of
from grove.search import FileAddress, Truth


class Basis(StrEnum):
    """How it is known that a use means what was asked for."""

    PRECISE = "precise"
    """An index of symbols says so."""
    NAME = "name"
    """It is a token of the code with this name."""
    TEXT = "text"
    """The name stands there; the file's language has no grammar, or could not be parsed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A question about a name: as a search's filters, several values of one of them are alternatives.

    `near` is a file, as `REPOSITORY:PATH`; what is close to it comes first. `limit` items are answered from the
    `offset`-th on.
    """

    name: str = ""
    repositories: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    near: str = ""
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Some lines of a file, as they are asked for."""

    repository: str
    path: str
    first_line: int
    last_line: int
    revision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """Some lines of a file of a commit."""

    repository_id: str
    repository: str
    commit: str
    path: str
    first_line: int
    last_line: int
    lines: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarPlace:
    """Lines that are like others: 1 is the same but for white space. `text` is the first line of them."""

    address: FileAddress
    language: str
    marks: Mark
    first_line: int
    last_line: int
    similarity: float
    text: str
    around: "Around | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarCode:
    """The places that are most like some lines, the most alike first."""

    extract: Extract
    items: tuple[SimilarPlace, ...]
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file whose path matches; `columns` are the characters of the path that did."""

    address: FileAddress
    language: str
    marks: Mark
    score: float
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFiles:
    """The files whose paths match a pattern, the best first."""

    name: str
    items: tuple[FoundFile, ...]
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlined:
    """A definition in a file; `depth` counts the definitions around it, `signature` is its first line."""

    name: str
    kind: str
    container: str
    line: int
    end_line: int
    depth: int
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The definitions of a file at a commit, or in a workspace on top of it, by line; `oid` is the file's content.

    `is_known` is false where the language has no grammar, or the file could not be parsed: then there is no saying.
    """

    repository: str
    repository_id: str
    commit: str
    path: str
    oid: str
    language: str
    line_count: int
    is_known: bool
    items: tuple[Outlined, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionPlace:
    """Where something is defined; `symbol` is its identity where an uploaded index tells it."""

    address: FileAddress
    language: str
    marks: Mark
    name: str
    kind: str
    container: str
    line: int
    end_line: int
    signature: str
    basis: Basis = Basis.NAME
    symbol: str = ""

    @property
    def tool(self) -> str:
        """The indexer that says so; empty where none does."""
        return tool_of(self.symbol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The innermost definition around a use."""

    name: str
    kind: str
    container: str
    line: int
    end_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsePlace:
    """A use of a name; columns are characters of `text`, the line."""

    address: FileAddress
    language: str
    marks: Mark
    line: int
    first_column: int
    end_column: int
    text: str
    role: Role
    basis: Basis
    around: Around | None = None
    symbol: str = ""

    @property
    def tool(self) -> str:
        """The indexer that says so; empty where none does."""
        return tool_of(self.symbol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """Where a name is defined, the likeliest first."""

    name: str
    items: tuple[DefinitionPlace, ...]
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Where a name is used, the closest to its definitions first."""

    name: str
    definitions: tuple[DefinitionPlace, ...]
    items: tuple[UsePlace, ...]
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A definition that uses the name, and where it does. Without `around` the uses stand outside of any definition."""

    address: FileAddress
    language: str
    marks: Mark
    around: Around | None
    uses: tuple[UsePlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """The definitions that use a name, the closest first."""

    name: str
    definitions: tuple[DefinitionPlace, ...]
    items: tuple[Caller, ...]
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Callee:
    """A name that a definition calls, on which lines, and where it is probably defined; nowhere if it is not here."""

    name: str
    lines: tuple[int, ...]
    definitions: tuple[DefinitionPlace, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Callees:
    """What a definition calls, in the order of its lines; `definition` is the one that was looked into."""

    name: str
    definition: DefinitionPlace | None
    items: tuple[Callee, ...]
    truth: Truth


def repositories_shown(found: "Definitions | References | Callers | Callees | FoundFiles | SimilarCode") -> set[str]:
    """The ids of the repositories that an answer shows something of."""
    defined: list[DefinitionPlace] = []
    if isinstance(found, Callees):
        defined += [found.definition] if found.definition is not None else []
        defined += [place for callee in found.items for place in callee.definitions]
        return {place.address.repository_id for place in defined}
    if isinstance(found, References | Callers):
        defined += found.definitions
    return {place.address.repository_id for place in (*defined, *found.items)}
