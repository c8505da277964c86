"""Answers questions: decides how, searches, and tells the truth about it. Pure of the database.

`search` gives the whole answer, `search_stream` the same piece by piece: there an exact answer shows first what it
finds first, so the order may differ.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Final

from grove.search.answer import Answer, Facets, FileMatch, SearchedCommit, Truth
from grove.search.corpus import Corpus, Limits, Severity, Suggestion
from grove.search.exact import ExactSearch
from grove.search.facets import facets_of
from grove.search.holders import repositories_holding
from grove.search.past import answer_with_commits
from grove.search.planning import plan_of
from grove.search.progress import Progress
from grove.search.question import FILES_PER_ANSWER_MAX, Method, Plan, Question, Select
from grove.search.ranking import rank
from grove.search.rendering import ExactRenderer, RankedRenderer
from grove.search.selection import Selected, select
from grove.search.streaming import Alert, Done, Filters, Matches, ProgressMade, SearchEvent
from grove.search.suggestions import FILES_COUNTED_MAX, suggestions_for
from grove.search.truth import LIMITS, truth_line

DEFAULT_LIMITS: Final = Limits()
ALL: Final = 2**31
"""More than there are of anything."""
ALL_SECONDS_MAX: Final = 60.0
FIRST_BATCH_SECONDS: Final = 0.1
FURTHER_BATCH_SECONDS: Final = 0.25
_INSTEAD: Final = "nothing was found; this finds something"
_FELL_BACK: Final = "no file holds these words exactly, so the nearest places are shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A file that was found; `show` reads it and picks its lines."""

    selected: Selected
    path_number: int
    match_count: int
    score: float
    show: Callable[[], FileMatch]


def search(question: Question, corpus: Corpus, *, limits: Limits = DEFAULT_LIMITS) -> Answer:
    """Answer a question: one page of files, the best first.

    :raises QueryInvalid: if the question cannot be understood; its siblings in `errors` say what else may be wrong.
    """
    plan = plan_of(question)
    if plan.method is Method.HISTORY:
        return answer_with_commits(question, plan, corpus, _progress(plan, corpus, limits))
    run = _Run(question, plan, corpus, _progress(plan, corpus, limits))
    if run.plan.selected is Select.REPOSITORY:
        return run.answer_with_repositories()
    run, hits = _all_hits(run)
    page = run.page(hits)
    return Answer(
        files=page,
        facets=run.facets(hits),
        truth=run.truth(hits, shown=len(page)),
        plan=str(run.plan),
        suggested=() if hits else tuple(run.suggestions()),
    )


def search_stream(question: Question, corpus: Corpus, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[SearchEvent]:
    """Answer a question piece by piece; `Done` comes last.

    :raises QueryInvalid: at once, if the question cannot be understood.
    """
    plan = plan_of(question)
    if plan.wants_all:
        limits = replace(limits, lines_per_file_max=ALL)
    if plan.method is Method.HISTORY:
        return _told_at_once(answer_with_commits(question, plan, corpus, _progress(plan, corpus, limits)))
    run = _Run(question, plan, corpus, _progress(plan, corpus, limits))
    return _told_at_once(run.answer_with_repositories()) if run.plan.selected is Select.REPOSITORY else _told(run)


def _progress(plan: Plan, corpus: Corpus, limits: Limits) -> Progress:
    if plan.wants_all:
        seconds_max = max(limits.seconds_max, ALL_SECONDS_MAX)
        limits = replace(limits, seconds_max=seconds_max, files_found_max=ALL, symbols_max=ALL, symbols_scanned_max=ALL)
    if plan.seconds_max is not None:
        limits = replace(limits, seconds_max=plan.seconds_max)
    return Progress(limits, seconds_before=corpus.opening_seconds)


def _told_at_once(answer: Answer) -> Iterator[SearchEvent]:
    """An answer that has no files."""
    yield Matches(files=(), repositories=answer.repositories, commits=answer.commits)
    yield from _alerts(answer.truth)
    yield Done(truth=answer.truth, line=truth_line(answer.truth))


def _all_hits(run: "_Run") -> tuple["_Run", list[Hit]]:
    hits = sorted(run.hits(), key=lambda hit: -hit.score)
    otherwise = run.otherwise() if not hits else None
    if otherwise is None:
        return run, hits
    return otherwise, list(otherwise.hits())


def _told(run: "_Run") -> Iterator[SearchEvent]:
    hits: list[Hit] = []
    shown = 0
    for batch in _batches(run.hits()):
        begin, end = max(run.question.offset - len(hits), 0), run.question.offset + run.files_wanted - len(hits)
        hits += batch
        files = run.shown(batch[begin : max(end, 0)])
        shown += len(files)
        if files:
            yield Matches(files=files)
        yield run.progress_made(hits)
    otherwise = run.otherwise() if not hits else None
    if otherwise is not None:
        yield from _told(otherwise)
        return
    yield Filters(facets=run.facets(hits))
    truth = run.truth(hits, shown=shown)
    yield from _alerts(truth)
    for suggestion in () if hits else run.suggestions():
        yield Alert(title=suggestion.title, message=_INSTEAD, severity=Severity.INFO, suggested=suggestion)
    yield Done(truth=truth, line=truth_line(truth))


def _batches(hits: Iterator[Hit]) -> Iterator[list[Hit]]:
    """What was found within a short time each, the best first."""
    batch: list[Hit] = []
    due = time.monotonic() + FIRST_BATCH_SECONDS
    for hit in hits:
        batch.append(hit)
        if time.monotonic() >= due:
            yield sorted(batch, key=lambda found: -found.score)
            batch = []
            due = time.monotonic() + FURTHER_BATCH_SECONDS
    if batch:
        yield sorted(batch, key=lambda found: -found.score)


def _alerts(truth: Truth) -> Iterator[Alert]:
    for skipped in truth.skipped:
        yield Alert(
            title=skipped.title, message=skipped.message, severity=skipped.severity, suggested=skipped.suggested
        )
    for limit in truth.limits_hit:
        yield Alert(title=limit, message=LIMITS.get(limit, limit), severity=Severity.WARNING)
    for note in truth.notes:
        yield Alert(title="note", message=note, severity=Severity.INFO)


class _Run:
    """One question being answered by one plan."""

    def __init__(self, question: Question, plan: Plan, corpus: Corpus, progress: Progress) -> None:
        self.question = question
        self.plan = plan
        self.files_wanted = ALL if plan.wants_all else plan.files_max or question.limit
        self._corpus = corpus
        self._progress = progress
        self._field = select(plan.condition, corpus)
        self._has_more = False
        self._notes: tuple[str, ...] = ()

    def hits(self) -> Iterator[Hit]:
        """The files that answer the question: in a ranked answer the best first, otherwise as they are found."""
        return self._ranked() if self.plan.method is Method.RANKED else self._exact()

    def page(self, hits: Sequence[Hit]) -> tuple[FileMatch, ...]:
        """The files of one answer as they are shown."""
        wanted = hits[self.question.offset : self.question.offset + self.files_wanted]
        if len(wanted) > FILES_PER_ANSWER_MAX:
            self._progress.hit("files_per_answer_max")
        return self.shown(wanted[:FILES_PER_ANSWER_MAX])

    def shown(self, hits: Sequence[Hit]) -> tuple[FileMatch, ...]:
        """The files as they are shown: at least one, and as many as there is time for."""
        files: list[FileMatch] = []
        for hit in hits:
            if files and self._progress.time_is_up():
                break
            file = hit.show()
            files.append(replace(file, excerpts=()) if self.plan.selected is Select.FILE else file)
        return tuple(files)

    def answer_with_repositories(self) -> Answer:
        """The repositories in which something answers the question, instead of the files."""
        found = list(
            repositories_holding(
                self.plan.condition, view=self._corpus.view, field_=self._field, progress=self._progress
            )
        )
        page = tuple(found[self.question.offset : self.question.offset + self.files_wanted])
        self._has_more = len(found) > self.question.offset + len(page)
        truth = replace(
            self.truth([], shown=0),
            files_found=sum(each.files_found for each in found),
            repositories_found=len(found),
            repositories_shown=len(page),
        )
        return Answer(
            files=(), facets=Facets(items=(), is_exhaustive=True), truth=truth, plan=str(self.plan), repositories=page
        )

    def otherwise(self) -> "_Run | None":
        """The same question by the plan to fall back on, if there is one."""
        if self.plan.otherwise is None:
            return None
        plan = replace(self.plan.otherwise, notes=(*self.plan.notes, _FELL_BACK))
        return _Run(self.question, plan, self._corpus, self._progress)

    def suggestions(self) -> Iterator[Suggestion]:
        """What to ask instead, as long as there is time."""
        return suggestions_for(self.question, self._count)

    def facets(self, hits: Sequence[Hit]) -> Facets:
        """The ways to narrow the answer."""
        places = [(hit.selected, hit.path_number) for hit in hits]
        return facets_of(places, is_exhaustive=not self._more(), count_max=self._progress.limits.facets_max)

    def progress_made(self, hits: Sequence[Hit]) -> ProgressMade:
        """How far it is."""
        return ProgressMade(
            files_found=len(hits),
            repositories_found=_repositories(hits),
            matches_found=sum(hit.match_count for hit in hits),
            elapsed_ms=round(self._progress.elapsed_seconds * 1000),
        )

    def truth(self, hits: Sequence[Hit], *, shown: int) -> Truth:
        """What was searched, what was not, and what the answer leaves out."""
        return Truth(
            method=self.plan.method,
            generation=self._corpus.generation,
            searched=tuple(searched_commit(selected) for selected in self._field.selected),
            skipped=self._corpus.skipped,
            files_found=len(hits),
            repositories_found=_repositories(hits),
            matches_found=sum(hit.match_count for hit in hits),
            files_shown=shown,
            offset=self.question.offset,
            more=self._more(),
            limits_hit=self._progress.limits_hit,
            elapsed_ms=round(self._progress.elapsed_seconds * 1000),
            notes=(*self.plan.notes, *self._notes),
        )

    def _more(self) -> bool:
        return self._has_more or bool(self._progress.limits_hit)

    def _count(self, question: Question) -> int:
        if self._progress.time_is_up():
            return 0
        run = _Run(question, plan_of(question), self._corpus, self._progress)
        return sum(1 for _ in islice(run.hits(), FILES_COUNTED_MAX))

    def _exact(self) -> Iterator[Hit]:
        exact = ExactSearch(self.plan.condition, view=self._corpus.view, field_=self._field, progress=self._progress)
        limits = self._progress.limits
        renderer = ExactRenderer(exact, view=self._corpus.view, limits=limits, context=self.question.context_lines)
        files_max = max(limits.files_found_max, self.question.offset + self.files_wanted)
        for found in exact.found(files_max=files_max):
            yield Hit(
                selected=found.selected,
                path_number=found.path_number,
                match_count=found.match_count,
                score=found.score,
                show=partial(renderer.file, found),
            )

    def _ranked(self) -> Iterator[Hit]:
        ranking = rank(self.plan.words, corpus=self._corpus, field=self._field)
        renderer = RankedRenderer(ranking, view=self._corpus.view, limits=self._progress.limits)
        self._has_more = ranking.candidates.is_cut
        self._notes = ranking.notes
        for ranked in ranking.files:
            yield Hit(
                selected=ranked.file.selected,
                path_number=ranked.file.path_number,
                match_count=ranked.match_count,
                score=ranked.score,
                show=partial(renderer.file, ranked, explain=self.question.explain),
            )


def _repositories(hits: Sequence[Hit]) -> int:
    return len({hit.selected.target.repository_id for hit in hits})


def searched_commit(selected: Selected) -> SearchedCommit:
    """What is said of a commit that was searched."""
    target, coverage = selected.target, selected.snapshot.coverage
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
