"""What uploaded indexes say about a name: exactly which places mean the same symbol.

An index was made of one commit. What it says of a file holds at every commit at which the file has the same bytes, and
of no other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grove.indexing import IndexMissing
from grove.languages import Role
from grove.navigation.ground import File, Ground
from grove.scip import DEFINITION, IMPORT, Occurrence, ScipDesk, ScipIndex, ScipTable, holder_of, identity_of

_UTF8 = 1
_UTF32 = 3
_UTF16_WIDE = 0xFFFF


@dataclass(frozen=True, slots=True)
class Stated:
    """A place that means one of the symbols: line from 1, columns in characters."""

    line: int
    first: int
    end: int
    role: Role
    symbol: str


class Precise:
    """The symbols of a name, and where they stand in the files that the indexes know as they are."""

    def __init__(self, ground: Ground, *, parts: Sequence[str], near: Sequence[File]) -> None:
        self._ground = ground
        self._tables: Mapping[str, Sequence[ScipTable]] = ground.tables
        identities = self._identities(parts, near)
        self._places: dict[int, dict[int, list[Occurrence]]] = {}
        for table in self._all():
            found: dict[int, list[Occurrence]] = {}
            for document, occurrence in table.occurrences(table.identified(identities)):
                found.setdefault(document, []).append(occurrence)
            self._places[id(table)] = found
        self.symbols = sorted(identities)
        """The symbols that are meant, without the versions of their packages."""

    def knows(self, file: File) -> bool:
        """Whether an index knows the file as it is, and any symbol of the name."""
        return bool(self.symbols) and self._document(file) is not None

    def files(self) -> list[File]:
        """Every file that an index knows as it is and in which one of the symbols stands."""
        found = []
        for selected in self._ground.field.selected:
            for table in self._tables.get(selected.target.repository_id, ()):
                for document in self._places[id(table)]:
                    number = selected.snapshot.path_number(table.documents[document].path)
                    if number is not None and selected.admitted[number]:
                        found.append(File(selected, number))
        return [file for file in dict.fromkeys(found) if self.knows(file)]

    def places(self, file: File, lines: Sequence[bytes]) -> list[Stated]:
        """Where the symbols stand in a file, in order."""
        known = self._document(file)
        if known is None:
            return []
        table, document = known
        encoding = table.documents[document].encoding
        stated = [
            _stated(occurrence, table, lines, encoding=encoding)
            for occurrence in self._places[id(table)].get(document, ())
            if occurrence.line < len(lines)
        ]
        return sorted(stated, key=lambda place: (place.line, place.first))

    def _document(self, file: File) -> tuple[ScipTable, int] | None:
        """The index that knows a file as it is, and its number there."""
        for table in self._tables.get(file.repository, ()):
            number = table.document_numbers.get(file.path)
            if number is not None and table.documents[number].oid == file.selected.snapshot.oid(file.number):
                return table, number
        return None

    def _identities(self, parts: Sequence[str], near: Sequence[File]) -> set[str]:
        """The symbols of a qualified name; if any of them stands in a near file, those alone."""
        *around, last = parts
        named = {
            identity_of(symbol)
            for table in self._all()
            for symbol in (table.symbols[number] for number in table.named(last))
            if not around or holder_of(symbol) == around[-1]
        }
        close = {
            identity_of(table.symbols[number])
            for file in near
            if (known := self._document(file)) is not None
            for table, document in (known,)
            for number in table.symbols_in(document)
        }
        return named & close or named

    def _all(self) -> Iterable[ScipTable]:
        return (table for tables in self._tables.values() for table in tables)


def tables_of(indexes: Sequence[ScipIndex], *, scip: ScipDesk) -> dict[str, list[ScipTable]]:
    """The indexes by repository, opened; one that was removed just now is left out."""
    found: dict[str, list[ScipTable]] = {}
    for index in indexes:
        try:
            found.setdefault(index.repository_id, []).append(scip.open(index))
        except IndexMissing:
            continue
    return found


def _stated(occurrence: Occurrence, table: ScipTable, lines: Sequence[bytes], *, encoding: int) -> Stated:
    raw = lines[occurrence.line]
    end = occurrence.end if occurrence.end_line == occurrence.line else len(raw)
    if occurrence.roles & DEFINITION:
        role = Role.DEFINITION
    else:
        role = Role.IMPORT if occurrence.roles & IMPORT else Role.REFERENCE
    return Stated(
        line=occurrence.line + 1,
        first=_characters(raw, occurrence.first, encoding),
        end=_characters(raw, end, encoding),
        role=role,
        symbol=table.symbols[occurrence.symbol],
    )


def _characters(raw: bytes, column: int, encoding: int) -> int:
    """A column in characters; without an encoding it counts units of UTF-16, as editors do."""
    if encoding == _UTF8:
        return len(raw[:column].decode("utf-8", "replace"))
    if encoding == _UTF32 or raw.isascii():
        return column
    units = 0
    for count, character in enumerate(raw.decode("utf-8", "replace")):
        if units >= column:
            return count
        units += 2 if ord(character) > _UTF16_WIDE else 1
    return len(raw.decode("utf-8", "replace"))
