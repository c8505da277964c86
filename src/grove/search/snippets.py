"""The best lines of a chunk in a ranked answer."""

from collections.abc import Collection
from itertools import accumulate
from typing import Final

from grove.indexing import split_words
from grove.search.answer import Line
from grove.search.excerpts import FileLines, line_of
from grove.search.wording import Wording

_DEFINITION_WEIGHT: Final = 3.0


def best_lines(
    lines: FileLines, *, wording: Wording, defining: Collection[int], lines_max: int, characters_max: int
) -> tuple[Line, ...]:
    """The run of at most `lines_max` lines that holds most of the question's words and definitions.

    Lines are numbered from 1 within the chunk; `defining` are those on which something is defined that the question
    may mean.
    """
    weights = [_weight(lines.bytes_of(number), wording) for number in range(1, lines.count + 1)]
    for number in defining:
        weights[number - 1] += _DEFINITION_WEIGHT
    first = _best_run(weights, lines_max)
    numbers = range(first, min(first + lines_max, lines.count + 1))
    return tuple(
        line_of(lines, number, _ranges(lines.bytes_of(number), wording), characters_max=characters_max)
        for number in numbers
    )


def _weight(line: bytes, wording: Wording) -> float:
    return sum(wording.words.get(word, 0.0) for word in set(split_words(line.decode("utf-8", "replace"))))


def _best_run(weights: list[float], length: int) -> int:
    """The 1-based first line of the heaviest run; the earliest of equals."""
    sums = [0.0, *accumulate(weights)]
    lasts = range(max(len(weights) - length, 0) + 1)
    return max(lasts, key=lambda at: (sums[min(at + length, len(weights))] - sums[at], -at)) + 1


def _ranges(line: bytes, wording: Wording) -> list[tuple[int, int]]:
    folded = line.lower()
    ranges: list[tuple[int, int]] = []
    for word in wording.keywords:
        sought = word.encode()
        at = folded.find(sought)
        while at >= 0:
            ranges.append((at, at + len(sought)))
            at = folded.find(sought, at + len(sought))
    return ranges
