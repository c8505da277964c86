"""Where a name is used: candidates by the index, each decided by its file's tree."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grove.indexing import Need, Ordinals, split_words
from grove.languages import Definition, Role, Structure, Task, Use
from grove.navigation.closeness import closest_first
from grove.navigation.defining import shown_line
from grove.navigation.ground import CHUNKS_READ_MAX, PARSED_TOGETHER, File, Ground
from grove.navigation.model import Around, Basis, UsePlace
from grove.navigation.precise import Precise

_GRAM: Final = 3
_BATCH_CHUNKS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A file with uses of a name.

    `not_code` places hold the name in a comment or a string, `others` mean another symbol of that name.
    """

    file: File
    uses: tuple[UsePlace, ...]
    not_code: int = 0
    others: int = 0


class Uses:
    """The files that may use a name, the closest first, looked into one after the other."""

    def __init__(self, name: str, *, ground: Ground, precise: Precise, homes: Sequence[File]) -> None:
        self.name = name
        self._ground = ground
        self._precise = precise
        self._word = word_pattern(name)
        certain = precise.files()
        others = [file for file in self._candidates() if file not in set(certain)]
        ordered = (closest_first(files, homes=homes, ground=ground) for files in (certain, others))
        self.files = [file for files in ordered for file in files]
        """Every file in which one of the symbols is known to stand, then those in which the name stands by itself."""

    def found(self) -> Iterator[Used]:
        """The files in which the name is used, as long as there are time and leave to look into them."""
        for begin in range(0, len(self.files), PARSED_TOGETHER):
            if not self._ground.may_parse:
                return
            files = self.files[begin : begin + PARSED_TOGETHER]
            texts = [self._ground.text_of(file) for file in files]
            tasks = [Task(file.language, text, (self.name,)) for file, text in zip(files, texts, strict=True)]
            structures = self._ground.structures(tasks)
            for file, text, structure in zip(files, texts, structures, strict=True):
                yield self._used(file, text, structure)

    def _candidates(self) -> list[File]:
        ground = self._ground
        chunks = self._chunks()
        if chunks.size > CHUNKS_READ_MAX:
            ground.progress.hit("chunks_read_max")
            chunks = chunks[:CHUNKS_READ_MAX]
        holding: list[Ordinals] = [np.empty(0, dtype=np.uint32)]
        for begin in range(0, chunks.size, _BATCH_CHUNKS):
            batch = chunks[begin : begin + _BATCH_CHUNKS]
            held = [self._word.search(text) is not None for text in ground.view.chunk_texts(batch)]
            holding.append(batch[np.array(held, dtype=np.bool_)])
            if ground.progress.time_is_up():
                break
        found = ground.field.scope.files_of(np.concatenate(holding))
        return ground.files({name: numbers.tolist() for name, numbers in found.items()})

    def _chunks(self) -> Ordinals:
        """The chunks that may hold the name."""
        ground = self._ground
        literal = self.name.encode("utf-8", "replace")
        words = split_words(self.name)
        if len(literal) < _GRAM and words:
            return ground.view.look_up_words(ground.field.scope, words).holding(words)
        return ground.view.candidates(ground.field.scope, Need(literals=(literal,)), fold_case=False)

    def _used(self, file: File, text: bytes, structure: Structure | None) -> Used:
        lines = text.split(b"\n")
        if structure is None:
            uses = tuple(self._by_text(file, text, lines))
            return Used(file=file, uses=uses)
        if self._precise.knows(file):
            return self._known(file, lines, structure)
        uses = tuple(
            use_place(
                file,
                lines,
                line=use.line,
                first_byte=use.column,
                end_byte=use.column + len(self.name.encode()),
                role=use.role,
                basis=Basis.NAME,
                around=around_of(structure.definitions, use.within),
            )
            for use in structure.uses
        )
        standing = sum(1 for _ in self._word.finditer(text))
        return Used(file=file, uses=uses, not_code=max(standing - len(uses), 0))

    def _known(self, file: File, lines: Sequence[bytes], structure: Structure) -> Used:
        """The uses that an index states; what else has the name there means something else."""
        tokens = {(use.line, _character(lines, use)): use for use in structure.uses}
        uses = []
        for stated in self._precise.places(file, lines):
            token = tokens.pop((stated.line, stated.first), None)
            within = token.within if token else _innermost(structure.definitions, stated.line)
            uses.append(
                UsePlace(
                    address=file.address,
                    language=file.language,
                    marks=file.marks,
                    line=stated.line,
                    first_column=stated.first,
                    end_column=stated.end,
                    text=shown_line(lines, stated.line),
                    # An index tells definitions and imports; that it is called, the tree.
                    role=token.role if token and stated.role is Role.REFERENCE else stated.role,
                    basis=Basis.PRECISE,
                    around=around_of(structure.definitions, within),
                    symbol=stated.symbol,
                )
            )
        return Used(file=file, uses=tuple(uses), others=len(tokens))

    def _by_text(self, file: File, text: bytes, lines: Sequence[bytes]) -> Iterator[UsePlace]:
        for number, line in enumerate(lines, 1) if self._word.search(text) else ():
            for match in self._word.finditer(line):
                begin, end = match.span()
                yield use_place(
                    file, lines, line=number, first_byte=begin, end_byte=end, role=Role.REFERENCE, basis=Basis.TEXT
                )


def _character(lines: Sequence[bytes], use: Use) -> int:
    return len(lines[use.line - 1][: use.column].decode("utf-8", "replace"))


def _innermost(definitions: Sequence[Definition], line: int) -> int:
    """The number of the last definition that begins before a line and holds it, or -1."""
    around = [number for number, one in enumerate(definitions) if one.line < line <= one.end_line]
    return max(around, key=lambda number: definitions[number].line, default=-1)


def word_pattern(name: str) -> re.Pattern[bytes]:
    """Finds a name that stands by itself."""
    word = name.encode("utf-8", "replace")
    before = rb"(?<![A-Za-z0-9_])" if re.match(rb"\w", word[:1]) else b""
    after = rb"(?![A-Za-z0-9_])" if re.match(rb"\w", word[-1:]) else b""
    return re.compile(before + re.escape(word) + after)


def around_of(definitions: Sequence[Definition], number: int) -> Around | None:
    """The definition around a use."""
    if number < 0:
        return None
    one = definitions[number]
    return Around(name=one.name, kind=one.kind, container=one.container, line=one.line, end_line=one.end_line)


def use_place(
    file: File,
    lines: Sequence[bytes],
    *,
    line: int,
    first_byte: int,
    end_byte: int,
    role: Role,
    basis: Basis,
    around: Around | None = None,
) -> UsePlace:
    """A use as it is shown: its columns in characters."""
    raw = lines[line - 1] if line <= len(lines) else b""
    text = shown_line(lines, line)
    first = len(raw[:first_byte].decode("utf-8", "replace"))
    end = first + len(raw[first_byte:end_byte].decode("utf-8", "replace"))
    return UsePlace(
        address=file.address,
        language=file.language,
        marks=file.marks,
        line=line,
        first_column=min(first, len(text)),
        end_column=min(end, len(text)),
        text=text,
        role=role,
        basis=basis,
        around=around,
    )
