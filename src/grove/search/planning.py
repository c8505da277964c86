"""Makes a question into a plan: which files may be looked at, what must hold in them, and how answers are found.

How mode `auto` decides: a query is answered *exactly* if it uses anything that means an exact condition (quotes, a
regular expression, OR, a negated word, `content:`, `sym:`, `case:`, `type:`) or no words at all; otherwise its words
are a question, and the best places are *ranked*. Words that hold brackets or operators of code are tried exactly, and
ranked if nothing holds them all.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from grove.search.errors import FilterValueInvalid, ModeConflict, QueryInvalid
from grove.search.filters import EXACTLY, language_named, name_pattern, text_pattern
from grove.search.parsing import parse_query, split_filters
from grove.search.patterns import Pattern, has_upper_case
from grove.search.question import (
    FILES_PER_ANSWER_MAX,
    Condition,
    Defines,
    Finds,
    HistoryCondition,
    InLanguage,
    InRepository,
    Method,
    Mode,
    OwnRevisions,
    Part,
    Place,
    Plan,
    Question,
    Said,
    Select,
)
from grove.search.settings import HISTORY_TYPES, Settings, settled
from grove.search.syntax import Atom, Expression, Filter, FilterName, Form, Text
from grove.search.tree import AnyOf, Is, Tree, all_of, conjuncts, map_leaves, signed_leaves

_CODE: Final = re.compile(r"[()\[\]{}<>=;*&|^$\\`]")
_NAME: Final = re.compile(r"[\w./@:~-]+")
_LOWER_CASE_OPERATORS: Final = frozenset({"and", "or", "not"})


def plan_of(question: Question) -> Plan:
    """Decide how a question is answered.

    :raises QueryInvalid: if its text cannot be understood.
    :raises QueryTooLong: if its text is too long.
    :raises FilterUnknown: if it uses a filter that does not exist.
    :raises FilterValueInvalid: if a filter does not take its value.
    :raises PatternInvalid: if a pattern is not in RE2's syntax.
    :raises PatternTooComplex: if a pattern would need too much work.
    :raises ModeConflict: if the mode cannot answer what is asked.
    """
    _require_page(question)
    settings, expression = settled(_read(question), asked_at=question.asked_at)
    if question.wants_all:
        settings = replace(settings, wants_all=True, count=None)
    _require_mode_fits(question.mode, settings, expression)
    method = _method_of(question.mode, settings, expression)
    words, filters = _without_words(expression) if method is Method.RANKED else ("", expression)
    lowering = _Lowering(settings=settings, method=method)
    beside = _beside(question)
    plan = Plan(
        method=method,
        condition=all_of((map_leaves(filters, lowering.lower), *(map_leaves(part, lowering.lower) for part in beside))),
        words=words,
        revisions=tuple(dict.fromkeys((*question.revisions, *settings.revisions))),
        own_revisions=(*_revisions_of(expression), *_revisions_of(all_of(beside))),
        contexts=settings.contexts,
        workspaces=tuple(dict.fromkeys((*question.workspaces, *settings.workspaces))),
        archived=settings.archived,
        fork=settings.fork,
        moment=settings.moment,
        history=_history_of(settings, lowering),
        selected=settings.selected,
        symbol_kind=settings.symbol_kind,
        seconds_max=settings.seconds_max,
        files_max=settings.count,
        wants_all=settings.wants_all,
        notes=_notes(expression) if method is Method.EXACT else (),
    )
    _require_workspaces_fit(plan, question.mode)
    return _exact_first(plan, expression, lowering) if _CODE.search(words) and question.mode is Mode.AUTO else plan


def _exact_first(plan: Plan, expression: Expression, lowering: "_Lowering") -> Plan:
    """The plan that tries the words exactly before it falls back on the ranked `plan`."""
    words = tuple(part for part in conjuncts(expression) if isinstance(part, Is) and isinstance(part.leaf, Text))
    condition = all_of((map_leaves(all_of(words), lowering.lower), plan.condition))
    return replace(plan, method=Method.EXACT, condition=condition, words="", otherwise=plan)


def _require_page(question: Question) -> None:
    if not 0 < question.limit <= FILES_PER_ANSWER_MAX or question.offset < 0 or question.context_lines < 0:
        reason = f"limit is 1 to {FILES_PER_ANSWER_MAX}, offset and context_lines are not negative"
        raise QueryInvalid(reason=reason, position=0)


def _require_workspaces_fit(plan: Plan, mode: Mode) -> None:
    if plan.workspaces and (plan.revisions or plan.own_revisions or plan.moment or plan.history):
        raise ModeConflict(mode=mode, reason="a workspace is searched as it is now: leave rev: and type:commit out")


def _read(question: Question) -> Expression:
    if question.mode in {Mode.AUTO, Mode.TEXT}:
        return parse_query(question.text)
    free = split_filters(question.text)
    form = Form.REGEX if question.mode is Mode.REGEX else Form.BARE
    texts = (free.text,) if question.mode is not Mode.SYMBOL else free.text.split()
    written: list[Tree[Atom]] = [Is(Text(text=text, form=form, position=free.position)) for text in texts if text]
    return all_of((*free.filters, *written))


def _require_mode_fits(mode: Mode, settings: Settings, expression: Expression) -> None:
    if settings.is_about_history and settings.type not in HISTORY_TYPES:
        raise ModeConflict(mode=mode, reason="author:, message:, before: and after: need type:commit or type:diff")
    if mode is Mode.SEMANTIC:
        exact = [atom for atom, _ in signed_leaves(expression) if _is_exact_filter(atom)]
        is_plain = settings.case == "auto" and not settings.whole_words and settings.selected is None
        if exact or not is_plain or settings.type not in {"any", "file"}:
            raise ModeConflict(mode=mode, reason="a ranked search takes words, repo:, file:, lang:, rev: and count:")
        if settings.wants_all:
            raise ModeConflict(mode=mode, reason="a ranked search gives the best places, and not all there are")
    if mode is Mode.SYMBOL and settings.type not in {"any", "symbol"}:
        raise ModeConflict(mode=mode, reason="a symbol search answers type:symbol")
    wants_symbols = mode is Mode.SYMBOL or settings.type == "symbol" or settings.selected is Select.SYMBOL
    names = [atom for atom, _ in signed_leaves(expression) if isinstance(atom, Text) or atom.name is FilterName.SYM]
    if wants_symbols and not names:
        raise QueryInvalid(reason="the name of a symbol is missing", position=0)
    if mode is Mode.SEMANTIC and not names:
        raise QueryInvalid(reason="the question is missing", position=0)


def _is_exact_filter(atom: Atom) -> bool:
    return isinstance(atom, Filter) and atom.name in {FilterName.SYM, FilterName.CONTENT}


def _method_of(mode: Mode, settings: Settings, expression: Expression) -> Method:
    if settings.type in HISTORY_TYPES:
        return Method.HISTORY
    if mode is Mode.SEMANTIC:
        return Method.RANKED
    if mode is Mode.SYMBOL or settings.type == "symbol" or settings.selected is Select.SYMBOL:
        return Method.SYMBOL
    signed = list(signed_leaves(expression))
    only_symbols = all(isinstance(atom, Filter) and atom.name is not FilterName.CONTENT for atom, _ in signed)
    if only_symbols and any(isinstance(atom, Filter) and atom.name is FilterName.SYM for atom, _ in signed):
        return Method.SYMBOL
    if mode is not Mode.AUTO or settings.asks_exactly:
        return Method.EXACT
    top = [part.leaf for part in conjuncts(expression) if isinstance(part, Is)]
    words = [atom for atom in top if isinstance(atom, Text)]
    all_texts = [atom for atom, _ in signed if isinstance(atom, Text)]
    plain = all(word.form is Form.BARE for word in words)
    has_exact_filter = any(_is_exact_filter(atom) for atom, _ in signed)
    ranked = words and plain and len(words) == len(all_texts) and not has_exact_filter
    return Method.RANKED if ranked else Method.EXACT


def _without_words(expression: Expression) -> tuple[str, Expression]:
    """The question's words as they were written, and the filters that remain."""
    words: list[str] = []
    filters: list[Expression] = []
    for part in conjuncts(expression):
        if isinstance(part, Is) and isinstance(part.leaf, Text):
            words.append(part.leaf.text)
        else:
            filters.append(part)
    return " ".join(words), all_of(tuple(filters))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lowering:
    """Turns what was written into conditions of files."""

    settings: Settings
    method: Method

    def lower(self, atom: Atom) -> Condition:
        """The condition that a text or a filter stands for."""
        part: Part
        if isinstance(atom, Text):
            part = self._text(atom)
        elif atom.name is FilterName.REPO:
            part = InRepository(pattern=name_pattern(replace(atom, value=_repository_of(atom)), fold_case=True))
        elif atom.name is FilterName.FILE:
            fold_case = self.settings.case != "yes"
            part = Finds(pattern=name_pattern(atom, fold_case=fold_case), place=Place.PATH)
        elif atom.name is FilterName.LANG:
            part = InLanguage(language=language_named(atom))
        elif atom.name is FilterName.SYM:
            part = Defines(
                pattern=self._pattern(atom.value, atom.form, atom.value_position), kind=self.settings.symbol_kind
            )
        else:
            part = Finds(pattern=self._pattern(atom.value, atom.form, atom.value_position), place=Place.CONTENT)
        return Is(part)

    def _text(self, text: Text) -> Part:
        pattern = self._pattern(text.text, text.form, text.position)
        if self.settings.type == "repo":
            return InRepository(pattern=pattern)
        if self.method is Method.SYMBOL:
            return Defines(pattern=pattern, kind=self.settings.symbol_kind)
        return Finds(pattern=pattern, place=Place.PATH if self.settings.type == "path" else Place.ANYWHERE)

    def _pattern(self, text: str, form: Form, position: int) -> Pattern:
        fold_case = self.settings.case == "no" or (
            self.settings.case == "auto" and not has_upper_case(text, is_regex=form is Form.REGEX)
        )
        return text_pattern(text, form, fold_case=fold_case, position=position, whole_words=self.settings.whole_words)

    def said(self, filter_: Filter, *, negated: bool) -> Said:
        """What a name or a message must match; the case of letters says nothing there."""
        pattern = text_pattern(filter_.value, filter_.form, fold_case=True, position=filter_.value_position)
        return Said(pattern=pattern, negated=negated)


def _history_of(settings: Settings, lowering: "_Lowering") -> HistoryCondition | None:
    if settings.type not in HISTORY_TYPES:
        return None
    return HistoryCondition(
        in_changes=settings.type == "diff",
        side=settings.side,
        authors=tuple(lowering.said(author, negated=negated) for author, negated in settings.authors),
        messages=tuple(lowering.said(message, negated=negated) for message, negated in settings.messages),
        after=settings.after,
        before=settings.before,
    )


def _repository_of(filter_: Filter) -> str:
    return filter_.value.partition("@")[0] if filter_.form is Form.BARE else filter_.value


def _revisions_of(expression: Expression) -> list[OwnRevisions]:
    """The revisions given as `repo:NAME@REVISION`, several of them between colons."""
    found: list[OwnRevisions] = []
    for atom, negated in signed_leaves(expression):
        if isinstance(atom, Filter) and atom.name is FilterName.REPO and atom.form is Form.BARE and "@" in atom.value:
            name, _, revisions = atom.value.partition("@")
            if negated or not name or not revisions.strip(":"):
                reason = "NAME@REVISION cannot be negated, and has both"
                raise FilterValueInvalid(filter=atom.name, value=atom.value, reason=reason, position=atom.position)
            pattern = name_pattern(replace(atom, value=name), fold_case=True)
            found.append(OwnRevisions(pattern=pattern, revisions=tuple(filter(None, revisions.split(":")))))
    return found


def _beside(question: Question) -> tuple[Expression, ...]:
    """The filters that were given beside the query's text; several values of one kind are alternatives."""
    kinds = (
        (FilterName.REPO, tuple(EXACTLY + name if _NAME.fullmatch(name) else name for name in question.repositories)),
        (FilterName.FILE, question.paths),
        (FilterName.LANG, question.languages),
    )
    given: list[Expression] = []
    for name, values in kinds:
        parts: tuple[Expression, ...] = tuple(Is(Filter(name=name, value=value)) for value in values)
        if parts:
            given.append(parts[0] if len(parts) == 1 else AnyOf(parts))
    return tuple(given)


def _notes(expression: Expression) -> tuple[str, ...]:
    texts = [atom.text for atom, _ in signed_leaves(expression) if isinstance(atom, Text) and atom.form is Form.BARE]
    written = [text for text in dict.fromkeys(texts) if text in _LOWER_CASE_OPERATORS]
    return tuple(f"'{text}' was searched as a word; the operator is {text.upper()}" for text in written)
