"""An uploaded index as it is kept: occurrences by symbol, and of which bytes each document is.

Layout: docs/formats/scip.md.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing import ZSTD, IndexCorrupt, PartsReader, PartsWriter
from grove.scip.names import identity_of, name_of
from grove.scip.parsing import COLUMNS

KIND: Final = "scip"
FILE_NAME: Final = "symbols.grove"
DEFINITION: Final = 1
IMPORT: Final = 2


class Document(NamedTuple):
    """A file that was indexed: the id of its blob, and in which units its columns are counted."""

    path: str
    oid: str
    encoding: int


class Occurrence(NamedTuple):
    """Where a symbol stands: lines and columns from 0, the latter in the document's units."""

    symbol: int
    line: int
    first: int
    end_line: int
    end: int
    roles: int


class Content(NamedTuple):
    """What is written: columns as `COLUMNS` names them, a row for each occurrence."""

    documents: Sequence[Document]
    symbols: Sequence[str]
    columns: Sequence[NDArray[np.uint32]]


def write_table(folder: Path, content: Content) -> str:
    """Write the file into a new folder; gives its checksum."""
    folder.mkdir(parents=True)
    writer = PartsWriter(folder / FILE_NAME, kind=KIND)
    order = np.argsort(content.columns[0], kind="stable")
    for name, column in zip(COLUMNS, content.columns, strict=True):
        writer.add(name, column[order], encoding=ZSTD)
    writer.add("symbol_text", "\n".join(content.symbols).encode(), encoding=ZSTD)
    writer.add("facts", json.dumps({"documents": content.documents}).encode(), encoding=ZSTD)
    return writer.finish()


class ScipTable:
    """Reads an uploaded index.

    :raises IndexCorrupt: from any method that touches a damaged part of the file.
    """

    def __init__(self, reader: PartsReader) -> None:
        self._reader = reader
        columns = [reader.array(name, np.uint32) for name in COLUMNS]
        self._symbols, self._documents, *self._places = columns
        sizes = {column.size for column in columns}
        fits = self._documents.max(initial=0) < max(len(self.documents), 1)
        if len(sizes) != 1 or not fits or self._symbols.max(initial=0) >= max(len(self.symbols), 1):
            raise IndexCorrupt(name=reader.label, part="symbols")

    @classmethod
    def open(cls, folder: Path) -> "ScipTable":
        """Map the index in a folder.

        :raises IndexMissing: if there is none.
        """
        return cls(PartsReader.open(folder / FILE_NAME, kind=KIND))

    @cached_property
    def symbols(self) -> list[str]:
        """The symbols by their numbers."""
        text = self._reader.array("symbol_text", np.uint8).tobytes().decode("utf-8", "replace")
        return text.split("\n") if text else []

    @cached_property
    def documents(self) -> list[Document]:
        """The documents by their numbers."""
        listed = self._reader.facts("facts").get("documents")
        if not isinstance(listed, list):
            raise IndexCorrupt(name=self._reader.label, part="facts")
        return [Document(*each) for each in listed]

    @cached_property
    def document_numbers(self) -> dict[str, int]:
        """The documents by their paths."""
        return {document.path: number for number, document in enumerate(self.documents)}

    def named(self, name: str) -> list[int]:
        """The symbols of a name."""
        return self._by_name.get(name, [])

    def identified(self, identities: Iterable[str]) -> list[int]:
        """The symbols that are the same things, whatever the version of their package."""
        return [number for identity in identities for number in self._by_identity.get(identity, ())]

    def symbols_in(self, document: int) -> set[int]:
        """The symbols that stand in a document."""
        return set(self._symbols[self._documents == document].tolist())

    def occurrences(self, symbols: Iterable[int]) -> Iterator[tuple[int, Occurrence]]:
        """Where symbols stand, each place with its document."""
        for symbol in sorted(symbols):
            begin, end = np.searchsorted(self._symbols, [symbol, symbol + 1]).tolist()
            for row in range(begin, end):
                place = (int(column[row]) for column in self._places)
                yield int(self._documents[row]), Occurrence(symbol, *place)

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, symbol in enumerate(self.symbols):
            found.setdefault(name_of(symbol), []).append(number)
        return found

    @cached_property
    def _by_identity(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, symbol in enumerate(self.symbols):
            found.setdefault(identity_of(symbol), []).append(number)
        return found
