"""Vectors without a model server: a table of words that ships with Grove (how it is made: `training/`).

A text is the weighted sum of its words' rows, brought to unit length. A word has two weights, one where it stands in
code and one where it stands in a question. A word that the table lacks is the mean of rows for its runs of letters,
so every text with a word has a vector. The table is bytes with a scale per row; the arithmetic is numpy's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from grove.indexing.ports import WordCounts
from grove.indexing.words import split_words

Floats = NDArray[np.float32]

RUN_LETTERS: Final = (3, 4, 5)
RUNS_PER_WORD_MAX: Final = 48
_BLOCK_COUNTS: Final = 16_384
_TINY: Final = np.float32(1e-9)


def runs_of(word: str, buckets: int) -> list[int]:
    """The rows that stand for a word's runs of letters, its beginning and its end marked."""
    marked = f"<{word[:RUNS_PER_WORD_MAX]}>".encode()
    runs = (marked[at : at + size] for size in RUN_LETTERS for at in range(max(1, len(marked) - size + 1)))
    return [crc32(run) % buckets for run, _ in zip(runs, range(RUNS_PER_WORD_MAX), strict=False)]


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
        for place in np.flatnonzero(~known).tolist():
            vectors[place] = self._unknown(words[place])
        return vectors

    def _unknown(self, word: str) -> Floats:
        at = np.array(runs_of(word, self.buckets)) + len(self.words)
        mean: Floats = (self.codes[at] * self.scales[at][:, None]).mean(axis=0) * np.float32(self.unknown_weight)
        return mean


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
        sums = np.zeros((len(counts.indptr) - 1, self.dimensions), dtype=np.float32)
        starts = counts.indptr[:-1]
        filled = np.flatnonzero(np.diff(counts.indptr))
        for rows in _blocks(filled, counts.indptr):
            first, last = int(starts[rows[0]]), int(counts.indptr[rows[-1] + 1])
            parts = vectors[counts.indices[first:last]]
            parts *= factors[first:last, None]
            sums[rows] = np.add.reduceat(parts, starts[rows] - first, axis=0)
        return _unit(sums)

    def embed_query(self, text: str) -> Floats:
        """The vector of a question; zeros if it has no word."""
        words = split_words(text)
        if not words:
            return np.zeros(self.dimensions, dtype=np.float32)
        distinct = list(dict.fromkeys(words))
        factors = np.array([1 + np.log(words.count(word)) for word in distinct], dtype=np.float32)
        vector: Floats = _unit(factors[None, :] @ self._table.rows(distinct, self._table.question_weights))[0]
        return vector


def _blocks(rows: NDArray[np.int64], indptr: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The rows in runs of about as many counts as a processor's cache likes."""
    if not rows.size:
        return []
    block = indptr[rows] // _BLOCK_COUNTS
    return np.split(rows, np.flatnonzero(np.diff(block)) + 1)


def _unit(sums: Floats) -> Floats:
    unit: Floats = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), _TINY)
    return unit
