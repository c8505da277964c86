"""A question as it is put to candidate files: what each of its words tells, and where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing import IndexView, Scores, are_among
from grove.search.candidates import Candidates
from grove.search.stems import stem_of, stems_of
from grove.search.weights import RankingWeights
from grove.search.wording import Wording

TOLD_MIN: Final = 0.3
"""What a word tells at least, however common it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A question, and the files that may answer it."""

    wording: Wording
    candidates: Candidates
    view: IndexView
    weights: RankingWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How much each of the question's stems tells of each file: files are rows, stems are columns.

    The rarer a word, the more it tells; one in the name of the file's own repository tells little. `own` is how far a
    stem counts for that reason alone, `held` whether the file's content has it.
    """

    stems: tuple[str, ...]
    told: NDArray[np.float32]
    own: NDArray[np.float32]
    held: NDArray[np.bool_]

    def share(self, matching: NDArray[np.bool_]) -> Scores:
        """The share of what the question tells that the matching stems make up."""
        whole = np.maximum(self.told.sum(axis=1), TOLD_MIN)
        share: Scores = (matching * self.told).sum(axis=1, dtype=np.float32) / whole
        return share

    def precision(self, names: Sequence[frozenset[str]]) -> Scores:
        """The share of the stems of a name for each file that the question has."""
        sizes = np.array([max(len(name), 1) for name in names], dtype=np.float32)
        share: Scores = (self.within(names) * self.own).sum(axis=1, dtype=np.float32) / sizes
        return share

    def within(self, texts: Sequence[frozenset[str]]) -> NDArray[np.bool_]:
        """Which stems are among those of a text for each file."""
        found = [[stem in text for stem in self.stems] for text in texts]
        return np.array(found, dtype=np.bool_).reshape(len(texts), len(self.stems))


def telling_of(inquiry: Inquiry) -> Telling:
    """Look the question's words up in everything that is searched."""
    wording, candidates = inquiry.wording, inquiry.candidates
    total = len(candidates.searched)
    rarity: list[float] = []
    held = np.zeros((len(candidates.files), len(wording.stems)), dtype=np.bool_)
    for column, stem in enumerate(wording.stems):
        forms = [word for word in wording.words if stem_of(word) == stem]
        holding = candidates.hits.holding(forms)
        rarity.append(float(np.log1p((total - holding.size + 0.5) / (holding.size + 0.5))) if holding.size else 0.0)
        held[candidates.file_of[are_among(candidates.ordinals, holding)], column] = True
    own = _own(inquiry)
    told = np.maximum(np.array(rarity, dtype=np.float32), TOLD_MIN) * own
    return Telling(stems=wording.stems, told=told, own=own, held=held)


def _own(inquiry: Inquiry) -> NDArray[np.float32]:
    stems = inquiry.wording.stems
    factors: dict[str, list[float]] = {}
    for file in inquiry.candidates.files:
        name = file.selected.target.name
        if name not in factors:
            named = stems_of(name)
            others = any(stem not in named for stem in stems)
            factors[name] = [inquiry.weights.repository_word if others and stem in named else 1.0 for stem in stems]
    rows = [factors[file.selected.target.name] for file in inquiry.candidates.files]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(stems))
