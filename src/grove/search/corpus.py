"""What an actor may search, as the registry decided it before the search begins.

The registry is asked in a transaction; the search itself needs none. Permission, repository and revision are settled
here, so nothing outside a corpus can show in an answer, a count or a score.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from grove.indexing import History, IndexView
from grove.kit.gate import Actor, Selection
from grove.kit.transactions import Transaction
from grove.repositories import Repository
from grove.search.question import Plan
from grove.vectors import Meaning


class Severity(StrEnum):
    """How much it matters that something was not searched."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What the user may do about it: a query to run instead."""

    title: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something that was asked for and not searched.

    `reason` is a stable word, `title` names what was skipped, `message` says why in a few words; `repository_id` is
    there when it is a repository that was skipped as a whole.
    """

    reason: str
    title: str
    message: str
    severity: Severity = Severity.WARNING
    suggested: Suggestion | None = None
    repository_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A commit of a repository that may be searched.

    `revision` is the name under which it was asked for, `snapshot` the name of its index. A `stale` one is behind its
    remote; the last good index serves meanwhile. `files_read` are not indexed and were read for this question.
    """

    repository_id: str
    name: str
    revision: str
    snapshot: str
    commit: str
    is_default_revision: bool = True
    stale: bool = False
    files_read: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The files of somebody's workspace as they are now: a tree in a git directory, on top of the commit `head`.

    `base` is the commit of the mirror that it stands on.
    """

    repository_id: str
    branch: str
    folder: Path
    base: str
    head: str
    tree: str


class Drafts(Protocol):
    """Finds workspaces that an actor may see."""

    def __call__(self, tx: Transaction, *, actor: Actor, name: str) -> Draft:
        """The workspace of that name.

        :raises GroveError: if there is none, or the actor may not see it.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A commit that was asked for and has no snapshot: `name` is an object's id, or how one begins.

    With a `moment` it is what a branch that is at `name` now was at then. `near` are snapshots of the same repository.
    """

    repository: Repository
    revision: str
    name: str
    moment: datetime | None = None
    near: frozenset[str] = frozenset()
    draft: Draft | None = None
    """What is sought instead of a commit."""
    like: tuple[str, ...] = ()
    """Snapshots that a draft may differ little from, the likeliest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a plan's repositories and revisions come to; git knows more of the commits that are `sought`."""

    targets: tuple[Target, ...]
    skipped: tuple[Skipped, ...] = ()
    sought: tuple[Sought, ...] = ()


class Catalogue(Protocol):
    """Knows which repositories an actor may read."""

    def resolve(self, plan: Plan) -> Resolution:
        """The commits to search: `plan.admits_repository` chooses among names, `plan.revisions` names the versions.

        What was asked for and cannot be searched is skipped, with its reason.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What is searched: an index and the commits of it that the actor may read; opening it took some seconds."""

    view: IndexView
    targets: tuple[Target, ...]
    generation: int = 0
    skipped: tuple[Skipped, ...] = ()
    meaning: Meaning | None = None
    opening_seconds: float = 0.0
    histories: Mapping[str, History] = field(default_factory=dict)
    """By repository; only for questions about commits."""
    selection: Selection | None = None
    """The decisions about what the actor may search; of none when nobody in particular asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one search may cost; every limit that was reached is in the answer's truth."""

    seconds_max: float = 10.0
    files_found_max: int = 1_000
    symbols_max: int = 2_000
    symbols_scanned_max: int = 200_000
    lines_per_file_max: int = 50
    line_characters_max: int = 2_000
    chunks_per_file_max: int = 2
    snippet_lines_max: int = 6
    context_lines_max: int = 20
    facets_max: int = 20
