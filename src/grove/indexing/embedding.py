"""Vectors without a model server: a table of words that ships with Grove (how it is made: `training/`).

A text is the weighted sum of its words' rows, brought to unit length. A word has two weights, one where it stands in
code and one where it stands in a question. A word that the table lacks is the mean of rows for its runs of letters,
so every text with a word has a vector. The table is bytes with a scale per row; the arithmetic is numpy's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing.letter_runs import runs_of
from grove.indexing.ports import WordCounts
from grove.indexing.words import split_words

Floats = NDArray[np.float32]

_TINY: Final = np.float32(1e-9)


@dataclass(frozen=True, kw_only=True)
class WordTable:
    """What was trained: a row of codes per word, then one per bucket of runs of letters."""

    name: str
    words: tuple[str, ...]
    codes: NDArray[np.int8]
    scales: Floats
    code_weights: Floats
    question_weights: Floats
    unknown_weight: float

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The row of every word."""
        return {word: number for number, word in enumerate(self.words)}

    @property
    def buckets(self) -> int:
        """How many rows stand for runs of letters."""
        return len(self.codes) - len(self.words)

    def rows(self, words: Sequence[str], weights: Floats) -> Floats:
        """The weighted vector of each word."""
        found = np.fromiter((self.numbers.get(word, -1) for word in words), dtype=np.int64, count=len(words))
        vectors = np.empty((len(words), self.codes.shape[1]), dtype=np.float32)
        known = found >= 0
        at = found[known]
        vectors[known] = self.codes[at] * (self.scales[at] * weights[at])[:, None]
        unknown = np.flatnonzero(~known)
        vectors[unknown] = self._means([words[place] for place in unknown.tolist()])
        return vectors

    def _means(self, words: Sequence[str]) -> Floats:
        """The vectors of words that the table lacks."""
        runs, ends = runs_of(words, self.buckets)
        counts = np.diff(ends)
        return _sums(self._run_rows, runs, np.repeat(np.float32(self.unknown_weight) / counts, counts), ends)

    @cached_property
    def _run_rows(self) -> Floats:
        first = len(self.words)
        rows: Floats = self.codes[first:] * self.scales[first:, None]
        return rows


class StaticEmbedder:
    """Embeds by the table of words: microseconds for a question, no network, always the same."""

    def __init__(self, table: WordTable) -> None:
        self._table = table

    @classmethod
    def load(cls) -> "StaticEmbedder":
        """The embedder of the table that ships with this version of Grove."""
        with files("grove.indexing").joinpath("weights", "words.npz").open("rb") as file, np.load(file) as stored:
            return cls(
                WordTable(
                    name=str(stored["name"]),
                    words=tuple(stored["words"].tobytes().decode().split("\n")),
                    codes=stored["codes"],
                    scales=stored["scales"].astype(np.float32),
                    code_weights=stored["code_weights"].astype(np.float32),
                    question_weights=stored["question_weights"].astype(np.float32),
                    unknown_weight=float(stored["unknown_weight"]),
                )
            )

    @property
    def name(self) -> str:
        """What tells this table's vectors from another's."""
        return self._table.name

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return int(self._table.codes.shape[1])

    def embed_counts(self, words: Sequence[str], counts: WordCounts) -> Floats:
        """One vector of unit length per row of `counts`; a row without words gives zeros."""
        vectors = self._table.rows(words, self._table.code_weights)
        factors = 1 + np.log(np.maximum(counts.values, 1), dtype=np.float32)
        return _unit(_sums(vectors, counts.indices, factors, counts.indptr))

    def embed_query(self, text: str) -> Floats:
        """The vector of a question; zeros if it has no word."""
        words = split_words(text)
        if not words:
            return np.zeros(self.dimensions, dtype=np.float32)
        distinct = list(dict.fromkeys(words))
        factors = np.array([1 + np.log(words.count(word)) for word in distinct], dtype=np.float32)
        vector: Floats = _unit(factors[None, :] @ self._table.rows(distinct, self._table.question_weights))[0]
        return vector


def _sums(rows: Floats, numbers: NDArray[Any], factors: Floats, ends: NDArray[np.int64]) -> Floats:
    """The weighted sums of the rows between each two of `ends`: `numbers` say which, `factors` their weights."""
    sums = np.zeros((ends.size - 1, rows.shape[1]), dtype=np.float32)
    taken = np.empty((int(np.diff(ends).max(initial=0)), rows.shape[1]), dtype=np.float32)
    numbers = numbers.astype(np.intp)
    factors = factors.astype(np.float32)
    # A few rows at a time stay in the processor's nearest cache: many times faster than all of them at once.
    for place, (begin, end) in enumerate(pairwise(ends.tolist())):
        rows.take(numbers[begin:end], axis=0, out=taken[: end - begin], mode="clip")
        np.dot(factors[begin:end], taken[: end - begin], out=sums[place])
    return sums


def _unit(sums: Floats) -> Floats:
    unit: Floats = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), _TINY)
    return unit
