"""What to ask instead of a question that found nothing: the same with one condition less, and how much that finds."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from grove.search.corpus import Suggestion
from grove.search.parsing import parse_query
from grove.search.question import Mode, Question
from grove.search.syntax import Atom, Expression, Filter, FilterName, Form, Text, written
from grove.search.tree import AnyOf, Is, Negated, Tree, all_of, conjuncts, signed_leaves

SUGGESTIONS_MAX: Final = 5
FILES_COUNTED_MAX: Final = 50
_KEPT: Final = frozenset({FilterName.REPO, FilterName.REV, FilterName.COUNT, FilterName.TYPE})
"""Filters without which other things are searched, or nothing more is found."""


def suggestions_for(question: Question, count: Callable[[Question], int]) -> Iterator[Suggestion]:
    """Questions that find something; `count` says how many files, up to `FILES_COUNTED_MAX`."""
    if question.mode not in {Mode.AUTO, Mode.TEXT}:
        return
    told = 0
    for title, expression in _relaxed(parse_query(question.text)):
        relaxed = replace(question, text=written(expression))
        found = count(relaxed)
        if found and told < SUGGESTIONS_MAX:
            told += 1
            files = f"{found}+ files" if found >= FILES_COUNTED_MAX else f"{found} file{'s' if found > 1 else ''}"
            yield Suggestion(title=f"{title}: {files}", query=relaxed.text)


def _relaxed(expression: Expression) -> Iterator[tuple[str, Expression]]:
    """Each way to ask for less, and what it is called."""
    parts = conjuncts(expression)
    for part in parts:
        if _is_dropped(part):
            yield f"without {written(part)}", all_of(tuple(other for other in parts if other is not part))
    if _minds_case(expression):
        others = tuple(part for part in parts if not _is_filter(part, FilterName.CASE))
        ignoring: Tree[Atom] = Is(Filter(name=FilterName.CASE, value="no"))
        yield "in either case", all_of((*others, ignoring))
    texts = tuple(part for part in parts if isinstance(part, Is) and isinstance(part.leaf, Text))
    if len(texts) > 1:
        others = tuple(part for part in parts if part not in texts)
        yield "any of the words", all_of((AnyOf(texts), *others))
    phrases = [text.leaf for text in texts if isinstance(text.leaf, Text) and text.leaf.form is Form.QUOTED]
    for phrase in phrases:
        words: tuple[Tree[Atom], ...] = tuple(Is(Text(text=word, form=Form.QUOTED)) for word in phrase.text.split())
        if len(words) > 1:
            others = tuple(part for part in parts if part != Is(phrase))
            yield "the words apart", all_of((*words, *others))


def _is_dropped(part: Expression) -> bool:
    inner = part.part if isinstance(part, Negated) else part
    if isinstance(inner, Is) and isinstance(inner.leaf, Filter):
        return inner.leaf.name not in _KEPT and inner.leaf.name is not FilterName.CASE
    return isinstance(part, Negated)


def _is_filter(part: Expression, name: FilterName) -> bool:
    return isinstance(part, Is) and isinstance(part.leaf, Filter) and part.leaf.name is name


def _minds_case(expression: Expression) -> bool:
    atoms = [atom for atom, _ in signed_leaves(expression)]
    asked = [atom.value.lower() for atom in atoms if isinstance(atom, Filter) and atom.name is FilterName.CASE]
    if asked:
        return asked[0] == "yes"
    return any(isinstance(atom, Text) and atom.text.lower() != atom.text for atom in atoms)
