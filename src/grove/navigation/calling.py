"""Who calls whom, by name."""

from collections.abc import Sequence
from typing import Final

from grove.indexing import SymbolMatch
from grove.languages import Task
from grove.navigation.closeness import closest_first
from grove.navigation.defining import definitions_of
from grove.navigation.ground import File, Ground
from grove.navigation.model import Around, Callee, Caller, DefinitionPlace, UsePlace

DEFINITIONS_PER_CALLEE: Final = 3


def callers_in(uses: Sequence[UsePlace]) -> list[Caller]:
    """The definitions in which a name is used; uses of the same file."""
    grouped: dict[Around | None, list[UsePlace]] = {}
    for use in uses:
        grouped.setdefault(use.around, []).append(use)
    return [
        Caller(
            address=places[0].address,
            language=places[0].language,
            marks=places[0].marks,
            around=around,
            uses=tuple(places),
        )
        for around, places in grouped.items()
    ]


def callees_of(definition: DefinitionPlace, *, file: File, ground: Ground) -> tuple[list[Callee], bool]:
    """What a definition calls, and whether its file could be parsed."""
    task = Task(file.language, ground.text_of(file), calls_within=((definition.line, definition.end_line),))
    (structure,) = ground.structures([task])
    if structure is None:
        return [], False
    lines: dict[str, list[int]] = {}
    for use in structure.uses:
        lines.setdefault(use.name, []).append(use.line)
    return [Callee(name=name, lines=tuple(numbers)) for name, numbers in lines.items()], True


def resolved(callee: Callee, *, file: File, ground: Ground) -> Callee:
    """A callee with the definitions that are probably meant: those of its name that are the closest."""
    places = ground.places(ground.symbols(callee.name, SymbolMatch.EXACT))
    if not places:
        return callee
    closest = closest_first(list(places), homes=[file], ground=ground)[:1]
    found = definitions_of(callee.name, ground=ground, homes=closest, limit=DEFINITIONS_PER_CALLEE)
    return Callee(name=callee.name, lines=callee.lines, definitions=tuple(found[:DEFINITIONS_PER_CALLEE]))
