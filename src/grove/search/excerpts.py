"""The lines of a file that an answer shows, with what matched in them."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from grove.search.answer import Excerpt, Highlight, Line, Symbol


class FileLines:
    """A file's text, by lines."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._begins = [0]
        at = text.find(b"\n") + 1
        while at and at < len(text):
            self._begins.append(at)
            at = text.find(b"\n", at) + 1

    @property
    def count(self) -> int:
        """How many lines the file has."""
        return len(self._begins)

    def line_at(self, offset: int) -> int:
        """The 1-based number of the line that holds a byte."""
        return bisect_right(self._begins, offset)

    def begin_of(self, number: int) -> int:
        """The byte with which a line begins."""
        return self._begins[number - 1]

    def bytes_of(self, number: int) -> bytes:
        """A line without its line end."""
        end = self._begins[number] if number < len(self._begins) else len(self._text)
        return self._text[self._begins[number - 1] : end].rstrip(b"\r\n")


def ranges_by_line(lines: FileLines, spans: Iterable[tuple[int, int]]) -> dict[int, list[tuple[int, int]]]:
    """The matched bytes within each line, from matched bytes of the whole file."""
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for begin, end in spans:
        first = lines.line_at(begin)
        last = lines.line_at(max(end - 1, begin))
        for number in range(first, last + 1):
            start, length = lines.begin_of(number), len(lines.bytes_of(number))
            found[number].append((min(max(begin - start, 0), length), min(end - start, length)))
    return dict(found)


def excerpts_of(
    lines: FileLines, matched: Mapping[int, list[tuple[int, int]]], *, context: int, characters_max: int
) -> tuple[Excerpt, ...]:
    """The matched lines and those around them; lines that touch stand in one excerpt."""
    excerpts: list[Excerpt] = []
    for numbers in _runs(sorted(matched), context=context, last=lines.count):
        shown = tuple(
            line_of(lines, number, matched.get(number, ()), characters_max=characters_max) for number in numbers
        )
        inside = [number for number in numbers if number in matched]
        excerpts.append(Excerpt(first_line=inside[0], last_line=inside[-1], lines=shown))
    return tuple(excerpts)


def line_of(lines: FileLines, number: int, ranges: Iterable[tuple[int, int]], *, characters_max: int) -> Line:
    """A line as it is shown, with its matched bytes highlighted."""
    raw = lines.bytes_of(number)
    text = raw.decode("utf-8", "replace")
    return Line(
        number=number,
        text=text[:characters_max],
        highlights=highlights_of(raw, ranges, characters_max=characters_max),
        is_cut=len(text) > characters_max,
    )


def highlights_of(raw: bytes, ranges: Iterable[tuple[int, int]], *, characters_max: int) -> tuple[Highlight, ...]:
    """The highlights of matched bytes of a line or path: joined where they overlap, cut where the text is."""
    found: list[Highlight] = []
    for begin, end in _joined(sorted(ranges)):
        first = len(raw[:begin].decode("utf-8", "replace"))
        last = first + len(raw[begin:end].decode("utf-8", "replace"))
        if first < characters_max:
            highlight = Highlight(first_byte=begin, end_byte=end, first_character=first, end_character=last)
            found.append(highlight)
    return tuple(found)


def symbol_excerpt(lines: FileLines, symbol: Symbol, *, context: int, characters_max: int) -> Excerpt:
    """The line of a definition, its name highlighted, and the lines around it."""
    raw, name = lines.bytes_of(symbol.line), symbol.name.encode("utf-8", "replace")
    at = raw.find(name)
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
    shown = sorted(
        {near for number in numbers for near in range(number - context, number + context + 1) if 1 <= near <= last}
    )
    if not shown:
        return []
    cuts = [0, *(at for at, (one, other) in enumerate(pairwise(shown), 1) if other != one + 1), len(shown)]
    return [shown[begin:end] for begin, end in pairwise(cuts)]
