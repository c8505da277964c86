"""The chunks that a ranked search looks at closely, gathered from every index that may know a good one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grove.indexing import Mark, Occurrence, Ordinals, Scores, SymbolHit, SymbolMatch
from grove.search.corpus import Corpus
from grove.search.selection import Field, Selected
from grove.search.weights import RankingWeights
from grove.search.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFile:
    """A file that holds candidates; `path_score` is how well its path matches the question's words."""

    selected: Selected
    path_number: int
    path: str
    marks: Mark
    path_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Chunks, one per row: what the indexes say of each, and the file in which it is shown.

    `words` (BM25F) and `meaning` (cosine) are 0 where an index did not name the chunk. `file_of` are positions in
    `files`. `defined` holds the definitions of the question's names, by chunk. `is_cut` if there were more.
    """

    ordinals: Ordinals
    words: Scores
    meaning: Scores
    occurrences: tuple[tuple[Occurrence, ...], ...]
    file_of: NDArray[np.intp]
    files: tuple[CandidateFile, ...]
    defined: dict[int, list[SymbolHit]]
    is_cut: bool

    def __len__(self) -> int:
        """How many there are."""
        return len(self.ordinals)


def gather(wording: Wording, *, corpus: Corpus, field: Field, weights: RankingWeights) -> Candidates:
    """Ask the words, the vectors, the symbols and the paths for their best chunks."""
    view, scope = corpus.view, field.scope
    by_words, word_scores = view.score_words(scope, wording.words, weights=weights.fields)
    by_meaning, cosines = _by_meaning(wording, corpus, field, weights)
    defined = _definitions(wording, corpus, field, weights)
    path_scores = {each.target.snapshot: each.snapshot.match_words(wording.words) for each in field.selected}
    pools = [
        by_words[_best(word_scores, weights.word_candidates)],
        by_meaning,
        np.fromiter(defined, dtype=np.uint32, count=len(defined)),
        *_by_path(path_scores, field, (by_words, word_scores), weights),
    ]
    ordinals = np.unique(np.concatenate(pools)).astype(np.uint32)
    occurrences = tuple(_plain_first(scope.occurrences(ordinal)) for ordinal in ordinals.tolist())
    files, file_of = _files(occurrences, field, path_scores)
    order = np.argsort(by_meaning)
    return Candidates(
        ordinals=ordinals,
        words=_scores_of(ordinals, by_words, word_scores),
        meaning=_scores_of(ordinals, by_meaning[order], cosines[order]),
        occurrences=occurrences,
        file_of=file_of,
        files=files,
        defined=defined,
        is_cut=len(by_words) > weights.word_candidates,
    )


def _by_meaning(wording: Wording, corpus: Corpus, field: Field, weights: RankingWeights) -> tuple[Ordinals, Scores]:
    if corpus.embedder is None or not len(field.scope):
        return np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.float32)
    vector = corpus.embedder.embed_query(wording.text)
    return corpus.view.score_vector(field.scope, vector, limit=weights.vector_candidates)


def _definitions(wording: Wording, corpus: Corpus, field: Field, weights: RankingWeights) -> dict[int, list[SymbolHit]]:
    found: dict[int, list[SymbolHit]] = {}
    wanted = [(name, SymbolMatch.FOLDED) for name in wording.names]
    wanted += [(title, SymbolMatch.EXACT) for title in sorted(wording.titles)]
    for name, match in wanted:
        for hit in corpus.view.find_symbols(field.scope, name, match=match, limit=weights.symbol_candidates):
            found.setdefault(hit.ordinal, []).append(hit)
    return found


def _by_path(
    path_scores: dict[str, NDArray[np.float32]],
    field: Field,
    by_words: tuple[Ordinals, Scores],
    weights: RankingWeights,
) -> list[Ordinals]:
    """The best chunk of each file whose path matches best."""
    rows = [
        (float(scores[number]), selected, number)
        for selected in field.selected
        for scores in [np.where(selected.admitted, path_scores[selected.target.snapshot], 0)]
        for number in _best(scores, weights.path_candidates).tolist()
        if scores[number] > 0
    ]
    rows.sort(key=lambda row: -row[0])
    found: list[Ordinals] = []
    for _, selected, number in rows[: weights.path_candidates]:
        chunks = selected.snapshot.chunks_of(number)
        if len(chunks):
            best = int(np.argmax(_scores_of(chunks, *by_words)))
            found.append(chunks[best : best + 1])
    return found


def _plain_first(occurrences: list[Occurrence]) -> tuple[Occurrence, ...]:
    """The places of a chunk, those without marks before the others."""
    return tuple(sorted(occurrences, key=lambda occurrence: occurrence.marks.bit_count()))


def _files(
    occurrences: tuple[tuple[Occurrence, ...], ...], field: Field, path_scores: dict[str, NDArray[np.float32]]
) -> tuple[tuple[CandidateFile, ...], NDArray[np.intp]]:
    by_snapshot = field.by_snapshot()
    numbers: dict[tuple[str, int], int] = {}
    files: list[CandidateFile] = []
    file_of = np.zeros(len(occurrences), dtype=np.intp)
    for row, (place, *_) in enumerate(occurrences):
        key = (place.snapshot, place.path_number)
        if key not in numbers:
            numbers[key] = len(files)
            files.append(
                CandidateFile(
                    selected=by_snapshot[place.snapshot],
                    path_number=place.path_number,
                    path=place.path,
                    marks=place.marks,
                    path_score=float(path_scores[place.snapshot][place.path_number]),
                )
            )
        file_of[row] = numbers[key]
    return tuple(files), file_of


def _best(scores: Scores, count: int) -> NDArray[np.intp]:
    """The positions of the highest scores."""
    if len(scores) <= count:
        return np.arange(len(scores))
    return np.argpartition(scores, -count)[-count:]


def _scores_of(ordinals: Ordinals, named: Ordinals, scores: Scores) -> Scores:
    """The score of each ordinal, 0 for those that were not named; `named` ascends."""
    found = np.zeros(len(ordinals), dtype=np.float32)
    if len(named):
        at = np.minimum(np.searchsorted(named, ordinals), len(named) - 1)
        same = named[at] == ordinals
        found[same] = scores[at[same]]
    return found
