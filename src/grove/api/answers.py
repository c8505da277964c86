"""The JSON of search answers. Lines count from 1; columns are 0-based and half-open."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from grove.api.shapes import Shown
from grove.languages import Mark
from grove.search import Answer, FileAddress, FileMatch, Method, Severity, Truth, truth_line


class HighlightOut(Shown):
    """A part of a line, or of a path, that matched: in bytes of UTF-8 and in characters."""

    first_byte: int
    end_byte: int
    first_character: int
    end_character: int


class LineOut(Shown):
    """A line, without its end; `is_cut` if it was too long to be shown whole."""

    number: int
    text: str
    highlights: list[HighlightOut]
    is_cut: bool


class SymbolOut(Shown):
    """A definition."""

    name: str
    kind: str
    container: str
    line: int


class ExcerptOut(Shown):
    """Lines that stand together; `first_line` to `last_line` is the range that answers the question."""

    first_line: int
    last_line: int
    lines: list[LineOut]
    symbol: SymbolOut | None
    score: float
    signals: dict[str, float]


class AddressOut(Shown):
    """A file of a commit of a repository."""

    repository_id: str
    repository: str
    revision: str
    commit: str
    path: str


class FileMatchOut(AddressOut):
    """A file that answers the question; `also_in` names others that hold the same lines."""

    language: str
    marks: list[str]
    score: float
    match_count: int
    is_count_exact: bool
    path_highlights: list[HighlightOut]
    excerpts: list[ExcerptOut]
    also_in: list[AddressOut]

    @classmethod
    def of(cls, match: FileMatch) -> Self:
        """As people see it."""
        names = cls.model_fields.keys() - AddressOut.model_fields.keys() - {"marks"}
        return cls.model_validate(
            {
                **_address(match.address),
                **{name: getattr(match, name) for name in names},
                "marks": marks_out(match.marks),
            }
        )


class RepositoryMatchOut(Shown):
    """A repository in which something answers the question."""

    repository_id: str
    repository: str
    revision: str
    commit: str
    files_found: int
    is_count_exact: bool


class ChangedLineOut(Shown):
    """A line that a commit added, or else removed."""

    text: str
    added: bool
    highlights: list[HighlightOut]
    is_cut: bool


class ChangeMatchOut(Shown):
    """A path that a commit `added`, `changed` or `removed`, with those of its lines that answer the question."""

    path: str
    kind: str
    lines: list[ChangedLineOut]
    match_count: int


class CommitMatchOut(Shown):
    """A commit that answers the question; `changes` are some of its `change_count` changes."""

    repository_id: str
    repository: str
    commit: str
    parents: list[str]
    subject: str
    message: str
    author: str
    authored_at: datetime
    committer: str
    committed_at: datetime
    changes: list[ChangeMatchOut]
    change_count: int


class SearchedOut(Shown):
    """A commit that was searched: `files_indexed` of its files by their content, `files_read` without the index."""

    repository: str
    revision: str
    commit: str
    is_default_revision: bool
    stale: bool
    files_indexed: int
    files_total: int
    files_read: int


class SuggestionOut(Shown):
    """A query to run instead."""

    title: str
    query: str


class SkippedOut(Shown):
    """Something that was asked for and not searched, and why."""

    reason: str
    title: str
    message: str
    severity: Severity
    suggested: SuggestionOut | None


class TruthOut(Shown):
    """What was searched, what was not, and what the answer leaves out."""

    method: Method
    generation: int
    searched: list[SearchedOut]
    skipped: list[SkippedOut]
    files_found: int
    repositories_found: int
    matches_found: int
    files_shown: int
    offset: int
    more: bool
    limits_hit: list[str]
    elapsed_ms: int
    repositories_shown: int | None
    notes: list[str]


class FacetOut(Shown):
    """A value by which the answer could be narrowed, and the filter that does it."""

    kind: str
    value: str
    query: str
    count: int


class FacetsOut(Shown):
    """The ways to narrow an answer; counts are exact if `is_exhaustive`."""

    items: list[FacetOut]
    is_exhaustive: bool


class AnswerOut(Shown):
    """The files that answer a question, best first, and the truth about them in numbers and in one sentence.

    `repositories` or `commits` are there instead of files when those were asked for; `suggested` when nothing is found.
    """

    files: list[FileMatchOut]
    repositories: list[RepositoryMatchOut]
    commits: list[CommitMatchOut]
    suggested: list[SuggestionOut]
    facets: FacetsOut
    truth: TruthOut
    truth_line: str
    plan: str | None

    @classmethod
    def of(cls, answer: Answer, *, explain: bool) -> Self:
        """As people see it; the plan only for those who want it explained."""
        return cls(
            files=matches_out(answer.files),
            repositories=[RepositoryMatchOut.model_validate(found) for found in answer.repositories],
            commits=[CommitMatchOut.model_validate(found) for found in answer.commits],
            suggested=[SuggestionOut.model_validate(suggestion) for suggestion in answer.suggested],
            facets=FacetsOut.model_validate(answer.facets),
            truth=truth_out(answer.truth),
            truth_line=truth_line(answer.truth),
            plan=answer.plan if explain else None,
        )


def matches_out(files: Sequence[FileMatch]) -> list[FileMatchOut]:
    """Files as people see them."""
    return [FileMatchOut.of(match) for match in files]


def marks_out(marks: Mark) -> list[str]:
    """Marks by their names."""
    return [(mark.name or "").lower() for mark in Mark if mark and mark in marks]


def truth_out(truth: Truth) -> TruthOut:
    """The truth as people see it."""
    return TruthOut.model_validate(truth)


def _address(address: FileAddress) -> dict[str, Any]:
    return {name: getattr(address, name) for name in AddressOut.model_fields}
