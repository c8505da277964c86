"""Ranked search: the best places for a question, by words, meaning, symbols and paths together."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from grove.indexing import Scores
from grove.search.candidates import Candidates, gather
from grove.search.corpus import Corpus
from grove.search.selection import Field
from grove.search.signals import signals_of
from grove.search.weights import RankingWeights
from grove.search.wording import Wording, wording_of

DEFAULT_WEIGHTS = RankingWeights()


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedChunk:
    """A candidate that was chosen: its row, and its score."""

    row: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The chosen chunks, best first, and what each signal gave to each candidate."""

    wording: Wording
    candidates: Candidates
    chunks: tuple[RankedChunk, ...]
    given: dict[str, Scores]

    def explain(self, chunk: RankedChunk) -> dict[str, float]:
        """What each signal gave to a chunk's score; `factor` and `crowding` multiply the sum of the others."""
        return {name: float(values[chunk.row]) for name, values in self.given.items() if values[chunk.row]}


def rank(text: str, *, corpus: Corpus, field: Field, weights: RankingWeights = DEFAULT_WEIGHTS) -> Ranking:
    """Rank the chunks of a field for a question.

    A further chunk of a file that was already chosen counts less each time.
    """
    wording = wording_of(text, weights)
    candidates = gather(wording, corpus=corpus, field=field, weights=weights)
    given, total = signals_of(candidates, wording, view=corpus.view, weights=weights)
    crowding = _crowding(candidates, total, weights)
    final = total * crowding
    order = [row for row in np.argsort(-final, kind="stable").tolist() if final[row] > 0]
    return Ranking(
        wording=wording,
        candidates=candidates,
        chunks=tuple(RankedChunk(row=row, score=float(final[row])) for row in order),
        given=given | {"crowding": crowding},
    )


def _crowding(candidates: Candidates, total: Scores, weights: RankingWeights) -> Scores:
    """The factor by which the second, third, ... chunk of each file counts."""
    factors = np.ones(len(candidates), dtype=np.float32)
    chosen: defaultdict[int, int] = defaultdict(int)
    for row in np.argsort(-total, kind="stable").tolist():
        file = int(candidates.file_of[row])
        factors[row] = weights.same_file ** chosen[file]
        chosen[file] += 1
    return factors
