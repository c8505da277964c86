"""What of a query applies to all of it: taken out of the expression before the rest becomes conditions of files."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grove.search.errors import FilterValueInvalid, QueryInvalid
from grove.search.filters import count_of, one_of, seconds_of
from grove.search.moments import moment_of
from grove.search.question import Admits, Select, Side
from grove.search.syntax import Expression, Filter, FilterName, Form
from grove.search.tree import Is, Negated, all_of, conjuncts, signed_leaves

HISTORY_TYPES: Final = frozenset({"commit", "diff"})
_SAID: Final = frozenset({FilterName.AUTHOR, FilterName.MESSAGE})
_ONCE: Final = frozenset(
    {
        FilterName.CASE,
        FilterName.TYPE,
        FilterName.COUNT,
        FilterName.TIMEOUT,
        FilterName.WORD,
        FilterName.SELECT,
        FilterName.ARCHIVED,
        FilterName.FORK,
        FilterName.BEFORE,
        FilterName.AFTER,
    }
)
_WHOLE: Final = _ONCE | {FilterName.REV, FilterName.CONTEXT, FilterName.WORKSPACE} | _SAID
_CASES: Final = {"yes": "yes", "no": "no", "auto": "auto"}
_ADMITS: Final = {"yes": "yes", "no": "no", "only": "only", "true": "only", "false": "no"}
_YES: Final = {"yes": "yes", "no": "no"}
_TYPES: Final = {name: name for name in ("file", "path", "symbol", "repo", "commit", "diff")}
_SELECTS: Final = {"repo": "repo", "file": "file", "path": "file", "symbol": "symbol", "content": "content"}
_LINES_OF_CHANGES: Final = "commit.diff"
_SIDES: Final = {"added": "added", "removed": "removed"}
_AT: Final = re.compile(r"at(?:\.time)?\((?P<date>[^,()]+)(?:,(?P<revision>[^()]+))?\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What applies to the whole query; `authors` and `messages` each with whether they are negated."""

    case: str = "auto"
    type: str = "any"
    count: int | None = None
    wants_all: bool = False
    seconds_max: float | None = None
    whole_words: bool = False
    side: Side = Side.BOTH
    selected: Select | None = None
    symbol_kind: str = ""
    contexts: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    archived: Admits = Admits.YES
    fork: Admits = Admits.YES
    revisions: tuple[str, ...] = ()
    moment: datetime | None = None
    authors: tuple[tuple[Filter, bool], ...] = ()
    messages: tuple[tuple[Filter, bool], ...] = ()
    after: datetime | None = None
    before: datetime | None = None

    @property
    def is_about_history(self) -> bool:
        """Whether anything is asked that only commits have."""
        return bool(self.authors or self.messages or self.after or self.before)

    @property
    def asks_exactly(self) -> bool:
        """Whether anything is set that means an exact answer."""
        is_changed = self.case != "auto" or self.type != "any" or self.selected is not None
        return is_changed or self.whole_words or self.wants_all


def settled(expression: Expression, *, asked_at: datetime) -> tuple[Settings, Expression]:
    """Take what applies to the whole query out of an expression.

    :raises QueryInvalid: if such a filter is negated, or stands in a group.
    :raises FilterValueInvalid: if a filter does not take its value, or is given twice.
    """
    given: defaultdict[FilterName, list[Filter]] = defaultdict(list)
    said: defaultdict[FilterName, list[tuple[Filter, bool]]] = defaultdict(list)
    kept: list[Expression] = []
    for part in conjuncts(expression):
        inner, negated = (part.part, True) if isinstance(part, Negated) else (part, False)
        leaf = inner.leaf if isinstance(inner, Is) else None
        if isinstance(leaf, Filter) and leaf.name in _SAID:
            said[leaf.name].append((leaf, negated))
        elif isinstance(leaf, Filter) and leaf.name in _WHOLE and not negated:
            given[leaf.name].append(leaf)
        else:
            kept.append(part)
    rest = all_of(tuple(kept))
    _require_none_left(rest)
    once = {name: _only(given[name]) for name in _ONCE}
    case, type_, count = once[FilterName.CASE], once[FilterName.TYPE], once[FilterName.COUNT]
    timeout, word = once[FilterName.TIMEOUT], once[FilterName.WORD]
    side = _side(once[FilterName.SELECT])
    selected, kind = _selected(once[FilterName.SELECT]) if side is None else (None, "")
    revisions, moment = _revisions(given[FilterName.REV], asked_at)
    type_name = one_of(type_, _TYPES) if type_ else "any"
    if side is not None and type_ is not None and type_name != "diff":
        raise _refused(type_, "lines of changes are selected: type:diff")
    settings = Settings(
        case=one_of(case, _CASES) if case else "auto",
        type=type_name if side is None else "diff",
        side=side or Side.BOTH,
        count=count_of(count) if count else None,
        wants_all=count is not None and count_of(count) is None,
        seconds_max=seconds_of(timeout) if timeout else None,
        whole_words=bool(word) and one_of(word, _YES) == "yes" if word else False,
        selected=Select.REPOSITORY if type_name == "repo" else selected,
        symbol_kind=kind,
        workspaces=tuple(dict.fromkeys(workspace.value for workspace in given[FilterName.WORKSPACE])),
        archived=_admits(once[FilterName.ARCHIVED]),
        fork=_admits(once[FilterName.FORK]),
        contexts=tuple(dict.fromkeys(context.value for context in given[FilterName.CONTEXT])),
        revisions=revisions,
        moment=moment,
        authors=tuple(said[FilterName.AUTHOR]),
        messages=tuple(said[FilterName.MESSAGE]),
        after=_moment(once[FilterName.AFTER], asked_at),
        before=_moment(once[FilterName.BEFORE], asked_at),
    )
    return settings, rest


def _admits(filter_: Filter | None) -> Admits:
    return Admits(one_of(filter_, _ADMITS)) if filter_ else Admits.YES


def _require_none_left(rest: Expression) -> None:
    for atom, _ in signed_leaves(rest):
        if isinstance(atom, Filter) and atom.name in _WHOLE:
            reason = f"{atom.name}: applies to the whole query; it cannot be negated or stand in a group"
            raise QueryInvalid(reason=reason, position=atom.position)


def _only(filters: list[Filter]) -> Filter | None:
    if len(filters) > 1:
        raise _refused(filters[1], "it is given twice")
    return filters[0] if filters else None


def _side(select: Filter | None) -> Side | None:
    """Which lines of changes are shown, if such are to be."""
    if select is None or not select.value.lower().startswith(_LINES_OF_CHANGES):
        return None
    side = select.value.lower().removeprefix(_LINES_OF_CHANGES).removeprefix(".")
    return Side(one_of(Filter(name=select.name, value=side, position=select.position), _SIDES)) if side else Side.BOTH


def _selected(select: Filter | None) -> tuple[Select | None, str]:
    """What is shown, and of symbols of which kind."""
    if select is None:
        return None, ""
    what, _, kind = select.value.lower().partition(".")
    if kind and what != "symbol":
        raise _refused(select, "only symbols have kinds: select:symbol.function")
    chosen = one_of(Filter(name=select.name, value=what, position=select.position), _SELECTS)
    return (None, "") if chosen == "content" else (Select(chosen), kind)


def _revisions(revs: list[Filter], asked_at: datetime) -> tuple[tuple[str, ...], datetime | None]:
    """The names of revisions, and the moment at which they are meant."""
    names: list[str] = []
    moments: list[Filter] = []
    for rev in revs:
        at = _AT.fullmatch(rev.value)
        if rev.form is Form.REGEX or (at is None and rev.value.startswith("at(")):
            raise _refused(rev, "it is a branch, a tag, a commit, a glob of them, or at(DATE)")
        if at is None:
            names.append(rev.value)
            continue
        moments.append(Filter(name=rev.name, value=at["date"].strip(), position=rev.position))
        names += [at["revision"].strip()] if at["revision"] else []
    return tuple(names), _moment(_only(moments), asked_at)


def _moment(date: Filter | None, asked_at: datetime) -> datetime | None:
    if date is None:
        return None
    try:
        return moment_of(date.value, asked_at=asked_at)
    except ValueError:
        raise _refused(date, "it is no date, such as 2026-01-31, yesterday or 2 weeks ago") from None


def _refused(filter_: Filter, reason: str) -> FilterValueInvalid:
    return FilterValueInvalid(filter=filter_.name, value=filter_.value, reason=reason, position=filter_.position)
