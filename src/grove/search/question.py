"""What is asked, and the conditions it is made into."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from typing import Final

from grove.search.patterns import Pattern
from grove.search.tree import All, AnyOf, Is, Negated, Tree, conjuncts

FILES_PER_ANSWER_MAX: Final = 1_000


class Mode(StrEnum):
    """How the text of a question is read."""

    AUTO = "auto"
    TEXT = "text"
    REGEX = "regex"
    SEMANTIC = "semantic"
    SYMBOL = "symbol"


class Method(StrEnum):
    """How a question is answered: every place exactly, the best places first, definitions by name, or commits."""

    EXACT = "exact"
    RANKED = "ranked"
    SYMBOL = "symbol"
    HISTORY = "history"


class Select(StrEnum):
    """What is shown of what was found, when it is not places in files."""

    REPOSITORY = "repo"
    FILE = "file"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query as an entry point received it.

    `revisions`, `paths`, `languages` and `workspaces` mean the same as the filters of the query's text; so do
    `repositories`, but one that is plainly a name means that repository alone, by all of its name or its last parts.
    Several values of one of them are alternatives; `wants_all` means the same as `count:all`. `limit` files are
    answered from the `offset`-th best on.
    """

    text: str
    mode: Mode = Mode.AUTO
    repositories: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    limit: int = 20
    offset: int = 0
    context_lines: int = 0
    explain: bool = False
    wants_all: bool = False
    asked_at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)
    """What "2 weeks ago" is counted from."""


class Admits(StrEnum):
    """Whether repositories of a kind are searched beside others, not at all, or alone."""

    YES = "yes"
    NO = "no"
    ONLY = "only"

    def admits(self, *, is_such: bool) -> bool:
        """Whether a repository may be searched that is of the kind, or is not."""
        return self is Admits.YES or is_such == (self is Admits.ONLY)


class Place(StrEnum):
    """Where a pattern is looked for."""

    ANYWHERE = "contains"
    CONTENT = "content"
    PATH = "path"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finds:
    """The pattern is in the file's content, in its path, or in either."""

    pattern: Pattern
    place: Place = Place.ANYWHERE

    def __hash__(self) -> int:
        return hash(self.pattern)  # it is asked for often, and the pattern knows its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Defines:
    """The file defines a symbol whose name the pattern matches; of this kind, if one is given."""

    pattern: Pattern
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InRepository:
    """The repository's name is matched by the pattern."""

    pattern: Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class InLanguage:
    """The file is in this language."""

    language: str


Part = Finds | Defines | InRepository | InLanguage
Condition = Tree[Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody's name, or a message, must match; or must not."""

    pattern: Pattern
    negated: bool = False

    def holds_for(self, text: bytes) -> bool:
        """Whether a text is as it must be."""
        return self.pattern.found_in(text) != self.negated


class Side(StrEnum):
    """Which lines of a change are looked at: those that it added, those that it removed, or both."""

    BOTH = "both"
    ADDED = "added"
    REMOVED = "removed"

    @property
    def has_added(self) -> bool:
        """Whether added lines are among them."""
        return self is not Side.REMOVED

    @property
    def has_removed(self) -> bool:
        """Whether removed lines are among them."""
        return self is not Side.ADDED


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryCondition:
    """Which commits are looked for: by whom, what their messages say, and when, `after` included and `before` not.

    Words of the question are looked for in messages, or, when `in_changes`, in the lines of one side or both.
    """

    in_changes: bool
    side: Side = Side.BOTH
    authors: tuple[Said, ...] = ()
    messages: tuple[Said, ...] = ()
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRevisions:
    """The revisions of repositories whose names the pattern matches, as in `repo:NAME@REVISION`."""

    pattern: Pattern
    revisions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.pattern} at {' at '.join(self.revisions)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a question will be answered.

    `words` is the question in the user's words, for ranking. `revisions` are as they were written, and in addition some
    repositories have their own; none means a repository's default; with a `moment` each is what it was then.
    `selected` says what is shown of what is found, of symbols only those of `symbol_kind`; at most `files_max` files
    are, or `wants_all`. `notes` say what the user may not expect. `otherwise` is tried if nothing is found.
    """

    method: Method
    condition: Condition
    words: str = ""
    revisions: tuple[str, ...] = ()
    own_revisions: tuple[OwnRevisions, ...] = ()
    contexts: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    archived: Admits = Admits.YES
    fork: Admits = Admits.YES
    moment: datetime | None = None
    history: HistoryCondition | None = None
    selected: Select | None = None
    symbol_kind: str = ""
    seconds_max: float | None = None
    files_max: int | None = None
    wants_all: bool = False
    notes: tuple[str, ...] = ()
    otherwise: "Plan | None" = None

    def admits_repository(self, name: str, *, archived: bool = False, fork: bool = False) -> bool:
        """Whether anything in a repository of this name, archived or a fork, could be an answer."""
        if not (self.archived.admits(is_such=archived) and self.fork.admits(is_such=fork)):
            return False
        return all(_may_hold(part, name) for part in conjuncts(self.condition))

    def revisions_of(self, name: str) -> tuple[str, ...]:
        """The revisions that are asked for of a repository of this name; none means its default."""
        own = [each.revisions for each in self.own_revisions if each.pattern.found_in(name.encode())]
        return tuple(dict.fromkeys((*self.revisions, *chain.from_iterable(own))))

    def __str__(self) -> str:
        pieces = [self.method.value, _written(self.condition)]
        pieces += [f"words({self.words})"] if self.words else []
        pieces += [f"at {revision}" for revision in self.revisions]
        pieces += map(str, self.own_revisions)
        pieces += [f"within {' or '.join(self.contexts)}"] if self.contexts else []
        pieces += [f"in the workspace {' or '.join(self.workspaces)}"] if self.workspaces else []
        pieces += [f"archived {self.archived}"] if self.archived is not Admits.YES else []
        pieces += [f"fork {self.fork}"] if self.fork is not Admits.YES else []
        pieces += [f"as of {self.moment.isoformat()}"] if self.moment else []
        pieces += [_written_history(self.history)] if self.history else []
        pieces += [f"shows {self.selected}{self.symbol_kind and '.' + self.symbol_kind}"] if self.selected else []
        pieces += [f"within {self.seconds_max:g} s"] if self.seconds_max is not None else []
        pieces += [f"at most {self.files_max}"] if self.files_max is not None else []
        pieces += ["all"] if self.wants_all else []
        pieces += [f"otherwise {self.otherwise}"] if self.otherwise else []
        return " ".join(piece for piece in pieces if piece)


def _written_history(history: HistoryCondition) -> str:
    pieces = ["changes" if history.in_changes else "commits"]
    pieces += [f"lines {history.side}"] if history.side is not Side.BOTH else []
    for name, said in (("author", history.authors), ("message", history.messages)):
        pieces += [f"{'not ' if one.negated else ''}{name} {one.pattern}" for one in said]
    pieces += [f"after {history.after.isoformat()}"] if history.after else []
    pieces += [f"before {history.before.isoformat()}"] if history.before else []
    return f"{pieces[0]}({', '.join(pieces[1:])})"


def _may_hold(tree: Condition, name: str) -> bool:
    """Whether the condition may hold somewhere in a repository; parts that are not about its name may always."""
    known = _known_of(tree, name)
    return known is None or known


def _known_of(tree: Condition, name: str) -> bool | None:
    match tree:
        case Is(InRepository(pattern=pattern)):
            return pattern.found_in(name.encode())
        case Negated(part):
            inner = _known_of(part, name)
            return None if inner is None else not inner
        case All(parts):
            return _all_known([_known_of(part, name) for part in parts])
        case AnyOf(parts):
            opposite = _all_known([None if (known := _known_of(part, name)) is None else not known for part in parts])
            return None if opposite is None else not opposite
    return None


def _all_known(values: list[bool | None]) -> bool | None:
    if False in values:
        return False
    return None if None in values else True


def _written(tree: Condition) -> str:
    match tree:
        case Is(leaf):
            return _written_part(leaf)
        case Negated(part):
            return f"not({_written(part)})"
        case AnyOf(parts):
            return f"any({', '.join(_written(part) for part in parts)})"
        case All(parts) if parts:
            return f"all({', '.join(_written(part) for part in parts)})"
    return "everything"


def _written_part(part: Part) -> str:
    match part:
        case Finds(pattern=pattern, place=place):
            return f"{place} {pattern}"
        case Defines(pattern=pattern, kind=kind):
            return f"defines {kind + ' ' if kind else ''}{pattern}"
        case InRepository(pattern=pattern):
            return f"repository {pattern}"
        case InLanguage(language=language):
            return f"language {language}"
