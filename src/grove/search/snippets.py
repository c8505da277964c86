"""The best lines of a chunk in a ranked answer."""

from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Final

from grove.indexing import split_words
from grove.search.answer import Line
from grove.search.excerpts import line_of
from grove.search.wording import Wording

_DEFINITION_WEIGHT: Final = 3.0


def best_lines(
    lines: Sequence[bytes], *, wording: Wording, defining: Collection[int], first_line: int, lines_max: int
) -> range:
    """The numbers of the at most `lines_max` lines that hold most of the question's words and definitions.

    `lines` begin on `first_line` of their file; `defining` are those on which something is defined that is asked for.
    """
    weights = [_weight(line, wording) for line in lines]
    for number in defining:
        weights[number - first_line] += _DEFINITION_WEIGHT
    begin = first_line + _best_run(weights, lines_max)
    return range(begin, min(begin + lines_max, first_line + len(lines)))


def highlighted(raw: bytes, number: int, wording: Wording, *, characters_max: int) -> Line:
    """A line, with the question's words in it highlighted."""
    folded = raw.lower()
    ranges: list[tuple[int, int]] = []
    for word in wording.keywords:
        sought = word.encode()
        at = folded.find(sought)
        while at >= 0:
            ranges.append((at, at + len(sought)))
            at = folded.find(sought, at + len(sought))
    return line_of(raw, number, ranges, characters_max=characters_max)


def _weight(line: bytes, wording: Wording) -> float:
    return sum(wording.words.get(word, 0.0) for word in set(split_words(line.decode("utf-8", "replace"))))


def _best_run(weights: list[float], length: int) -> int:
    """Where the heaviest run begins; the earliest of equals."""
    sums = [0.0, *accumulate(weights)]
    begins = range(max(len(weights) - length, 0) + 1)
    return max(begins, key=lambda at: (sums[min(at + length, len(weights))] - sums[at], -at))
