"""Where training begins: words that stand in the same texts point the same way (latent semantic analysis).

The largest singular vectors of the chunks' and comments' weighted word counts, by subspace iteration
(Halko, Martinsson and Tropp, 2011, algorithm 4.4).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.vocabulary import Lesson

SPARE_DIMENSIONS = 30
ROUNDS = 4
Floats = NDArray[np.float32]


def first_directions(lessons: Sequence[Lesson], *, dimensions: int, seed: int) -> tuple[Floats, Floats]:
    """A unit vector per word, and how rare each word is (the logarithm of its inverse document frequency)."""
    texts = sparse.vstack([lesson.chunks for lesson in lessons] + [lesson.prose for lesson in lessons]).tocsr()
    holding = np.asarray((texts > 0).sum(axis=0)).ravel()
    rarity = np.log((texts.shape[0] + 1) / (holding + 1)).astype(np.float32)
    weighted = texts @ sparse.diags(rarity)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel()) + 1e-6
    weighted = (sparse.diags((1 / lengths).astype(np.float32)) @ weighted).astype(np.float32).tocsr()
    turned = weighted.T.tocsr()
    rng = np.random.default_rng(seed)
    basis = rng.standard_normal((texts.shape[1], dimensions + SPARE_DIMENSIONS)).astype(np.float32)
    for _ in range(ROUNDS):
        basis, _ = np.linalg.qr(turned @ (weighted @ basis))
    reduced = weighted @ basis
    strengths, vectors = np.linalg.eigh((reduced.T @ reduced).astype(np.float64))
    best = np.argsort(-strengths)[:dimensions]
    found = (basis @ vectors[:, best]) * np.sqrt(np.sqrt(np.maximum(strengths[best], 1e-9)))
    found /= np.linalg.norm(found, axis=1, keepdims=True) + 1e-6
    return found.astype(np.float32), np.log(rarity / rarity.mean() + 1e-3).astype(np.float32)
