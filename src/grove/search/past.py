"""Answers questions about commits: which of them, by whom, when, and what they added or removed. Newest first.

Everything is told by the histories of the index. A line counts as added if the chunks that came have it more often
than those that went, so a line that only moved within its file is neither added nor removed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing import History, IndexView, Ordinals, candidates_among, shown
from grove.languages import language_of
from grove.search.answer import (
    Answer,
    ChangedLine,
    ChangeMatch,
    CommitMatch,
    Facets,
    SearchedCommit,
    Truth,
)
from grove.search.changed_lines import lines_of
from grove.search.corpus import Corpus, Severity, Skipped, Target
from grove.search.excerpts import highlights_of
from grove.search.masks import Bounds, Mask, bounds_of, constant
from grove.search.patterns import Pattern
from grove.search.progress import Progress
from grove.search.question import (
    FILES_PER_ANSWER_MAX,
    Condition,
    Finds,
    HistoryCondition,
    InLanguage,
    InRepository,
    Method,
    Part,
    Place,
    Plan,
    Question,
    Said,
    Side,
)
from grove.search.tree import signed_leaves

CHANGES_SHOWN_MAX: Final = 20
LINES_SHOWN_MAX: Final = 20
MESSAGE_CHARACTERS_MAX: Final = 4_000
_READ_TOGETHER: Final = 512


class CommitHit(NamedTuple):
    """A commit that was found: in which history, by its number, and which of its changes answer the question."""

    target: Target
    history: History
    commit: int
    changes: tuple[int, ...]

    @property
    def time(self) -> int:
        """When it was committed."""
        return int(self.history.commits.times[self.commit])


def answer_with_commits(question: Question, plan: Plan, corpus: Corpus, progress: Progress) -> Answer:
    """The commits that answer a question, the newest first, and the truth about them."""
    assert plan.history is not None
    search = PastSearch(plan=plan, condition=plan.history, corpus=corpus, progress=progress)
    found = search.hits()
    wanted = FILES_PER_ANSWER_MAX if plan.wants_all else min(plan.files_max or question.limit, FILES_PER_ANSWER_MAX)
    page = tuple(search.shown(hit) for hit in found[question.offset : question.offset + wanted])
    truth = Truth(
        method=Method.HISTORY,
        generation=corpus.generation,
        searched=tuple(_searched(target, corpus.view) for target in corpus.targets),
        skipped=(*corpus.skipped, *search.skipped()),
        files_found=len(found),
        repositories_found=len({hit.target.repository_id for hit in found}),
        matches_found=sum(len(hit.changes) for hit in found) if plan.history.in_changes else len(found),
        files_shown=len(page),
        offset=question.offset,
        more=bool(progress.limits_hit),
        limits_hit=progress.limits_hit,
        elapsed_ms=round(progress.elapsed_seconds * 1000),
        notes=plan.notes,
    )
    facets = Facets(items=(), is_exhaustive=True)
    return Answer(files=(), facets=facets, truth=truth, plan=str(plan), commits=page)


def _searched(target: Target, view: IndexView) -> SearchedCommit:
    coverage = view.snapshots[target.snapshot].coverage
    return SearchedCommit(
        repository=target.name,
        revision=target.revision,
        commit=target.commit,
        is_default_revision=target.is_default_revision,
        stale=target.stale,
        files_indexed=coverage.files_indexed,
        files_total=coverage.files_total,
        files_read=target.files_read,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSearch:
    """One question about commits."""

    plan: Plan
    condition: HistoryCondition
    corpus: Corpus
    progress: Progress

    def hits(self) -> list[CommitHit]:
        """Every commit that answers the question, the newest first."""
        found: list[CommitHit] = []
        for target in self._targets():
            history = self.corpus.histories.get(target.repository_id)
            if history is None or self.progress.time_is_up():
                continue
            found += self._hits_in(target, history)
        return sorted(found, key=lambda hit: (-hit.time, hit.target.name))

    def skipped(self) -> list[Skipped]:
        """The repositories that have no history, or none of all their changes."""
        found = []
        for target in self._targets():
            history = self.corpus.histories.get(target.repository_id)
            if history is None:
                message = "its past is not indexed; grove repo set NAME --index all"
                found.append(Skipped(reason="history_not_indexed", title=target.name, message=message))
                continue
            unknown = int(np.count_nonzero(~history.changes.known)) if self.condition.in_changes else 0
            if unknown:
                message = "their content is not indexed"
                title = f"{unknown:,} changes of {target.name}"
                found.append(
                    Skipped(reason="changes_not_indexed", title=title, message=message, severity=Severity.INFO)
                )
            if not history.is_complete:
                message = "older commits are being indexed"
                found.append(Skipped(reason="history_incomplete", title=target.name, message=message))
        return found

    def shown(self, hit: CommitHit) -> CommitMatch:
        """A commit as it is shown."""
        history, number = hit.history, hit.commit
        commits = history.commits
        message = history.messages.text(number).decode("utf-8", "replace")
        zone = timezone(timedelta(minutes=int(commits.author_zones[number])))
        return CommitMatch(
            repository_id=hit.target.repository_id,
            repository=hit.target.name,
            commit=history.oid(number),
            parents=tuple(history.parents_of(number)),
            subject=message.partition("\n")[0],
            message=message[:MESSAGE_CHARACTERS_MAX],
            author=history.people[int(commits.authors[number])],
            authored_at=datetime.fromtimestamp(int(commits.author_times[number]), zone),
            committer=history.people[int(commits.committers[number])],
            committed_at=datetime.fromtimestamp(hit.time, UTC),
            changes=tuple(self._change(history, change) for change in hit.changes[:CHANGES_SHOWN_MAX]),
            change_count=len(history.changes_of(number)),
        )

    def _targets(self) -> list[Target]:
        return list({target.repository_id: target for target in self.corpus.targets}.values())

    def _hits_in(self, target: Target, history: History) -> Iterator[CommitHit]:
        admitted = self._admitted(history) & self._reachable(target, history)
        if self.condition.in_changes:
            wanted = admitted[history.commit_of_change]
            of_changes = _ChangeLeaves(
                history,
                target,
                view=self.corpus.view,
                wanted=wanted,
                side=self.condition.side,
                progress=self.progress,
            )
            mask = bounds_of(self.plan.condition, of_changes.bounds, size=wanted.size).surely & wanted
            numbers = np.flatnonzero(mask)
            commits = history.commit_of_change[numbers]
            for commit in np.unique(commits).tolist():
                yield CommitHit(target, history, commit, tuple(numbers[commits == commit].tolist()))
            return
        of_commits = _CommitLeaves(history, target)
        mask = bounds_of(self.plan.condition, of_commits.bounds, size=len(history)).surely & admitted
        for commit in np.flatnonzero(mask).tolist():
            yield CommitHit(target, history, commit, tuple(history.changes_of(commit)))

    def _admitted(self, history: History) -> Mask:
        """The commits that are of the people, time and messages that are asked for."""
        condition, commits = self.condition, history.commits
        mask = np.ones(len(history), dtype=np.bool_)
        if condition.after is not None:
            mask &= commits.times >= condition.after.timestamp()
        if condition.before is not None:
            mask &= commits.times < condition.before.timestamp()
        for said in condition.authors:
            people = np.array([said.holds_for(person.encode()) for person in history.people], dtype=np.bool_)
            mask &= people[commits.authors]
        for said in condition.messages:
            mask &= _said_in_messages(history, said)
        return mask

    def _reachable(self, target: Target, history: History) -> Mask:
        """Without a revision all commits of the history; with some, those that lead to one of them."""
        wanted = [each.commit for each in self.corpus.targets if each.repository_id == target.repository_id]
        if all(each.is_default_revision for each in self.corpus.targets if each.repository_id == target.repository_id):
            return np.ones(len(history), dtype=np.bool_)
        number = {history.oid(commit): commit for commit in range(len(history))}
        mask = np.zeros(len(history), dtype=np.bool_)
        waiting = [number[commit] for commit in wanted if commit in number]
        while waiting:
            commit = waiting.pop()
            if not mask[commit]:
                mask[commit] = True
                waiting += [number[parent] for parent in history.parents_of(commit) if parent in number]
        return mask

    def _change(self, history: History, change: int) -> ChangeMatch:
        changes = history.changes
        before, after = int(changes.before[change]), int(changes.after[change])
        kind = "added" if not before else "removed" if not after else "changed"
        path = shown(history.paths[int(changes.paths[change])])
        patterns = [part.pattern for part in _texts(self.plan.condition)] if self.condition.in_changes else []
        if not patterns:
            return ChangeMatch(path=path, kind=kind)
        lines = lines_of(history, self.corpus.view, np.array([change]))[change]
        found = [
            (text, added)
            for texts, added in lines.of(self.condition.side)
            for text in texts
            if any(pattern.found_in(text) for pattern in patterns)
        ]
        limit = self.progress.limits.line_characters_max
        shown_lines = tuple(
            _line(text, added=added, patterns=patterns, characters_max=limit) for text, added in found[:LINES_SHOWN_MAX]
        )
        return ChangeMatch(path=path, kind=kind, lines=shown_lines, match_count=len(found))


class _CommitLeaves:
    """Where the conditions of a question hold among commits."""

    def __init__(self, history: History, target: Target) -> None:
        self._history = history
        self._target = target

    def bounds(self, part: Part) -> Bounds:
        """The commits for which a condition holds."""
        history = self._history
        if isinstance(part, InRepository):
            return constant(len(history), holds=part.pattern.found_in(self._target.name.encode()))
        if isinstance(part, Finds) and part.place is not Place.PATH:
            mask = _said_in_messages(history, Said(pattern=part.pattern))
            return Bounds(mask, mask)
        of_changes = _of_paths(history, part)
        mask = np.zeros(len(history), dtype=np.bool_)
        mask[history.commit_of_change[of_changes]] = True
        return Bounds(mask, mask)


class _ChangeLeaves:
    """Where the conditions of a question hold among changes."""

    def __init__(
        self, history: History, target: Target, *, view: IndexView, wanted: Mask, side: Side, progress: Progress
    ) -> None:
        self._history = history
        self._side = side
        self._target = target
        self._view = view
        self._wanted = wanted
        self._progress = progress

    def bounds(self, part: Part) -> Bounds:
        """The changes for which a condition holds."""
        size = self._history.changes.paths.size
        if isinstance(part, InRepository):
            return constant(size, holds=part.pattern.found_in(self._target.name.encode()))
        if isinstance(part, Finds) and part.place is not Place.PATH:
            mask = self._with_text(part.pattern)
            return Bounds(mask, mask)
        mask = _of_paths(self._history, part)
        return Bounds(mask, mask)

    def _with_text(self, pattern: Pattern) -> Mask:
        """The changes that added or removed a line that the pattern matches."""
        changes = self._history.changes
        moved = np.unique(np.concatenate((changes.came.values, changes.went.values))).astype(np.uint32)
        chunks = holding(self._view, moved, pattern)
        size = changes.paths.size
        mask = np.zeros(size, dtype=np.bool_)
        for rows in (changes.came, changes.went):
            mask[rows.owners()[np.isin(rows.values, chunks)]] = True
        candidates = np.flatnonzero(mask & self._wanted)
        mask[:] = False
        for begin in range(0, candidates.size, _READ_TOGETHER):
            if self._progress.time_is_up():
                break
            batch = candidates[begin : begin + _READ_TOGETHER]
            lines = lines_of(self._history, self._view, batch)
            for change in batch.tolist():
                texts = chain.from_iterable(texts for texts, _ in lines[change].of(self._side))
                mask[change] = any(pattern.found_in(text) for text in texts)
        return mask


def holding(view: IndexView, ordinals: Ordinals, pattern: Pattern) -> Ordinals:
    """Those of some ascending chunks in which a pattern matches."""
    candidates = candidates_among(view.open_segments, ordinals, pattern.need, fold_case=pattern.need_folds_case)
    found: list[NDArray[np.uint32]] = [np.empty(0, dtype=np.uint32)]
    for begin in range(0, candidates.size, _READ_TOGETHER):
        batch = candidates[begin : begin + _READ_TOGETHER]
        found.append(batch[np.array(pattern.found_in_each(view.chunk_texts(batch)), dtype=np.bool_)])
    return np.concatenate(found)


def _said_in_messages(history: History, said: Said) -> Mask:
    """The commits whose messages are as they must be."""
    need = said.pattern.need
    literals = () if need.any_of else need.literals
    single = [literal for literal in literals if b"\n" not in literal]
    numbers = np.flatnonzero(history.may_say(single, fold_case=said.pattern.need_folds_case))
    holds = said.pattern.found_in_each(history.messages.texts(numbers.tolist())) if numbers.size else []
    mask = np.zeros(len(history), dtype=np.bool_)
    mask[numbers[np.array(holds, dtype=np.bool_)]] = True
    return ~mask if said.negated else mask


def _of_paths(history: History, part: Part) -> Mask:
    """The changes whose path is as a condition wants it; one on definitions is not about commits and never holds."""
    if isinstance(part, InLanguage):
        holds = [language_of(path.decode("utf-8", "replace")) == part.language for path in history.paths]
    elif isinstance(part, Finds):
        holds = part.pattern.found_in_each([shown(path).encode("utf-8", "replace") for path in history.paths])
    else:
        holds = [False] * len(history.paths)
    of_paths = np.array(holds, dtype=np.bool_)
    mask: Mask = of_paths[history.changes.paths]
    return mask


def _texts(condition: Condition) -> list[Finds]:
    return [
        part
        for part, negated in signed_leaves(condition)
        if isinstance(part, Finds) and part.place is not Place.PATH and not negated
    ]


def _line(text: bytes, *, added: bool, patterns: Sequence[Pattern], characters_max: int) -> ChangedLine:
    decoded = text.decode("utf-8", "replace")
    ranges = [span for pattern in patterns for span in pattern.spans(text)]
    return ChangedLine(
        text=decoded[:characters_max],
        added=added,
        highlights=highlights_of(text, ranges, characters_max=characters_max),
        is_cut=len(decoded) > characters_max,
    )
