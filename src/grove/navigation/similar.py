"""Code that is like some lines of a file: copies, moved functions, other versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grove.indexing import split_words
from grove.languages import Task
from grove.navigation.defining import shown_line
from grove.navigation.errors import NotText, RangeInvalid
from grove.navigation.ground import File, Ground, Told, counted
from grove.navigation.model import Around, Extract, SimilarCode, SimilarPlace, Wanted
from grove.navigation.similarity import Runs, most_alike, runs_of
from grove.search import FileContent

LINES_MAX: Final = 500
TOKENS_MIN: Final = 8
CANDIDATES_MAX: Final = 60
PLACES_PER_CHUNK_MAX: Final = 5
_WORDS_WEIGHT: Final = 0.2
"""What the words of a chunk count beside its runs of tokens; measured on functions that later versions had changed."""
_SIMILARITY_MIN: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Found:
    score: float
    similarity: float
    file: File
    first: int
    last: int

    def overlaps(self, other: "_Found") -> bool:
        return self.file == other.file and self.first <= other.last and other.first <= self.last


def extract_of(content: FileContent, *, first_line: int, last_line: int) -> Extract:
    """Some lines of a file.

    :raises NotText: if it is binary.
    :raises RangeInvalid: if it has no such lines, or there are too many of them or too little in them to compare.
    """
    if content.binary:
        raise NotText(path=content.path, size_bytes=content.size_bytes)
    lines = content.content.split(b"\n")
    chosen = lines[first_line - 1 : last_line]
    if not 0 < first_line <= last_line <= len(lines) or len(chosen) > LINES_MAX:
        raise RangeInvalid(path=content.path, lines=len(lines), lines_max=LINES_MAX)
    extract = Extract(
        repository_id=content.repository_id,
        repository=content.repository,
        commit=content.commit,
        path=content.path,
        first_line=first_line,
        last_line=last_line,
        lines=tuple(chosen),
    )
    if len(runs_of(chosen).runs) < TOKENS_MIN:
        raise RangeInvalid(path=content.path, reason="there is too little in these lines to compare")
    return extract


def find_similar(extract: Extract, wanted: Wanted, *, ground: Ground) -> SimilarCode:
    """The places that are most like some lines, the most alike first; the lines themselves are not among them."""
    candidates = _candidates(extract, ground)
    found = [each for each in _apart(candidates) if not _is_itself(each, extract)]
    end = wanted.offset + wanted.limit
    chosen = found[wanted.offset : end]
    truth = ground.truth(
        Told(
            **counted(each.file for each in found),
            places_found=len(found),
            files_shown=len({each.file for each in chosen}),
            offset=wanted.offset,
            more=len(found) > end,
            notes=(f"the {CANDIDATES_MAX} places with the likeliest words were compared",),
        )
    )
    return SimilarCode(extract=extract, items=tuple(_shown(chosen, ground)), truth=truth)


def _candidates(extract: Extract, ground: Ground) -> list[_Found]:
    """What shares most words, compared closely."""
    words = dict.fromkeys(split_words(b"\n".join(extract.lines).decode("utf-8", "replace")), 1.0)
    ordinals, scores = ground.view.score_words(ground.field.scope, words)
    order = np.argsort(-scores, kind="stable")[:CANDIDATES_MAX]
    by_snapshot = ground.field.by_snapshot()
    question = runs_of(extract.lines)
    texts: dict[File, list[bytes]] = {}
    found: list[_Found] = []
    for ordinal, score in zip(
        ordinals[order].tolist(), (scores[order] / max(scores.max(initial=0), 1e-9)).tolist(), strict=True
    ):
        if ground.progress.time_is_up():
            break
        count = ground.view.chunk_lines(ordinal)
        for place in ground.field.scope.occurrences(ordinal)[:PLACES_PER_CHUNK_MAX]:
            file = File(by_snapshot[place.snapshot], place.path_number)
            if file not in texts:
                texts[file] = ground.text_of(file).split(b"\n")
            compared = _compared(question, texts[file], first=place.first_line, count=count)
            if compared is not None:
                first, last, similarity = compared
                found.append(_Found(similarity + _WORDS_WEIGHT * score, similarity, file, first, last))
    return found


def _compared(question: Runs, lines: Sequence[bytes], *, first: int, count: int) -> tuple[int, int, float] | None:
    """The lines around a chunk that are most like the question, and how much."""
    begin = max(first - 1 - question.line_count, 0)
    alike = most_alike(question, runs_of(lines[begin : first - 1 + count + question.line_count]))
    if alike is None or alike.similarity < _SIMILARITY_MIN:
        return None
    return begin + alike.first + 1, begin + alike.last + 1, alike.similarity


def _apart(candidates: Sequence[_Found]) -> list[_Found]:
    """The best of those that overlap, the best first."""
    chosen: list[_Found] = []
    for each in sorted(candidates, key=lambda one: (-one.score, one.file.marks.bit_count(), one.file.path, one.first)):
        if not any(each.overlaps(other) for other in chosen):
            chosen.append(each)
    return chosen


def _is_itself(found: _Found, extract: Extract) -> bool:
    target = found.file.selected.target
    is_same_file = (target.repository_id, target.commit, found.file.path) == (
        extract.repository_id,
        extract.commit,
        extract.path,
    )
    return is_same_file and found.first <= extract.last_line and extract.first_line <= found.last


def _shown(chosen: Sequence[_Found], ground: Ground) -> list[SimilarPlace]:
    tasks = [Task(each.file.language, ground.text_of(each.file)) for each in chosen]
    places = []
    for each, task, structure in zip(chosen, tasks, ground.structures(tasks), strict=True):
        around = (
            [one for one in structure.definitions if one.line <= each.last and each.first <= one.end_line]
            if structure
            else []
        )
        # Of what the lines belong to or hold, the definition that fits them best.
        best = min(around, key=lambda one: abs(one.line - each.first) + abs(one.end_line - each.last), default=None)
        places.append(
            SimilarPlace(
                address=each.file.address,
                language=each.file.language,
                marks=each.file.marks,
                first_line=each.first,
                last_line=each.last,
                similarity=round(each.similarity, 3),
                text=shown_line(task.text.split(b"\n"), each.first).strip(),
                around=Around(
                    name=best.name, kind=best.kind, container=best.container, line=best.line, end_line=best.end_line
                )
                if best
                else None,
            )
        )
    return places
