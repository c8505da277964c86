"""The files that a question about code may look at, and what is read of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Final

import numpy as np

from grove.indexing import SymbolHit, SymbolMatch
from grove.languages import Mark, Structure, StructureParser, Task
from grove.scip import ScipTable
from grove.search import (
    Corpus,
    Field,
    FileAddress,
    Limits,
    Method,
    Mode,
    Progress,
    Question,
    Selected,
    Truth,
    plan_of,
    searched_commit,
    select,
)

FILES_PARSED_MAX: Final = 400
CHUNKS_READ_MAX: Final = 40_000
PARSED_TOGETHER: Final = 8
LINE_CHARACTERS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class File:
    """A file of a commit that may be looked at."""

    selected: Selected
    number: int

    @property
    def path(self) -> str:
        """Its path, as it is shown."""
        return self.selected.snapshot.paths[self.number]

    @property
    def folder(self) -> str:
        """The folder that it is in."""
        return self.path.rpartition("/")[0]

    @property
    def language(self) -> str:
        """Its language, `""` if it has none."""
        return self.selected.snapshot.languages[self.number]

    @property
    def marks(self) -> Mark:
        """What its path tells."""
        return Mark(int(self.selected.snapshot.marks[self.number]))

    @property
    def repository(self) -> str:
        """The id of its repository."""
        return self.selected.target.repository_id

    @property
    def address(self) -> FileAddress:
        """Where it is."""
        target = self.selected.target
        return FileAddress(
            repository_id=target.repository_id,
            repository=target.name,
            revision=target.revision,
            commit=target.commit,
            path=self.path,
        )

    def __hash__(self) -> int:
        return hash((self.selected.target.snapshot, self.number))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, File):
            return NotImplemented
        return (self.selected.target.snapshot, self.number) == (other.selected.target.snapshot, other.number)


class Ground:
    """What one question may look at, and the clock that runs for it."""

    def __init__(
        self,
        question: Question,
        corpus: Corpus,
        *,
        parser: StructureParser,
        limits: Limits,
        tables: Mapping[str, Sequence[ScipTable]] = MappingProxyType({}),
    ) -> None:
        self.corpus = corpus
        self.tables = tables
        """The uploaded indexes, by repository."""
        self.view = corpus.view
        self.progress = Progress(limits)
        self._condition = plan_of(replace(question, text="", mode=Mode.TEXT)).condition
        self._parser = parser
        self._parsed = 0

    @cached_property
    def field(self) -> Field:
        """The files that the question's filters admit."""
        return select(self._condition, self.corpus)

    def files(self, found: Mapping[str, Iterable[int]]) -> list[File]:
        """Files by snapshot and path number."""
        by_snapshot = self.field.by_snapshot()
        return [File(by_snapshot[name], int(number)) for name, numbers in found.items() for number in numbers]

    def places(self, hits: Sequence[SymbolHit]) -> dict[File, list[tuple[SymbolHit, int]]]:
        """The files in which the chunks of definitions stand, each definition with its line there."""
        by_snapshot = self.field.by_snapshot()
        found: dict[File, list[tuple[SymbolHit, int]]] = {}
        for hit in hits:
            for place in self.field.scope.occurrences(hit.ordinal):
                file = File(by_snapshot[place.snapshot], place.path_number)
                found.setdefault(file, []).append((hit, place.first_line + hit.line))
        return found

    def symbols(self, name: str, match: SymbolMatch) -> list[SymbolHit]:
        """The definitions of a name, as far as the index knows them."""
        limit = self.progress.limits.symbols_max
        hits = self.view.find_symbols(self.field.scope, name, match=match, limit=limit)
        if len(hits) == limit:
            self.progress.hit("symbols_max")
        return hits

    def text_of(self, file: File) -> bytes:
        """The text of a file."""
        return b"".join(self.view.chunk_texts(file.selected.snapshot.chunks_of(file.number)))

    def beginning_of(self, files: Sequence[File]) -> list[bytes]:
        """The first chunk of each file."""
        firsts = [file.selected.snapshot.chunks_of(file.number)[:1] for file in files]
        texts = iter(self.view.chunk_texts(np.concatenate(firsts)) if firsts else [])
        return [next(texts) if first.size else b"" for first in firsts]

    def structures(self, tasks: Sequence[Task]) -> list[Structure | None]:
        """What texts define and use, as far as the question's limits allow."""
        left = FILES_PARSED_MAX - self._parsed
        if len(tasks) > left:
            self.progress.hit("files_parsed_max")
        self._parsed += len(tasks[:left])
        found = self._parser.structures(tasks[:left])
        return [*found, *[None] * (len(tasks) - len(found))]

    @property
    def may_parse(self) -> bool:
        """Whether there is time and leave to look into more files."""
        if self._parsed >= FILES_PARSED_MAX:
            self.progress.hit("files_parsed_max")
        return self._parsed < FILES_PARSED_MAX and not self.progress.time_is_up()

    def truth(self, told: "Told") -> Truth:
        """What was looked at, what was not, and what the answer leaves out."""
        return Truth(
            method=Method.SYMBOL,
            generation=self.corpus.generation,
            searched=tuple(searched_commit(selected) for selected in self.field.selected),
            skipped=self.corpus.skipped,
            files_found=told.files_found,
            repositories_found=told.repositories_found,
            matches_found=told.places_found,
            files_shown=told.files_shown,
            offset=told.offset,
            more=told.more or bool(self.progress.limits_hit),
            limits_hit=self.progress.limits_hit,
            elapsed_ms=round(self.progress.elapsed_seconds * 1000),
            notes=tuple(note for note in told.notes if note),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an answer tells of: in how many files something was found, and how much of it is shown."""

    files_found: int = 0
    repositories_found: int = 0
    places_found: int = 0
    files_shown: int = 0
    offset: int = 0
    more: bool = False
    notes: tuple[str, ...] = ()


def counted(files: Iterable[File]) -> dict[str, int]:
    """How many files and repositories these are, as `Told` has it."""
    different = set(files)
    return {
        "files_found": len(different),
        "repositories_found": len({file.repository for file in different}),
    }
