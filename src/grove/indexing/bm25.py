"""BM25F: how well chunks match weighted words.

A word's count is summed over the fields, each weighted and discounted by its length relative to the mean, then
saturated once: tf / (k1 + tf). Rarity is ln(1 + (N - n + 0.5) / (n + 0.5)). N, n and the mean lengths are those of the
scope: the same question over the same chunks has the same scores whatever else the store holds.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from grove.indexing.arrays import distinct
from grove.indexing.model import Ordinals, Scores
from grove.indexing.postings import Postings
from grove.indexing.scope import Scope, ScopePart
from grove.indexing.terms import BODY_MAX, BODY_OF, COMMENT_OF, DEFINITION_OF, FieldWeights, rarity


class WordHits:
    """Where some words stand in a scope: looked up once, then asked for scores and for chunks as often as is wanted."""

    def __init__(self, scope: Scope, words: Iterable[str]) -> None:
        self._scope = scope
        self._found: list[dict[str, Postings]] = []
        for part in scope.parts:
            looked_up = ((word, postings_within(part, word)) for word in words)
            self._found.append({word: postings for word, postings in looked_up if postings.numbers.size})

    def scores(
        self, words: Mapping[str, float], weights: FieldWeights, *, among: Ordinals | None = None
    ) -> tuple[Ordinals, Scores]:
        """The chunks that hold any of the words, ascending, and their scores; each word has a weight.

        With `among`, which ascends, only those chunks; what is scored is the same.
        """
        frequencies = dict.fromkeys(words, 0)
        for found in self._found:
            for word, postings in found.items():
                if word in frequencies:
                    frequencies[word] += postings.numbers.size
        factors = {
            word: np.float32(weight * (weights.k1 + 1.0) * rarity(len(self._scope), frequencies[word]))
            for word, weight in words.items()
        }
        norms = _Norms(self._scope, weights)
        ordinals: list[Ordinals] = []
        scores: list[Scores] = []
        for part, found in zip(self._scope.parts, self._found, strict=True):
            totals = np.zeros(len(part.segment), dtype=np.float32)
            wanted = None if among is None else _mask(part, among)
            for word, postings in found.items():
                if word not in factors:
                    continue
                numbers, payload = postings if wanted is None else _within(postings, wanted)
                counts = norms.weighted(part, numbers, payload)
                counts /= counts + np.float32(weights.k1)
                counts *= factors[word]
                totals[numbers] += counts
            matching = np.flatnonzero(totals)
            ordinals.append(part.ordinals(matching))
            scores.append(totals[matching])
        return _ascending(ordinals, scores)

    def holding(self, words: Iterable[str]) -> Ordinals:
        """The chunks that hold any of the words, ascending."""
        wanted = tuple(words)
        ordinals = [np.empty(0, dtype=np.uint32)]
        for part, found in zip(self._scope.parts, self._found, strict=True):
            numbers = [found[word].numbers for word in wanted if word in found]
            if numbers:
                ordinals.append(part.ordinals(distinct(np.concatenate(numbers)).astype(np.intp)))
        return np.sort(np.concatenate(ordinals))


def postings_within(part: ScopePart, word: str) -> Postings:
    """A word's postings in a segment, without those out of scope."""
    postings = part.segment.terms.postings(word)
    if part.whole:
        return postings
    return _within(postings, part.mask)


class _Norms:
    """How far the lengths of a chunk's fields discount the counts in them."""

    def __init__(self, scope: Scope, weights: FieldWeights) -> None:
        self._weights = weights
        self._means = scope.mean_lengths

    def weighted(self, part: ScopePart, numbers: NDArray[np.uint32], payload: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The counts of one word in chunks of a segment, summed over the fields."""
        weights, means, terms = self._weights, self._means, part.segment.terms
        counts: NDArray[np.float32] = (BODY_OF * np.float32(weights.body))[payload]
        counts *= _discount(terms.body_lengths[numbers], means.body, weights.body_length)
        beyond_body = np.flatnonzero(payload > BODY_MAX)
        if beyond_body.size:
            numbers, payload = numbers[beyond_body], payload[beyond_body]
            added = (COMMENT_OF * np.float32(weights.comment))[payload]
            added *= _discount(terms.comment_lengths[numbers], means.comment, weights.comment_length)
            counts[beyond_body] += added + (DEFINITION_OF * np.float32(weights.definition))[payload]
        return counts


def _mask(part: ScopePart, ordinals: Ordinals) -> NDArray[np.bool_]:
    mask = np.zeros(len(part.segment), dtype=np.bool_)
    mask[part.segment.numbers_of(ordinals)] = True
    return mask


def _within(postings: Postings, mask: NDArray[np.bool_]) -> Postings:
    inside = mask[postings.numbers]
    return Postings(postings.numbers[inside], postings.payload[inside])


def _discount(lengths: NDArray[np.uint16], mean: float, share: float) -> NDArray[np.float32]:
    relative = lengths * np.float32(share / max(mean, 1.0))
    discounts: NDArray[np.float32] = np.reciprocal(relative + np.float32(1.0 - share))
    return discounts


def _ascending(ordinals: list[Ordinals], scores: list[Scores]) -> tuple[Ordinals, Scores]:
    if not ordinals:
        return np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.float32)
    joined, values = np.concatenate(ordinals), np.concatenate(scores)
    if (joined[1:] > joined[:-1]).all():
        return joined, values
    order = np.argsort(joined, kind="stable")
    return joined[order], values[order]
