"""The model that is trained: a vector and two weights per word; a text is the weighted sum of its words.

A word's vector is a row of its own plus the mean of rows for its runs of letters, which stand in for words that the
table lacks. A vector for prose and a vector for code come from the same rows; only the weights differ, because
"returns" says much in one and nothing in the other. Trained by contrast: a comment must be nearer to its own code
than to other code of the same repository. Plain numpy and scipy on one core.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from grove.indexing.letter_runs import runs_of
from training.vocabulary import Lesson

Floats = NDArray[np.float32]
TEMPERATURE = 0.05
BATCH = 512
RATE = 2e-3
WARM_UP_STEPS = 50
RATE_LEFT = 0.02
RUNS_SCALE = 2.0
"""How much the rows of runs of letters are scaled up, so that they learn as fast as the words' own rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is trained; the weights are logarithms."""

    own: Floats
    runs: Floats
    prose_weights: Floats
    code_weights: Floats
    letters: sparse.csr_matrix
    """Which runs of letters each word has: a row per word, which adds up to `RUNS_SCALE`."""

    @classmethod
    def begun(cls, words: Sequence[str], directions: Floats, rarity: Floats, *, buckets: int) -> "Model":
        """The model before it has learnt anything."""
        found, ends = runs_of(words, buckets)
        shares = np.repeat(np.float32(RUNS_SCALE) / np.diff(ends), np.diff(ends)).astype(np.float32)
        letters = sparse.csr_matrix((shares, found, ends), shape=(len(words), buckets))
        letters.sum_duplicates()
        return cls(
            own=directions.copy(),
            runs=np.zeros((buckets, directions.shape[1]), dtype=np.float32),
            prose_weights=rarity.copy(),
            code_weights=rarity.copy(),
            letters=letters,
        )

    def rows(self) -> Floats:
        """The vector of every word."""
        vectors: Floats = self.own + self.letters @ self.runs
        return vectors


class Trainer:
    """Moves a model by one batch after the other (Adam; only the rows that a batch has are moved)."""

    def __init__(self, model: Model, *, steps: int) -> None:
        self._model = model
        self._steps = steps
        self._step = 0
        self._parameters = [model.own, model.runs, model.prose_weights, model.code_weights]
        self._first = [np.zeros_like(values) for values in self._parameters]
        self._second = [np.zeros_like(values) for values in self._parameters]

    def learn(self, lesson: Lesson, pairs: NDArray[np.intp]) -> float:
        """Learn some pairs of a repository; how far off the model was."""
        prose, code = lesson.prose[pairs], lesson.code[pairs]
        words, numbers = np.unique(np.concatenate([prose.indices, code.indices]), return_inverse=True)
        prose, code = _among(prose, numbers[: prose.nnz], len(words)), _among(code, numbers[prose.nnz :], len(words))
        letters = self._model.letters[words]
        runs, run_numbers = np.unique(letters.indices, return_inverse=True)
        letters = _among(letters, run_numbers, len(runs))
        digests = lesson.digests[pairs]
        same = digests[:, None] == digests[None, :]
        np.fill_diagonal(same, val=False)
        model = self._model
        batch = _Batch(
            words=model.own[words] + letters @ model.runs[runs],
            prose_weights=model.prose_weights[words],
            code_weights=model.code_weights[words],
        )
        loss, slopes = batch.slopes(prose, code, same)
        by_word, by_prose, by_code = slopes
        self._move([by_word, letters.T @ by_word, by_prose, by_code], [words, runs, words, words])
        return loss

    def _move(self, slopes: list[Floats], rows: list[NDArray[np.intp]]) -> None:
        self._step += 1
        left = max(RATE_LEFT, 1 - self._step / self._steps)
        rate = RATE * min(1.0, self._step / WARM_UP_STEPS) * left
        moments = zip(self._parameters, slopes, self._first, self._second, rows, strict=True)
        for values, slope, first, second, at in moments:
            first[at] = 0.9 * first[at] + 0.1 * slope
            second[at] = 0.999 * second[at] + 0.001 * slope**2
            spread = np.sqrt(second[at] / (1 - 0.999**self._step)) + 1e-8
            values[at] -= rate * (first[at] / (1 - 0.9**self._step)) / spread


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """The words of one batch."""

    words: Floats
    prose_weights: Floats
    code_weights: Floats

    def slopes(
        self, prose: sparse.csr_matrix, code: sparse.csr_matrix, same: NDArray[np.bool_]
    ) -> tuple[float, list[Floats]]:
        """The loss of pairs and its gradients; `same` marks pairs that must not count against each other."""
        prose_scale, code_scale = np.exp(self.prose_weights), np.exp(self.code_weights)
        left, left_norm = _sum(prose, self.words, prose_scale)
        right, right_norm = _sum(code, self.words, code_scale)
        scores = left @ right.T / TEMPERATURE
        scores[same] = -1e4
        by_row, by_column = _softmax(scores, 1), _softmax(scores, 0)
        diagonal = np.arange(len(scores))
        told = np.log(by_row[diagonal, diagonal] + 1e-9) + np.log(by_column[diagonal, diagonal] + 1e-9)
        wrong = (by_row + by_column) / (2 * len(scores) * TEMPERATURE)
        wrong[diagonal, diagonal] -= 1 / (len(scores) * TEMPERATURE)
        from_prose = prose.T @ _through_norm(wrong @ right, left, left_norm)
        from_code = code.T @ _through_norm(wrong.T @ left, right, right_norm)
        return -float(told.mean()) / 2, [
            from_prose * prose_scale[:, None] + from_code * code_scale[:, None],
            np.einsum("ij,ij->i", from_prose, self.words) * prose_scale,
            np.einsum("ij,ij->i", from_code, self.words) * code_scale,
        ]


def _among(counts: sparse.csr_matrix, numbers: NDArray[np.intp], width: int) -> sparse.csr_matrix:
    return sparse.csr_matrix((counts.data, numbers, counts.indptr), shape=(counts.shape[0], width))


def _sum(counts: sparse.csr_matrix, words: Floats, scale: Floats) -> tuple[Floats, Floats]:
    sums = counts @ (words * scale[:, None])
    norms = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
    return sums / norms, norms


def _through_norm(slope: Floats, units: Floats, norms: Floats) -> Floats:
    through: Floats = (slope - units * np.einsum("ij,ij->i", slope, units)[:, None]) / norms
    return through


def _softmax(scores: Floats, axis: int) -> Floats:
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    softened: Floats = powers / powers.sum(axis=axis, keepdims=True)
    return softened
