"""The best lines of a chunk in a ranked answer."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Final

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
    if len(lines) <= lines_max:
        return range(first_line, first_line + len(lines))
    weights = _weights(lines, wording)
    for number in defining:
        weights[number - first_line] += _DEFINITION_WEIGHT
    begin = first_line + _best_run(weights, lines_max)
    return range(begin, begin + lines_max)


def highlighted(raw: bytes, number: int, wording: Wording, *, characters_max: int) -> Line:
    """A line, with the question's words in it highlighted."""
    ranges = [match.span() for match in wording.shown.finditer(raw.lower())] if wording.shown else []
    return line_of(raw, number, ranges, characters_max=characters_max)


def _weights(lines: Sequence[bytes], wording: Wording) -> list[float]:
    """How many different words of the question each line holds; all lines are read at once, as most hold none."""
    found: list[set[bytes]] = [set() for _ in lines]
    if wording.shown:
        begins = [0, *accumulate(len(line) + 1 for line in lines)]
        for match in wording.shown.finditer(b"\n".join(lines).lower()):
            found[bisect_right(begins, match.start()) - 1].add(match.group())
    return [float(len(words)) for words in found]


def _best_run(weights: list[float], length: int) -> int:
    """Where the heaviest run begins; the earliest of equals."""
    sums = [0.0, *accumulate(weights)]
    return max(range(len(weights) - length + 1), key=lambda at: (sums[at + length] - sums[at], -at))
