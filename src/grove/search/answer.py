"""What a search answers. Lines count from 1; columns are 0-based and half-open, in bytes of UTF-8 and in characters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from grove.languages import Mark
from grove.search.corpus import Skipped, Suggestion
from grove.search.question import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """A part of a line, or of a path, that matched."""

    first_byte: int
    end_byte: int
    first_character: int
    end_character: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a file, without its line end; `is_cut` if it was too long to be shown whole."""

    number: int
    text: str
    highlights: tuple[Highlight, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A definition."""

    name: str
    kind: str
    container: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Lines of a file that stand together. `first_line` to `last_line` is the range that answers the question.

    In a ranked answer `lines` are the best of that range, and `score` is the range's own.
    """

    first_line: int
    last_line: int
    lines: tuple[Line, ...]
    symbol: Symbol | None = None
    score: float = 0.0
    signals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAddress:
    """A file of a commit of a repository."""

    repository_id: str
    repository: str
    revision: str
    commit: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMatch:
    """A file that answers the question.

    `match_count` is how often its content matches, `is_count_exact` whether all were counted; excerpts may show fewer.
    `also_in` names other files of the answer's scope that hold the same best lines.
    """

    address: FileAddress
    language: str
    marks: Mark
    excerpts: tuple[Excerpt, ...]
    score: float
    path_highlights: tuple[Highlight, ...] = ()
    match_count: int = 0
    is_count_exact: bool = True
    also_in: tuple[FileAddress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryMatch:
    """A repository in which something answers the question, in at least `files_found` files."""

    repository_id: str
    repository: str
    revision: str
    commit: str
    files_found: int
    is_count_exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedLine:
    """A line that a commit added, or else removed."""

    text: str
    added: bool
    highlights: tuple[Highlight, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeMatch:
    """A path that a commit changed, with those added and removed lines that answer the question."""

    path: str
    kind: str
    lines: tuple[ChangedLine, ...] = ()
    match_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitMatch:
    """A commit that answers the question: `changes` shows some of its `change_count` changes."""

    repository_id: str
    repository: str
    commit: str
    parents: tuple[str, ...]
    subject: str
    message: str
    author: str
    authored_at: datetime
    committer: str
    committed_at: datetime
    changes: tuple[ChangeMatch, ...]
    change_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedCommit:
    """A commit that was searched: `files_indexed` of its `files_total` could be searched by their content.

    Of these `files_read` are not in the index and were read for this question.
    """

    repository: str
    revision: str
    commit: str
    is_default_revision: bool
    stale: bool
    files_indexed: int
    files_total: int
    files_read: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What was searched, what was not, and what the answer leaves out.

    `files_found` files answer the question; if `more`, there are or may be others. `limits_hit` names each limit
    that was reached. `files_shown` are in this answer, from the `offset`-th on; or `repositories_shown`, if those alone
    are wanted.
    """

    method: Method
    generation: int
    searched: tuple[SearchedCommit, ...]
    skipped: tuple[Skipped, ...]
    files_found: int
    repositories_found: int
    matches_found: int
    files_shown: int
    offset: int
    more: bool
    limits_hit: tuple[str, ...]
    elapsed_ms: int
    repositories_shown: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A value by which the answer could be narrowed, and how many of its files have it."""

    kind: str
    value: str
    query: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """The ways to narrow an answer; counts are of all files found, and exact if `is_exhaustive`."""

    items: tuple[Facet, ...]
    is_exhaustive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The files that answer a question, best first, and the truth about them.

    `repositories` are there instead of files when only those are wanted. `suggested` are questions that find
    something, if this one does not.
    """

    files: tuple[FileMatch, ...]
    facets: Facets
    truth: Truth
    plan: str
    repositories: tuple[RepositoryMatch, ...] = ()
    commits: tuple[CommitMatch, ...] = ()
    suggested: tuple[Suggestion, ...] = ()
