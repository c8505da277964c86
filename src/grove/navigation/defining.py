"""Where a name is defined: the index knows the lines, the file's tree the rest."""

import re
from collections.abc import Sequence
from typing import Final

from grove.indexing import SymbolHit, SymbolMatch
from grove.languages import Definition, Structure, Task
from grove.navigation.closeness import closest_first, place_of
from grove.navigation.ground import LINE_CHARACTERS_MAX, PARSED_TOGETHER, File, Ground
from grove.navigation.model import DefinitionPlace

_QUALIFIER: Final = re.compile(r"::|->|[.#/\\:]")


def last_part(name: str) -> str:
    """What a qualified name names: `b` of `A.b`."""
    return parts_of(name)[-1]


def parts_of(name: str) -> list[str]:
    """The parts of a qualified name, without the brackets of a call."""
    plain = name.strip().removesuffix("()")
    parts = [part for part in _QUALIFIER.split(plain) if part]
    return parts or [plain]


def definitions_of(name: str, *, ground: Ground, homes: Sequence[File] = (), limit: int) -> list[DefinitionPlace]:
    """The definitions of a name, those in or near `homes` first, then those in files without marks; at most `limit`.

    A name in the case as it is written counts; only where there is none, any case. `A.b` is the `b` within an `A`.
    """
    *around, last = parts_of(name)
    for match in (SymbolMatch.EXACT, SymbolMatch.FOLDED):
        hits = ground.symbols(last, match)
        if hits:
            return _confirmed(hits, around, ground=ground, homes=homes, limit=limit)
    return []


def nearest_names(name: str, *, ground: Ground, count: int) -> list[str]:
    """Names of definitions that hold the name, the shortest first."""
    last = last_part(name)
    if not last:
        return []
    hits = ground.view.find_symbols(ground.field.scope, last, match=SymbolMatch.SUBSTRING, limit=count * 4)
    return list(dict.fromkeys(hit.name for hit in hits))[:count]


def place(file: File, definition: Definition, lines: Sequence[bytes]) -> DefinitionPlace:
    """A definition of a file, as it is shown."""
    return DefinitionPlace(
        address=file.address,
        language=file.language,
        marks=file.marks,
        name=definition.name,
        kind=definition.kind,
        container=definition.container,
        line=definition.line,
        end_line=definition.end_line,
        signature=shown_line(lines, definition.line).strip(),
    )


def shown_line(lines: Sequence[bytes], number: int) -> str:
    """A line by its number, cut where it is too long to be shown."""
    line = lines[number - 1] if 0 < number <= len(lines) else b""
    return line.removesuffix(b"\r").decode("utf-8", "replace")[:LINE_CHARACTERS_MAX]


def _confirmed(
    hits: Sequence[SymbolHit], around: Sequence[str], *, ground: Ground, homes: Sequence[File], limit: int
) -> list[DefinitionPlace]:
    """What the index found, as the files have it now: what depends on more than the chunk is read from the tree."""
    places = ground.places(hits)
    order = closest_first(list(places), homes=homes, ground=ground) if homes else sorted(places, key=_plainest)
    found: list[DefinitionPlace] = []
    for begin in range(0, len(order), PARSED_TOGETHER):
        files = order[begin : begin + PARSED_TOGETHER]
        texts = [ground.text_of(file) for file in files]
        tasks = [Task(file.language, text) for file, text in zip(files, texts, strict=True)]
        for file, text, structure in zip(files, texts, ground.structures(tasks), strict=True):
            found += [
                place(file, one, text.split(b"\n"))
                for one in _known(structure, places[file])
                if not around or parts_of(one.container)[-1].casefold() == around[-1].casefold()
            ]
        if len(found) >= limit or not ground.may_parse:
            break
    return found


def _known(structure: Structure | None, hits: Sequence[tuple[SymbolHit, int]]) -> list[Definition]:
    """The definitions that were asked for in a file: as its tree has them, or if it has none as the index does."""
    if structure is None:
        return [_as_indexed(hit, line) for hit, line in hits]
    names = {hit.name for hit, _ in hits}
    return [definition for definition in structure.definitions if definition.name in names]


def _as_indexed(hit: SymbolHit, line: int) -> Definition:
    return Definition(name=hit.name, kind=hit.kind, container=hit.container, line=line, end_line=line)


def _plainest(file: File) -> tuple[int, int, tuple[str, str, str]]:
    return file.marks.bit_count(), file.path.count("/"), place_of(file)
