"""Which files of which commits a question may look at, decided before anything is looked up."""

from dataclasses import dataclass

import numpy as np

from grove.indexing import IndexMissing, Scope, Selection, SnapshotView
from grove.search.corpus import Corpus, Target
from grove.search.masks import Bounds, Mask, bounds_of, constant, path_table, unknown
from grove.search.question import Condition, Finds, InLanguage, InRepository, Part, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A commit, and its files that may satisfy the conditions on repository, path and language."""

    target: Target
    snapshot: SnapshotView
    admitted: Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """All that a question may look at: the commits in the order of the corpus, and their chunks."""

    selected: tuple[Selected, ...]
    scope: Scope

    def by_snapshot(self) -> dict[str, Selected]:
        """The commits by the names of their indexes."""
        return {selected.target.snapshot: selected for selected in self.selected}


def select(condition: Condition, corpus: Corpus) -> Field:
    """Apply the conditions on repository, path and language; those on content may hold anywhere yet.

    :raises IndexMissing: if the corpus names a commit that its view does not hold.
    """
    chosen: dict[str, Selected] = {}
    for target in corpus.targets:
        if target.snapshot in chosen:
            continue
        snapshot = corpus.view.snapshots.get(target.snapshot)
        if snapshot is None:
            raise IndexMissing(snapshot=target.snapshot)
        admitted = path_bounds(condition, target, snapshot).maybe
        chosen[target.snapshot] = Selected(target=target, snapshot=snapshot, admitted=admitted)
    selections = [
        Selection(
            snapshot=name,
            path_numbers=None if each.admitted.all() else np.flatnonzero(each.admitted).astype(np.uint32),
        )
        for name, each in chosen.items()
        if each.admitted.any()
    ]
    return Field(selected=tuple(chosen.values()), scope=corpus.view.scope(selections))


def path_bounds(condition: Condition, target: Target, snapshot: SnapshotView) -> Bounds:
    """Where a condition holds in a commit, by what is known without its content."""
    size = snapshot.path_count
    return bounds_of(condition, lambda part: part_bounds(part, target, snapshot), size=size)


def part_bounds(part: Part, target: Target, snapshot: SnapshotView) -> Bounds:
    """Where one condition holds in a commit, by what is known without its content."""
    size = snapshot.path_count
    match part:
        case InRepository(pattern=pattern):
            return constant(size, holds=pattern.found_in(target.name.encode()))
        case InLanguage(language=language):
            mask = path_table(snapshot).in_language(language)
            return Bounds(mask, mask)
        case Finds(pattern=pattern, place=Place.PATH):
            mask = path_table(snapshot).matching(pattern)
            return Bounds(mask, mask)
    return unknown(size)
