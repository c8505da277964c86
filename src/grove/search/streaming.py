"""What a search tells while it runs, one event after the other; `done` is always the last."""

from dataclasses import dataclass
from typing import ClassVar

from grove.search.answer import CommitMatch, Facets, FileMatch, RepositoryMatch, Truth
from grove.search.corpus import Severity, Suggestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Some more files that answer the question, best first; or repositories or commits, when those are wanted."""

    name: ClassVar[str] = "matches"
    files: tuple[FileMatch, ...]
    repositories: tuple[RepositoryMatch, ...] = ()
    commits: tuple[CommitMatch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressMade:
    """How far the search is."""

    name: ClassVar[str] = "progress"
    files_found: int
    repositories_found: int
    matches_found: int
    elapsed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The ways to narrow the answer."""

    name: ClassVar[str] = "filters"
    facets: Facets


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something that the user should know about this answer."""

    name: ClassVar[str] = "alert"
    title: str
    message: str
    severity: Severity
    suggested: Suggestion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The end of the answer, and the truth about it; `line` says it in one sentence."""

    name: ClassVar[str] = "done"
    truth: Truth
    line: str


SearchEvent = Matches | ProgressMade | Filters | Alert | Done
