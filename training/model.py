"""The model that is trained: a vector and two weights per word; a text is the weighted sum of its words.

A vector for prose and a vector for code come from the same table of words; only the weights differ, because "returns"
says much in one and nothing in the other. Trained by contrast: a comment must be nearer to its own code than to other
code of the same repository. Plain numpy and scipy on one core.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]
TEMPERATURE = 0.05


@dataclass
class Model:
    """`words` has a row per word; the weights are logarithms."""

    words: Floats
    prose_weights: Floats
    code_weights: Floats

    def parameters(self) -> list[Floats]:
        return [self.words, self.prose_weights, self.code_weights]


def embed(counts: sparse.csr_matrix, words: Floats, weights: Floats) -> Floats:
    """Unit vectors of texts."""
    sums = (counts @ (words * np.exp(weights)[:, None])).astype(np.float32)
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)


def gradients(model: Model, prose: sparse.csr_matrix, code: sparse.csr_matrix, same: NDArray[np.bool_]) -> tuple[float, list[Floats]]:
    """The loss of a batch of pairs and its gradients; `same` marks pairs that must not count against each other."""
    prose_scale, code_scale = np.exp(model.prose_weights), np.exp(model.code_weights)
    left, left_norm = _sum(prose, model.words, prose_scale)
    right, right_norm = _sum(code, model.words, code_scale)
    scores = left @ right.T / TEMPERATURE
    scores[same] = -1e4
    by_row, by_column = _softmax(scores, 1), _softmax(scores, 0)
    size = len(scores)
    diagonal = np.arange(size)
    loss = -float(np.mean(np.log(by_row[diagonal, diagonal] + 1e-9)) + np.mean(np.log(by_column[diagonal, diagonal] + 1e-9))) / 2
    wrong = (by_row + by_column) / (2 * size * TEMPERATURE)
    wrong[diagonal, diagonal] -= 1 / (size * TEMPERATURE)
    left_slope = _through_norm(wrong @ right, left, left_norm)
    right_slope = _through_norm(wrong.T @ left, right, right_norm)
    from_prose, from_code = prose.T @ left_slope, code.T @ right_slope
    return loss, [
        from_prose * prose_scale[:, None] + from_code * code_scale[:, None],
        np.einsum("ij,ij->i", from_prose, model.words) * prose_scale,
        np.einsum("ij,ij->i", from_code, model.words) * code_scale,
    ]


class Adam:
    """The usual optimiser; a word's row is only moved when the batch has it."""

    def __init__(self, parameters: list[Floats]) -> None:
        self._first = [np.zeros_like(values) for values in parameters]
        self._second = [np.zeros_like(values) for values in parameters]
        self._step = 0

    def step(self, parameters: list[Floats], slopes: list[Floats], rows: NDArray[np.int64], rate: float) -> None:
        self._step += 1
        for values, slope, first, second in zip(parameters, slopes, self._first, self._second, strict=True):
            change = slope[rows]
            first[rows] = 0.9 * first[rows] + 0.1 * change
            second[rows] = 0.999 * second[rows] + 0.001 * change**2
            moment = first[rows] / (1 - 0.9**self._step)
            spread = second[rows] / (1 - 0.999**self._step)
            values[rows] -= rate * moment / (np.sqrt(spread) + 1e-8)


def _sum(counts: sparse.csr_matrix, words: Floats, scale: Floats) -> tuple[Floats, Floats]:
    sums = counts @ (words * scale[:, None])
    norms = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
    return sums / norms, norms


def _through_norm(slope: Floats, units: Floats, norms: Floats) -> Floats:
    return (slope - units * np.einsum("ij,ij->i", slope, units)[:, None]) / norms


def _softmax(scores: Floats, axis: int) -> Floats:
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)
