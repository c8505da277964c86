"""Search: what a query means, which files answer it, best first, and the truth about what was searched.

`search` and `search_stream` answer a `Question` over a `Corpus`; they need no database. `plan_of` says which
repositories and revisions a question is about, so that a `Catalogue` can make the corpus.
"""

from grove.search.answer import (
    Answer,
    ChangedLine,
    ChangeMatch,
    CommitMatch,
    Excerpt,
    Facet,
    Facets,
    FileAddress,
    FileMatch,
    Highlight,
    Line,
    RepositoryMatch,
    SearchedCommit,
    Symbol,
    Truth,
)
from grove.search.commits import CommitFinder
from grove.search.contexts import ENTRIES_MAX, Context, get_context, list_contexts, remove_context, set_context
from grove.search.corpus import Catalogue, Corpus, Draft, Limits, Resolution, Severity, Skipped, Suggestion, Target
from grove.search.desk import Desk
from grove.search.engine import search, search_stream, searched_commit
from grove.search.errors import (
    ContextInvalid,
    ContextNotFound,
    FilterUnknown,
    FilterValueInvalid,
    ModeConflict,
    NotOnTheWeb,
    PatternInvalid,
    PatternTooComplex,
    QueryInvalid,
    QueryTooLong,
)
from grove.search.linking import Link, LinkRequest
from grove.search.planning import plan_of
from grove.search.progress import Progress
from grove.search.question import Method, Mode, Plan, Question
from grove.search.ranking import RankedFile, Ranking, rank
from grove.search.reading import FileContent, Tree, TreeItem, TreeRequest
from grove.search.selection import Field, Selected, select
from grove.search.streaming import Alert, Done, Filters, Matches, ProgressMade, SearchEvent
from grove.search.syntax import FILTERS, FilterName
from grove.search.tracing import (
    Blame,
    BlamedRange,
    BlameRequest,
    Difference,
    DifferingFile,
    DiffRequest,
    FileLog,
    LoggedCommit,
)
from grove.search.truth import truth_line
from grove.search.weights import RankingWeights, SignalWeights

__all__ = [
    "ENTRIES_MAX",
    "FILTERS",
    "Alert",
    "Answer",
    "Blame",
    "BlameRequest",
    "BlamedRange",
    "Catalogue",
    "ChangeMatch",
    "ChangedLine",
    "CommitFinder",
    "CommitMatch",
    "Context",
    "ContextInvalid",
    "ContextNotFound",
    "Corpus",
    "Desk",
    "DiffRequest",
    "Difference",
    "DifferingFile",
    "Done",
    "Draft",
    "Excerpt",
    "Facet",
    "Facets",
    "Field",
    "FileAddress",
    "FileContent",
    "FileLog",
    "FileMatch",
    "FilterName",
    "FilterUnknown",
    "FilterValueInvalid",
    "Filters",
    "Highlight",
    "HistoryCondition",
    "Limits",
    "Line",
    "Link",
    "LinkRequest",
    "LoggedCommit",
    "Matches",
    "Method",
    "Mode",
    "ModeConflict",
    "NotOnTheWeb",
    "PatternInvalid",
    "PatternTooComplex",
    "Plan",
    "Progress",
    "ProgressMade",
    "QueryInvalid",
    "QueryTooLong",
    "Question",
    "RankedFile",
    "Ranking",
    "RankingWeights",
    "RepositoryMatch",
    "Resolution",
    "Said",
    "SearchEvent",
    "SearchedCommit",
    "Select",
    "Selected",
    "Severity",
    "SignalWeights",
    "Skipped",
    "Suggestion",
    "Symbol",
    "Target",
    "Tree",
    "TreeItem",
    "TreeRequest",
    "Truth",
    "get_context",
    "list_contexts",
    "plan_of",
    "rank",
    "remove_context",
    "search",
    "search_stream",
    "searched_commit",
    "select",
    "set_context",
    "truth_line",
]
