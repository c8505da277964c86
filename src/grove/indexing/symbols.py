"""Definitions by name and by chunk.

Names are sorted without regard to the case of ASCII letters, then exactly, so that one order serves every match.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing.errors import IndexCorrupt
from grove.indexing.model import SymbolMatch
from grove.indexing.parts import ZSTD, PartsReader, PartsWriter

NAME_BYTES_MAX: Final = 256
_HIGHEST: Final = b"\xff"


class Symbol(NamedTuple):
    """A definition in a chunk: `line` is 0-based within it."""

    chunk: int
    line: int
    name: str
    kind: str
    container: str


def write_symbols(writer: PartsWriter, symbols: Sequence[Symbol]) -> None:
    """Write all parts that a `SymbolIndex` reads."""
    rows = sorted(symbols, key=lambda symbol: (symbol.chunk, symbol.line))
    names = sorted({symbol.name.encode() for symbol in rows}, key=lambda name: (name.lower(), name))
    kinds = sorted({symbol.kind for symbol in rows})
    containers = sorted({symbol.container.encode() for symbol in rows})
    name_numbers = {name.decode(): number for number, name in enumerate(names)}
    kind_numbers = {kind: number for number, kind in enumerate(kinds)}
    container_numbers = {name.decode(): number for number, name in enumerate(containers)}
    of_rows = np.array([name_numbers[symbol.name] for symbol in rows], dtype=np.uint32)
    order = np.argsort(of_rows, kind="stable")
    writer.add("symbol_chunks", np.array([symbol.chunk for symbol in rows], dtype=np.uint32))
    writer.add("symbol_lines", np.array([symbol.line for symbol in rows], dtype=np.uint8))
    writer.add("symbol_kinds", np.array([kind_numbers[symbol.kind] for symbol in rows], dtype=np.uint8))
    writer.add("symbol_names", of_rows)
    writer.add("symbol_containers", np.array([container_numbers[symbol.container] for symbol in rows], dtype=np.uint32))
    writer.add("symbol_by_name", order.astype(np.uint32))
    writer.add("symbol_name_ends", np.cumsum(np.bincount(of_rows, minlength=len(names))).astype(np.uint32))
    _write_strings(writer, "name_text", names)
    _write_strings(writer, "kind_text", [kind.encode() for kind in kinds])
    _write_strings(writer, "container_text", containers)


class SymbolIndex:
    """The definitions of a segment."""

    def __init__(self, reader: PartsReader, *, chunk_count: int) -> None:
        self._label = reader.label
        self._chunks = reader.array("symbol_chunks", np.uint32)
        self._lines = reader.array("symbol_lines", np.uint8)
        self._kinds = reader.array("symbol_kinds", np.uint8)
        self._names = reader.array("symbol_names", np.uint32)
        self._containers = reader.array("symbol_containers", np.uint32)
        self._by_name = reader.array("symbol_by_name", np.uint32)
        self._name_ends = reader.array("symbol_name_ends", np.uint32)
        self._text = _Strings(reader, "name_text")
        self._kind_text = _Strings(reader, "kind_text")
        self._container_text = _Strings(reader, "container_text")
        rows = self._chunks.size
        limits = (
            (self._chunks, chunk_count),
            (self._lines, 256),
            (self._kinds, len(self._kind_text)),
            (self._names, len(self._text)),
            (self._containers, len(self._container_text)),
            (self._by_name, rows),
        )
        fits = all(column.size == rows and (not rows or column.max() < limit) for column, limit in limits)
        if not fits or self._name_ends.size != len(self._text) or (rows and self._name_ends[-1] != rows):
            raise IndexCorrupt(name=reader.label, part="symbol_names")

    @property
    def count(self) -> int:
        """How many definitions there are."""
        return self._chunks.size

    def of_chunk(self, chunk: int, *, limit: int | None = None) -> list[Symbol]:
        """The definitions that begin in a chunk, by line; the first `limit` of them."""
        begin, end = np.searchsorted(self._chunks, np.array([chunk, chunk + 1], dtype=np.uint32)).tolist()
        return [self._row(row) for row in range(begin, end if limit is None else min(end, begin + limit))]

    def find(self, name: str, match: SymbolMatch, within: NDArray[np.bool_], limit: int) -> list[Symbol]:
        """At most `limit` definitions in chunks of `within`: exact spelling first, then shorter names first."""
        wanted = name.encode("utf-8", "replace")
        numbers = self._matching(wanted, match)
        texts = {number: self._text[number] for number in numbers}
        found: list[Symbol] = []
        for number in sorted(numbers, key=lambda number: (texts[number] != wanted, len(texts[number]), texts[number])):
            for row in self._rows_of(number):
                if within[self._chunks[row]]:
                    found.append(self._row(row))
                    if len(found) == limit:
                        return found
        return found

    def all(self) -> Iterator[Symbol]:
        """Every definition, by chunk and line."""
        return map(self._row, range(self.count))

    def _rows_of(self, number: int) -> list[int]:
        begin = int(self._name_ends[number - 1]) if number else 0
        rows: list[int] = self._by_name[begin : self._name_ends[number]].tolist()
        return rows

    def _matching(self, wanted: bytes, match: SymbolMatch) -> Sequence[int]:
        folded = wanted.lower()
        if match is SymbolMatch.SUBSTRING:
            return self._holding(folded)
        numbers = range(len(self._text))
        begin = bisect_left(numbers, folded, key=self._folded_name)
        if match is SymbolMatch.PREFIX:
            return numbers[begin : bisect_left(numbers, folded + _HIGHEST, key=self._folded_name)]
        same = numbers[begin : bisect_right(numbers, folded, key=self._folded_name)]
        if match is SymbolMatch.FOLDED:
            return same
        return [number for number in same if self._text[number] == wanted]

    def _holding(self, folded: bytes) -> Sequence[int]:
        if not folded:
            return range(len(self._text))
        found: list[int] = []
        at = self._folded.find(folded)
        while at >= 0:
            number = self._text.at(at)
            if at + len(folded) <= self._text.end(number):
                found.append(number)
                at = self._folded.find(folded, self._text.end(number))
            else:
                at = self._folded.find(folded, at + 1)
        return found

    @cached_property
    def _kind_names(self) -> list[str]:
        return [self._kind_text[number].decode("utf-8", "replace") for number in range(len(self._kind_text))]

    @cached_property
    def _folded(self) -> bytes:
        return self._text.joined().lower()

    def _folded_name(self, number: int) -> bytes:
        return self._text[number].lower()

    def _row(self, row: int) -> Symbol:
        return Symbol(
            int(self._chunks[row]),
            int(self._lines[row]),
            self._text[int(self._names[row])].decode("utf-8", "replace"),
            self._kind_names[self._kinds[row]],
            self._container_text[int(self._containers[row])].decode("utf-8", "replace"),
        )


class _Strings:
    """A table of byte strings."""

    def __init__(self, reader: PartsReader, name: str) -> None:
        self._text = reader.array(name, np.uint8)
        self._ends = reader.array(f"{name}_ends", np.uint32)
        ascending = (np.diff(self._ends.astype(np.int64), prepend=0) >= 0).all()
        if not ascending or (self._ends[-1] if self._ends.size else 0) != self._text.size:
            raise IndexCorrupt(name=reader.label, part=name)

    def __len__(self) -> int:
        return self._ends.size

    def __getitem__(self, number: int) -> bytes:
        begin = int(self._ends[number - 1]) if number else 0
        return self._text[begin : int(self._ends[number])].tobytes()

    def at(self, position: int) -> int:
        """The string that a byte of the joined text belongs to."""
        return int(np.searchsorted(self._ends, np.uint32(position), side="right"))

    def end(self, number: int) -> int:
        """Where a string ends in the joined text."""
        return int(self._ends[number])

    def joined(self) -> bytes:
        """All strings, one behind the other."""
        return self._text.tobytes()


def _write_strings(writer: PartsWriter, name: str, strings: Sequence[bytes]) -> None:
    writer.add(name, b"".join(strings), encoding=ZSTD)
    writer.add(f"{name}_ends", np.array(list(accumulate(map(len, strings))), dtype=np.uint32))
