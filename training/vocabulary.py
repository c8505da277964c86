"""Chooses the words that get a row of their own, and counts them in every text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from training.corpus import Numbering, Repository, Row

WORD_CHARACTERS_MAX = 32
REPOSITORIES_MIN = 3
PROSE_MIN = 8
PAIRS_MIN = 50
"""A repository with fewer pairs of prose and code teaches nothing."""
Counts = sparse.csr_matrix


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What one repository teaches: each row of `prose` belongs to the same row of `code`; equal `digests` to both."""

    prose: Counts
    code: Counts
    chunks: Counts
    digests: NDArray[np.int64]


def choose_words(numbering: Numbering, repositories: Sequence[Repository], *, count: int) -> list[str]:
    """The words that stand in the most repositories, comments and chunks."""
    words = list(numbering.numbers)
    in_repositories, in_prose, in_chunks = (np.zeros(len(words)) for _ in range(3))
    for repository in repositories:
        in_repositories[np.unique(np.concatenate(repository.chunks))] += 1
        for rows, counted in ((repository.prose, in_prose), (repository.chunks, in_chunks)):
            for row in rows:
                counted[np.unique(row)] += 1
    known = (in_repositories >= REPOSITORIES_MIN) | (in_prose >= PROSE_MIN)
    fits = np.array([_is_word(word) for word in words], dtype=np.bool_)
    score = 2 * np.log1p(in_repositories) + np.log1p(in_prose) + np.log1p(in_chunks) / 2
    order = np.argsort(-np.where(known & fits, score, -1), kind="stable")[:count]
    return [words[number] for number in order.tolist()]


def lessons_of(numbering: Numbering, repositories: Sequence[Repository], words: Sequence[str]) -> list[Lesson]:
    """Every repository's texts as counts of the chosen words, 1 + the logarithm of how often each stands there."""
    column = np.full(len(numbering.numbers), -1, dtype=np.int32)
    column[[numbering.numbers[word] for word in words]] = np.arange(len(words))
    return [
        Lesson(
            prose=_counts(repository.prose, column, len(words)),
            code=_counts(repository.code, column, len(words)),
            chunks=_counts(repository.chunks, column, len(words)),
            digests=np.array([hash(row.tobytes()) for row in repository.prose], dtype=np.int64),
        )
        for repository in repositories
        if len(repository.prose) >= PAIRS_MIN
    ]


def _is_word(word: str) -> bool:
    return word.isascii() and len(word) <= WORD_CHARACTERS_MAX and any(letter.isalpha() for letter in word)


def _counts(rows: Sequence[Row], column: NDArray[np.int32], width: int) -> Counts:
    ends, columns, values = [0], [], []
    for row in rows:
        known = column[row]
        found, times = np.unique(known[known >= 0], return_counts=True)
        columns.append(found)
        values.append(1 + np.log(times))
        ends.append(ends[-1] + len(found))
    return sparse.csr_matrix(
        (np.concatenate(values).astype(np.float32), np.concatenate(columns), np.array(ends)), shape=(len(rows), width)
    )
