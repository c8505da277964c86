"""Which files of which commits a question may look at, decided before anything is looked up."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grove.indexing import IndexMissing, Scope, Selection, SnapshotView
from grove.search.corpus import Corpus, Target
from grove.search.masks import Bounds, Mask, PathMatches, bounds_of, constant, unknown
from grove.search.question import Condition, Finds, InLanguage, InRepository, Part, Place
from grove.search.tree import signed_leaves


@dataclass(frozen=True, kw_only=True)
class Selected:
    """A commit, and its files that may satisfy the conditions on repository, path and language."""

    target: Target
    snapshot: SnapshotView
    admits: Mask | bool
    """Of each file whether it may, or whether all of them may."""

    @cached_property
    def admitted(self) -> Mask:
        """Per path number; not to be changed."""
        return np.broadcast_to(self.admits, self.snapshot.path_count)

    @cached_property
    def selection(self) -> Selection | None:
        """These files, if there are any."""
        if self.admits is True:
            return Selection(snapshot=self.snapshot.name)
        numbers = np.flatnonzero(self.admitted).astype(np.uint32)
        return Selection(snapshot=self.snapshot.name, path_numbers=numbers) if numbers.size else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """All that a question may look at: the commits in the order of the corpus, and their chunks."""

    selected: tuple[Selected, ...]
    scope: Scope
    paths: PathMatches

    def by_snapshot(self) -> dict[str, Selected]:
        """The commits by the names of their indexes."""
        return {selected.target.snapshot: selected for selected in self.selected}


def select(condition: Condition, corpus: Corpus) -> Field:
    """Apply the conditions on repository, path and language; those on content may hold anywhere yet.

    :raises IndexMissing: if the corpus names a commit that its view does not hold.
    """
    targets: dict[str, Target] = {}
    for target in corpus.targets:
        targets.setdefault(target.snapshot, target)
    selector = _Selector(condition, PathMatches(corpus.view, targets))
    selected = []
    for name, target in targets.items():
        snapshot = corpus.view.snapshots.get(name)
        if snapshot is None:
            raise IndexMissing(snapshot=name)
        selected.append(selector.selected(target, snapshot))
    selections = [each.selection for each in selected if each.selection is not None]
    return Field(selected=tuple(selected), scope=corpus.view.scope(selections), paths=selector.paths)


class _Selector:
    """Decides for one commit after the other; for all its files together where the condition tells none apart."""

    def __init__(self, condition: Condition, paths: PathMatches) -> None:
        self.paths = paths
        self._condition = condition
        parts = [part for part, _ in signed_leaves(condition)]
        self._tells_files_apart = any(_looks_at_files(part) for part in parts)
        tells_commits_apart = self._tells_files_apart or any(isinstance(part, InRepository) for part in parts)
        of_any = bounds_of(condition, lambda _: unknown(1), size=1).maybe
        self._of_every_commit = None if tells_commits_apart else bool(of_any)

    def selected(self, target: Target, snapshot: SnapshotView) -> Selected:
        """A commit with the files that the condition admits."""
        admits: Mask | bool | None = self._of_every_commit
        if admits is None:
            admits = self._admits(target, snapshot)
        return Selected(target=target, snapshot=snapshot, admits=admits)

    def _admits(self, target: Target, snapshot: SnapshotView) -> Mask | bool:
        size = snapshot.path_count if self._tells_files_apart else 1
        maybe = bounds_of(
            self._condition, lambda part: part_bounds(part, target, snapshot, paths=self.paths, size=size), size=size
        ).maybe
        return bool(maybe.all()) if not self._tells_files_apart or maybe.all() else maybe


def part_bounds(part: Part, target: Target, snapshot: SnapshotView, *, paths: PathMatches, size: int) -> Bounds:
    """Where one condition holds in a commit, by what is known without its content.

    `size` is how many files there are, or 1 where it holds in all of them or in none.
    """
    match part:
        case InRepository(pattern=pattern):
            return constant(size, holds=pattern.found_in(target.name.encode()))
        case InLanguage(language=language):
            mask = _in_language(snapshot, language)
            return Bounds(mask, mask)
        case Finds(pattern=pattern, place=Place.PATH):
            mask = paths.matching(pattern, snapshot)
            return Bounds(mask, mask)
    return unknown(size)


def _in_language(snapshot: SnapshotView, language: str) -> Mask:
    if language not in snapshot.language_names:
        return np.zeros(snapshot.path_count, dtype=np.bool_)
    mask: Mask = snapshot.language_numbers == snapshot.language_names.index(language)
    return mask


def _looks_at_files(part: Part) -> bool:
    return isinstance(part, InLanguage) or (isinstance(part, Finds) and part.place is Place.PATH)
