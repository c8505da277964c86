"""Commits that have no snapshot, made searchable for one question: the part of a search that asks git."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from grove.git import ObjectReader, TreeLimits
from grove.indexing import (
    BuildTools,
    CommitOf,
    FileEntry,
    IndexView,
    Sketch,
    SketchCache,
    SketchLimits,
    SkipReason,
    is_current,
    next_ordinal,
    sketch_changes,
    sketch_commit,
    with_sketches,
)
from grove.kit.errors import GroveError
from grove.mirrors import FolderCache, MirrorReader, TreePath
from grove.search.corpus import Resolution, Severity, Skipped, Sought, Target

SKETCH_SECONDS_MAX: Final = 10.0
"""After so many seconds no further commit of a question is made searchable."""

CHANGES_MAX: Final = 1_000
"""A workspace that differs in more files, and in half of them, from every snapshot is read whole."""
LIKE_TRIED_MAX: Final = 2

_UNKNOWN: Final = "no branch, tag or commit of that name"
_TOO_EARLY: Final = "it had no commit yet"
_LEFT_OUT: Final = {
    SkipReason.MISSING: "git cannot give their content",
    SkipReason.NOT_READ: "they are not indexed, and more than is read for one question",
}


class Found(NamedTuple):
    """What came of a resolution: a view in which all its commits can be searched, and why some cannot."""

    view: IndexView
    targets: tuple[Target, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitFinder:
    """Makes commits searchable that have no snapshot, and remembers what was made."""

    mirrors: MirrorReader
    tools: BuildTools
    folders: FolderCache = field(default_factory=FolderCache)
    sketches: SketchCache = field(default_factory=SketchCache)
    tree_limits: TreeLimits = field(default_factory=TreeLimits)
    limits: SketchLimits = field(default_factory=SketchLimits)

    def find(
        self,
        resolution: Resolution,
        *,
        view: IndexView,
        generation: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> Found:
        """Add the commits that are sought to those that have a snapshot."""
        work = _Work(resolution.targets, first_ordinal=next_ordinal(view))
        deadline = clock() + SKETCH_SECONDS_MAX
        for wanted in resolution.sought:
            if clock() > deadline:
                work.leave_out(wanted, reason="seconds_max", message="the time was up")
                continue
            try:
                work.take(wanted, self._one(wanted, view, generation, work))
            except GroveError as error:
                work.leave_out(wanted, reason=error.code, message=error.message)
        return work.found(view)

    def _one(self, wanted: Sought, view: IndexView, generation: int, work: "_Work") -> Sketch | Target | None:
        """The sketch of a commit, or the target if it is searched already; nothing if there is no such commit."""
        repository, first = wanted.repository, work.first_ordinal
        if not wanted.name:
            return None
        with self._objects(wanted) as objects:
            commit = wanted.draft.tree if wanted.draft else self._commit(wanted, objects)
            if commit is None:
                return None
            key = (repository.id, commit)
            if key in work.targets:
                return work.targets[key]
            kept = self.sketches.get(key, generation=generation, first_ordinal=first)
            if kept is not None and (kept.segment is not None or is_current(kept, view)):
                return kept
            name = f"sketch-{repository.id}-{commit}"
            made = self._changes(wanted, objects, name=name, view=view, first_ordinal=first)
            if made is None:
                files = self.folders.files_of(objects, commit, limits=self.tree_limits)
                made = sketch_commit(
                    CommitOf(name, commit, _entries(files), objects, wanted.near),
                    view=view,
                    tools=self.tools,
                    limits=self.limits,
                    first_ordinal=first,
                )
        self.sketches.put(key, made, generation=generation, first_ordinal=first)
        return made

    def _changes(
        self, wanted: Sought, objects: ObjectReader, *, name: str, view: IndexView, first_ordinal: int
    ) -> Sketch | None:
        """The sketch of a draft that differs little from a snapshot, in proportion to what differs."""
        snapshots = [view.snapshots[each] for each in wanted.like if each in view.snapshots]
        for below in snapshots[:LIKE_TRIED_MAX]:
            found = self.folders.differences(
                objects,
                below.commit,
                wanted.name,
                limits=self.tree_limits,
                paths_max=CHANGES_MAX + below.path_count // 2,
            )
            if found is None:
                continue
            made = sketch_changes(
                CommitOf(name, wanted.name, _entries(found.came), objects, wanted.near),
                gone=[path.path for path in found.gone],
                below=below,
                view=view,
                tools=self.tools,
                limits=self.limits,
                first_ordinal=first_ordinal,
            )
            if made is not None:
                return made
        return None

    @contextmanager
    def _objects(self, wanted: Sought) -> Iterator[ObjectReader]:
        """Where the objects of what is sought are."""
        mirror = self.mirrors.path(wanted.repository)
        with self.mirrors.git.objects(wanted.draft.folder if wanted.draft else mirror) as objects:
            yield objects

    def _commit(self, wanted: Sought, objects: ObjectReader) -> str | None:
        commit = objects.peel(wanted.name)
        if commit is None or wanted.moment is None:
            return commit
        # A history walk, and so the one thing here that takes longer the older the moment is.
        history = self.mirrors.git.history(self.mirrors.path(wanted.repository))
        return history.commit_before(commit, moment=wanted.moment)


class _Work:
    """What was made of the commits that one question seeks, as far as it has come."""

    def __init__(self, targets: Sequence[Target], *, first_ordinal: int) -> None:
        self.targets = {(target.repository_id, target.commit): target for target in targets}
        self.first_ordinal = first_ordinal
        self._sketches: list[Sketch] = []
        self._skipped: list[Skipped] = []
        self._missing: dict[str, str] = {}
        self._met: set[str] = {target.revision for target in targets}

    def leave_out(self, wanted: Sought, *, reason: str, message: str) -> None:
        """Say why a commit is not searched."""
        title = f"{wanted.repository.name}@{wanted.revision}"
        self._skipped.append(Skipped(reason=reason, title=title, message=message))
        self._met.add(wanted.revision)

    def take(self, wanted: Sought, made: Sketch | Target | None) -> None:
        """Take a commit in; with `None` the repository has none of that name."""
        if made is None:
            self._missing[wanted.revision] = _TOO_EARLY if wanted.name and wanted.moment else _UNKNOWN
            return
        self._met.add(wanted.revision)
        if isinstance(made, Sketch):
            self._sketches.append(made)
            self.targets[wanted.repository.id, made.snapshot.commit] = _target(wanted, made)
            self._skipped += _left_out(made, f"{wanted.repository.name}@{wanted.revision}")
            if made.segment is not None:
                self.first_ordinal = made.segment.last + 1

    def found(self, view: IndexView) -> Found:
        """All of it; a revision that no repository has is skipped."""
        severity = Severity.WARNING if self.targets else Severity.ERROR
        nowhere = [
            Skipped(reason="revision_unknown", title=revision, message=message, severity=severity)
            for revision, message in self._missing.items()
            if revision not in self._met
        ]
        joined = with_sketches(view, self._sketches) if self._sketches else view
        return Found(joined, tuple(self.targets.values()), (*nowhere, *self._skipped))


def _entries(paths: Sequence[TreePath]) -> list[FileEntry]:
    return [FileEntry(path=path, oid=oid, mode=mode, size_bytes=0) for path, mode, oid in paths]


def _target(wanted: Sought, made: Sketch) -> Target:
    repository = wanted.repository
    return Target(
        repository_id=repository.id,
        name=repository.name,
        revision=wanted.revision,
        snapshot=made.snapshot.name,
        commit=wanted.draft.head if wanted.draft else made.snapshot.commit,
        is_default_revision=False,
        files_read=made.files_read,
    )


def _left_out(made: Sketch, title: str) -> list[Skipped]:
    counts = made.snapshot.skipped_counts
    return [
        Skipped(reason=reason.value, title=f"{counts[reason.value]:,} files of {title}", message=message)
        for reason, message in _LEFT_OUT.items()
        if counts.get(reason.value)
    ]
