"""How alike two pieces of code are: by the runs of tokens that they share."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

RUN: Final = 4
"""How many tokens a run has: enough to tell code apart, few enough to outlive an edit nearby."""
_TOKEN: Final = re.compile(rb"\w+|[^\w\s]")
_NUMBER: Final = re.compile(rb"\d")
_WINDOW: Final = 1.5
"""How many times as many lines as the question has are compared at most: code grows when it is edited."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of tokens of a text, and the line (from 0) on which each begins."""

    runs: tuple[int, ...]
    lines: tuple[int, ...]
    line_count: int


@dataclass(frozen=True, slots=True)
class Alike:
    """The lines of a text (from 0, both inclusive) that are most like the question, and how much: 1 is the same."""

    first: int
    last: int
    similarity: float


def runs_of(lines: Sequence[bytes]) -> Runs:
    """The runs of tokens of some lines; white space does not count."""
    tokens: list[bytes] = []
    places: list[int] = []
    for number, line in enumerate(lines):
        found = _TOKEN.findall(line)
        tokens += found
        places += [number] * len(found)
    length = min(RUN, len(tokens))
    runs = tuple(hash(tuple(tokens[at : at + length])) for at in range(len(tokens) - length + 1)) if tokens else ()
    return Runs(runs, tuple(places[: len(runs)]), len(lines))


def most_alike(question: Runs, text: Runs) -> Alike | None:
    """Where in a text it is most like the question, if they share anything.

    Similarity is the share of runs that both have among those that either has, within the best range of lines.
    """
    wanted = Counter(question.runs)
    hits = [at for at, run in enumerate(text.runs) if run in wanted]
    reach = max(int(question.line_count * _WINDOW), question.line_count + 2)
    window = _Window(wanted, len(question.runs))
    best: Alike | None = None
    begin = 0
    for hit in hits:
        window.enter(text.runs[hit])
        while text.lines[hit] - text.lines[hits[begin]] >= reach:
            window.leave(text.runs[hits[begin]])
            begin += 1
        similarity = window.similarity(hit - hits[begin] + 1)
        if best is None or similarity > best.similarity:
            best = Alike(text.lines[hits[begin]], text.lines[hit], similarity)
    return best


class _Window:
    """What a range of a text shares with the question; a run counts as often as both have it."""

    def __init__(self, wanted: Counter[int], count: int) -> None:
        self._wanted = wanted
        self._count = count
        self._held: Counter[int] = Counter()
        self._shared = 0

    def enter(self, run: int) -> None:
        self._held[run] += 1
        self._shared += self._held[run] <= self._wanted[run]

    def leave(self, run: int) -> None:
        self._shared -= self._held[run] <= self._wanted[run]
        self._held[run] -= 1

    def similarity(self, run_count: int) -> float:
        return self._shared / (self._count + run_count - self._shared)
