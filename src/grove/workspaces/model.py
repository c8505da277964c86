"""What a workspace is."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grove.git import Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A private copy of a repository: `tree` is its files as they are now, `head` its last commit.

    They are on its own `branch`, which began at the commit `base` of the branch, tag or commit `target`. It is over
    when it has an `ended_at`, and can be restored, with all that was not committed. What its branch had of its own
    then is one commit, its `rescue`.
    """

    id: str
    tenant_id: str
    repository_id: str
    owner_id: str
    name: str
    branch: str
    target: str
    base: str
    head: str
    tree: str
    version: int
    held_bytes: int
    """The room that its git directory and its folder take, as it was measured."""
    created_at: datetime
    used_at: datetime
    ended_at: datetime | None
    follows: bool
    rescue: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch of a workspace: its last commit, and what it began at. Files are of the current one."""

    name: str
    target: str
    base: str
    head: str
    is_current: bool = False
    ahead: int = 0
    """So many commits are on it that the mirror's branch lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stash:
    """Changes that were put aside on a branch: a commit on top of the one that they were made on."""

    branch: str
    commit: Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a workspace and its branch in the mirror have gone apart.

    At `ends_at` it ends by itself unless it is used before; if it has ended, what is kept of it goes then.
    """

    ahead: int
    behind: int
    is_dirty: bool
    has_upstream: bool
    ends_at: datetime | None
    has_ended: bool = False

    @property
    def state(self) -> str:
        """In a word: `ended`, `detached` from any branch, `dirty`, `diverged`, `stale`, `ahead` or `clean`.

        A `stale` one is behind and can move forward.
        """
        words = {
            "ended": self.has_ended,
            "detached": not self.has_upstream,
            "dirty": self.is_dirty,
            "diverged": bool(self.ahead and self.behind),
            "stale": bool(self.behind),
            "ahead": bool(self.ahead),
        }
        return next((word for word, holds in words.items() if holds), "clean")

    @property
    def advice(self) -> str:
        """What to do about it; empty when there is nothing."""
        if self.state == "dirty":
            return "commit, then merge or rebase" if self.behind else ""
        return {"stale": "refresh moves it forward", "diverged": "merge or rebase"}.get(self.state, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceLimits:
    """How much one user may have."""

    count_max: int
    written_bytes_max: int
    idle_days_max: int = 0
    """After so many days without a change a workspace ends by itself; 0 means never."""
    rescue_days_max: int = 0
    """So many days after its end what is kept of it goes; 0 means never."""


class EditKind(StrEnum):
    """What may be done to a path."""

    WRITE = "write"
    REPLACE = "replace"
    REMOVE = "remove"
    MOVE = "move"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContent:
    """The content of a file that git has, by its id."""

    oid: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change of a file. `expected` is the id of the content that it must have now; empty if it must not be there.

    `target` is where a file is moved to; nothing may be there yet. `old` is what `content` replaces; it must be there
    exactly once.
    """

    kind: EditKind
    path: str
    content: bytes = b""
    executable: bool | None = None
    expected: str | None = None
    target: str = ""
    old: bytes = b""
    stored: StoredContent | None = None
    """The content to write, when it is in the workspace's git directory already."""

    @property
    def size_bytes(self) -> int:
        """How much is written."""
        return len(self.content) if self.stored is None else self.stored.size_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a path with conflicts is to be: one of the sides (`take` is `ours` or `theirs`), or else `content`."""

    path: str
    content: bytes = b""
    take: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceFile:
    """A file as it is in a workspace; `oid` is what `expected` wants when it is changed."""

    path: str
    oid: str
    content: bytes
    executable: bool
    is_link: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """A file that differs from another state: `added`, `removed`, `changed`, `renamed` or `copied`."""

    path: str
    old_path: str
    kind: str
    patch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceStatus:
    """Where a workspace stands: what is not committed, and how far it and the mirror have gone apart."""

    workspace: Workspace
    changes: tuple[ChangedFile, ...]
    upstream: str | None
    standing: Standing

    @property
    def ahead(self) -> int:
        """How many commits the mirror's branch lacks."""
        return self.standing.ahead

    @property
    def behind(self) -> int:
        """How many commits of the mirror's branch the workspace lacks."""
        return self.standing.behind

    @property
    def is_stale(self) -> bool:
        """Whether the mirror has commits that the workspace lacks."""
        return self.behind > 0

    @property
    def state(self) -> str:
        """The standing in a word."""
        return self.standing.state

    @property
    def advice(self) -> str:
        """What to do about it; empty when there is nothing."""
        return self.standing.advice

    @property
    def ends_at(self) -> datetime | None:
        """When it ends by itself; of one that has ended, when what is kept of it goes."""
        return self.standing.ends_at
