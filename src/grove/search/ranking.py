"""Ranked search: the best files for a question, by words, meaning, symbols and paths together."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing import Scores, are_among
from grove.search.candidates import CandidateFile, Candidates, gather
from grove.search.corpus import Corpus
from grove.search.inquiry import Inquiry
from grove.search.selection import Field
from grove.search.signals import relative, signals_of
from grove.search.stems import stem_of, stems_of
from grove.search.weights import RankingWeights, SignalWeights
from grove.search.wording import Wording, wording_of

DEFAULT_WEIGHTS: Final = RankingWeights()
_TELLING: Final = ("coverage", "path", "beginnings", "definition", "namesake")
"""Signals of which one is enough to make a file an answer."""
_DEFINING: Final = 2.0
"""What a definition that is asked for counts when the chunks of a file are compared; the words' score is at most 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedFile:
    """A candidate with its score, between 0 and 1; `number` is its position among the candidates.

    `match_count` is how many of its chunks hold words of the question.
    """

    file: CandidateFile
    number: int
    score: float
    match_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The files, best first; `signals` are what was found of every candidate.

    `notes` say what the vectors could not do.
    """

    wording: Wording
    candidates: Candidates
    files: tuple[RankedFile, ...]
    signals: dict[str, Scores]
    weights: SignalWeights
    notes: tuple[str, ...] = ()

    def explain(self, ranked: RankedFile) -> dict[str, float]:
        """What each signal gave to a file; the score is the logistic function of the sum."""
        given = {
            name: float(values[ranked.number]) * getattr(self.weights, name) for name, values in self.signals.items()
        }
        return {name: value for name, value in given.items() if value}

    def rows_of(self, ranked: RankedFile) -> list[int]:
        """The rows of a file's chunks that hold words or definitions of the question, best first; or else its first."""
        candidates, number = self.candidates, ranked.number
        begin = int(candidates.begins[number])
        end = int(candidates.begins[number + 1]) if number + 1 < len(candidates.files) else len(candidates)
        scores = relative(candidates.words[begin:end]) + _DEFINING * are_among(
            candidates.ordinals[begin:end], candidates.defining
        )
        return [begin + row for row in np.argsort(-scores, kind="stable").tolist() if scores[row] > 0] or [begin]


def rank(text: str, *, corpus: Corpus, field: Field, weights: RankingWeights = DEFAULT_WEIGHTS) -> Ranking:
    """Rank the files of a field for a question."""
    wording = _without_own_names(wording_of(text, weights), field, weights)
    compared = corpus.meaning.compare(text, view=corpus.view, scope=field.scope) if corpus.meaning else None
    candidates = gather(wording, compared, corpus=corpus, field=field, weights=weights)
    chosen = weights.named if wording.is_name else weights.described
    if not candidates.files:
        return Ranking(
            wording=wording,
            candidates=candidates,
            files=(),
            signals={},
            weights=chosen,
            notes=tuple(compared.notes) if compared else (),
        )
    signals = signals_of(Inquiry(wording=wording, candidates=candidates, view=corpus.view, weights=weights))
    total = np.sum([getattr(chosen, name) * values for name, values in signals.items()], axis=0)
    scores = 1 / (1 + np.exp(-total))
    matches = np.add.reduceat(candidates.words > 0, candidates.begins, dtype=np.intp)
    answers = _answers(candidates, signals, weights)
    files = tuple(
        RankedFile(
            file=candidates.files[number],
            number=number,
            score=float(scores[number]),
            match_count=int(matches[number]),
        )
        for number in np.argsort(-total, kind="stable").tolist()
        if answers[number]
    )
    return Ranking(
        wording=wording,
        candidates=candidates,
        files=files,
        signals=signals,
        weights=chosen,
        notes=tuple(compared.notes) if compared else (),
    )


def _answers(candidates: Candidates, signals: Mapping[str, Scores], weights: RankingWeights) -> NDArray[np.bool_]:
    """Which candidates have anything to do with the question: a word of it, its name, or nearly its meaning."""
    nearest = np.maximum.reduceat(candidates.cosines, candidates.begins)
    answers: NDArray[np.bool_] = nearest >= weights.near_enough
    for name in _TELLING:
        answers |= signals[name] > 0
    return answers


def _without_own_names(wording: Wording, field: Field, weights: RankingWeights) -> Wording:
    """The wording in which a word counts less that every searched repository has in its name."""
    named = [stems_of(selected.target.name) for selected in field.selected]
    common = frozenset.intersection(*named) if named else frozenset()
    if not common or all(stem in common for stem in wording.stems):
        return wording
    words = {
        word: weight * (weights.repository_word if stem_of(word) in common else 1.0)
        for word, weight in wording.words.items()
    }
    return replace(wording, words=words)
