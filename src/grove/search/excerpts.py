"""The lines of a file that an answer shows, with what matched in them."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from grove.search.answer import Excerpt, Highlight, Line, Symbol

Ranges = Mapping[int, Sequence[tuple[int, int]]]
"""The matched bytes within each line, by the line's number."""


class FileLines:
    """A file's lines, read chunk by chunk as they are asked for.

    `firsts` are the numbers of the chunks' first lines, `read` gives a chunk's text by its place in the file.
    """

    def __init__(self, firsts: Sequence[int], read: Callable[[int], bytes]) -> None:
        self._firsts = firsts
        self._read = read
        self._lines: dict[int, list[bytes]] = {}

    @property
    def count(self) -> int:
        """How many lines the file has."""
        return self._firsts[-1] + len(self._lines_of(len(self._firsts) - 1)) - 1 if self._firsts else 0

    def bytes_of(self, number: int) -> bytes:
        """A line without its line end."""
        chunk = bisect_right(self._firsts, number) - 1
        return self._lines_of(chunk)[number - self._firsts[chunk]]

    def _lines_of(self, chunk: int) -> list[bytes]:
        if chunk not in self._lines:
            lines = self._read(chunk).removesuffix(b"\n").split(b"\n")
            self._lines[chunk] = [line.removesuffix(b"\r") for line in lines]
        return self._lines[chunk]


def add_ranges(
    found: dict[int, list[tuple[int, int]]],
    text: bytes,
    spans: Iterable[tuple[int, int]],
    *,
    first: int,
    lines_max: int,
) -> None:
    """Add the matched bytes of a text, by line, until `lines_max` lines have some; the text begins on line `first`."""
    at, number = 0, first
    for begin, end in spans:
        number += text.count(b"\n", at, begin)
        at = begin
        start = text.rfind(b"\n", 0, begin) + 1
        line = number
        while True:
            if line not in found and len(found) >= lines_max:
                return
            stop = text.find(b"\n", start)
            stop = len(text) if stop < 0 else stop
            found.setdefault(line, []).append((max(begin, start) - start, min(end, stop) - start))
            if end <= stop + 1:
                break
            start, line = stop + 1, line + 1


def excerpts_of(lines: FileLines, matched: Ranges, *, context: int, characters_max: int) -> tuple[Excerpt, ...]:
    """The matched lines and those around them; lines that touch stand in one excerpt."""
    excerpts: list[Excerpt] = []
    for numbers in _runs(sorted(matched), context=context, last=lines.count if context else max(matched, default=0)):
        shown = tuple(
            line_of(lines.bytes_of(number), number, matched.get(number, ()), characters_max=characters_max)
            for number in numbers
        )
        inside = [number for number in numbers if number in matched]
        excerpts.append(Excerpt(first_line=inside[0], last_line=inside[-1], lines=shown))
    return tuple(excerpts)


def line_of(raw: bytes, number: int, ranges: Iterable[tuple[int, int]], *, characters_max: int) -> Line:
    """A line as it is shown, with its matched bytes highlighted."""
    text = raw.decode("utf-8", "replace")
    return Line(
        number=number,
        text=text[:characters_max],
        highlights=highlights_of(raw, ranges, characters_max=characters_max),
        is_cut=len(text) > characters_max,
    )


def highlights_of(raw: bytes, ranges: Iterable[tuple[int, int]], *, characters_max: int) -> tuple[Highlight, ...]:
    """The highlights of matched bytes of a line or path: joined where they overlap, none beyond where it is cut."""
    found: list[Highlight] = []
    is_ascii = raw.isascii()
    for begin, end in _joined(sorted((min(begin, len(raw)), min(end, len(raw))) for begin, end in ranges)):
        first = begin if is_ascii else len(raw[:begin].decode("utf-8", "replace"))
        last = end if is_ascii else first + len(raw[begin:end].decode("utf-8", "replace"))
        if first < characters_max:
            found.append(Highlight(first_byte=begin, end_byte=end, first_character=first, end_character=last))
    return tuple(found)


def symbol_excerpt(lines: FileLines, symbol: Symbol, *, context: int, characters_max: int) -> Excerpt:
    """The line of a definition, its name highlighted, and the lines around it."""
    name = symbol.name.encode("utf-8", "replace")
    at = lines.bytes_of(symbol.line).find(name)
    matched = {symbol.line: [(at, at + len(name))] if at >= 0 else []}
    (found,) = excerpts_of(lines, matched, context=context, characters_max=characters_max)
    return Excerpt(first_line=found.first_line, last_line=found.last_line, lines=found.lines, symbol=symbol)


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begin, end in ranges:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def _runs(numbers: Sequence[int], *, context: int, last: int) -> list[list[int]]:
    near = {each for number in numbers for each in range(number - context, number + context + 1)}
    shown = sorted(number for number in near if 1 <= number <= last)
    if not shown:
        return []
    cuts = [0, *(at for at, (one, other) in enumerate(pairwise(shown), 1) if other != one + 1), len(shown)]
    return [shown[begin:end] for begin, end in pairwise(cuts)]
