"""BM25F: how well chunks match weighted words.

A word's count is summed over the fields, each weighted and discounted by its length relative to the mean, then
saturated once: tf / (k1 + tf). Rarity is ln(1 + (N - n + 0.5) / (n + 0.5)). N, n and the mean lengths are those of the
scope: the same question over the same chunks has the same scores whatever else the store holds.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing.model import Ordinals, Scores
from grove.indexing.postings import Postings
from grove.indexing.scope import Scope, ScopePart
from grove.indexing.terms import BODY_MAX, BODY_OF, COMMENT_OF, DEFINITION_OF, FieldWeights, rarity


def score(scope: Scope, words: Mapping[str, float], weights: FieldWeights) -> tuple[Ordinals, Scores]:
    """The chunks of a scope that hold any of the words, ascending, and their scores."""
    found = [[(word, postings_within(part, word)) for word in words] for part in scope.parts]
    frequencies = dict.fromkeys(words, 0)
    for part_found in found:
        for word, postings in part_found:
            frequencies[word] += postings.numbers.size
    factors = {
        word: weight * (weights.k1 + 1.0) * rarity(len(scope), frequencies[word]) for word, weight in words.items()
    }
    norms = _Norms(scope, weights)
    ordinals: list[Ordinals] = []
    scores: list[Scores] = []
    for part, part_found in zip(scope.parts, found, strict=True):
        totals = np.zeros(len(part.segment), dtype=np.float32)
        discounts = norms.discounts(part)
        for word, (numbers, payload) in part_found:
            if not numbers.size:
                continue
            counts = norms.weighted(discounts, numbers, payload)
            counts /= counts + np.float32(weights.k1)
            counts *= np.float32(factors[word])
            totals[numbers] += counts
        matching = np.flatnonzero(totals)
        ordinals.append(part.ordinals(matching))
        scores.append(totals[matching])
    return _ascending(ordinals, scores)


def holding(scope: Scope, words: Sequence[str]) -> Ordinals:
    """The chunks of a scope that hold any of the words, ascending."""
    found = [np.empty(0, dtype=np.uint32)]
    for part in scope.parts:
        held = np.zeros(len(part.segment), dtype=np.bool_)
        for word in words:
            held[postings_within(part, word).numbers] = True
        found.append(part.ordinals(np.flatnonzero(held)))
    return np.sort(np.concatenate(found))


def postings_within(part: ScopePart, word: str) -> Postings:
    """A word's postings in a segment, without those out of scope."""
    postings = part.segment.terms.postings(word)
    if part.whole:
        return postings
    inside = part.mask[postings.numbers]
    return Postings(postings.numbers[inside], postings.payload[inside])


class _Discounts(NamedTuple):
    """Per chunk of a segment, what a count in its fields is multiplied by."""

    body: NDArray[np.float32]
    comment: NDArray[np.float32]


class _Norms:
    """How far the lengths of a chunk's fields discount the counts in them."""

    def __init__(self, scope: Scope, weights: FieldWeights) -> None:
        self._weights = weights
        terms = [(part, part.segment.terms) for part in scope.parts]
        self._body = _mean([index.body_lengths[part.numbers] for part, index in terms])
        self._comment = _mean([index.comment_lengths[part.numbers] for part, index in terms])

    def discounts(self, part: ScopePart) -> _Discounts:
        """The discounts of a segment's chunks."""
        weights, terms = self._weights, part.segment.terms
        return _Discounts(
            _discount(terms.body_lengths, self._body, weights.body_length),
            _discount(terms.comment_lengths, self._comment, weights.comment_length),
        )

    def weighted(
        self, discounts: _Discounts, numbers: NDArray[np.uint32], payload: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """The counts of one word in chunks, summed over the fields."""
        counts: NDArray[np.float32] = (BODY_OF * np.float32(self._weights.body))[payload]
        counts *= discounts.body[numbers]
        beyond_body = np.flatnonzero(payload > BODY_MAX)
        if beyond_body.size:
            numbers, payload = numbers[beyond_body], payload[beyond_body]
            added = (COMMENT_OF * np.float32(self._weights.comment))[payload] * discounts.comment[numbers]
            counts[beyond_body] += added + (DEFINITION_OF * np.float32(self._weights.definition))[payload]
        return counts


def _discount(lengths: NDArray[np.uint16], mean: float, share: float) -> NDArray[np.float32]:
    relative = lengths * np.float32(share / max(mean, 1.0))
    discounts: NDArray[np.float32] = np.reciprocal(relative + np.float32(1.0 - share))
    return discounts


def _mean(lengths: list[NDArray[np.uint16]]) -> float:
    count = sum(array.size for array in lengths)
    return sum(int(array.sum(dtype=np.int64)) for array in lengths) / count if count else 0.0


def _ascending(ordinals: list[Ordinals], scores: list[Scores]) -> tuple[Ordinals, Scores]:
    if not ordinals:
        return np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.float32)
    joined, values = np.concatenate(ordinals), np.concatenate(scores)
    if (joined[1:] > joined[:-1]).all():
        return joined, values
    order = np.argsort(joined, kind="stable")
    return joined[order], values[order]
