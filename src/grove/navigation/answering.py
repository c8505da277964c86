"""Answers about names: definitions, references, callers and callees, each with the truth about it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from grove.languages import Role
from grove.navigation.calling import callees_of, callers_in, resolved
from grove.navigation.defining import definitions_of, last_part, nearest_names, parts_of
from grove.navigation.ground import File, Ground, Told, counted
from grove.navigation.model import (
    Basis,
    Callees,
    Caller,
    Callers,
    DefinitionPlace,
    Definitions,
    References,
    UsePlace,
    Wanted,
)
from grove.navigation.precise import Precise
from grove.navigation.referring import Uses
from grove.scip import tool_of

HOMES_MAX: Final = 20
DEFINITIONS_TOLD: Final = 5
NEAREST_TOLD: Final = 5
CALLEES_RESOLVED_MAX: Final = 60


@dataclass(slots=True, kw_only=True)
class _Gathered:
    """What was gathered of the uses of a name; `not_code` places hold it in a comment or a string."""

    files: list[File]
    uses: list[UsePlace]
    not_code: int = 0
    others: int = 0
    is_whole: bool = True

    def notes(self, name: str, ground: Ground) -> tuple[str, ...]:
        """What the user should know about the answer."""
        if not self.uses:
            return (_nothing(name, ground),)
        bases = {use.basis for use in self.uses}
        tools = {tool_of(use.symbol) for use in self.uses if use.symbol}
        left_out = f"{self.not_code:,} in comments or text left out" if self.not_code else ""
        by_text = "where there is no grammar, by text" if Basis.TEXT in bases else ""
        others = f"{self.others:,} of other symbols of this name left out" if self.others else ""
        return (_basis(bases, tools), by_text, left_out, others)


def find_definitions(wanted: Wanted, *, ground: Ground) -> Definitions:
    """Where a name is defined, the likeliest first."""
    end = wanted.offset + wanted.limit
    found = _definitions(wanted, ground, limit=end + 1)
    items = found[wanted.offset : end]
    truth = ground.truth(
        Told(
            **counted(_files_of(found, ground)),
            places_found=len(found),
            files_shown=len({place.address for place in items}),
            offset=wanted.offset,
            more=len(found) > end,
            notes=() if found else (_nothing(wanted.name, ground),),
        )
    )
    return Definitions(name=wanted.name, items=tuple(items), truth=truth)


def find_references(wanted: Wanted, *, ground: Ground) -> References:
    """Where a name is used, what is closest to its definitions first."""
    end = wanted.offset + wanted.limit
    definitions = _definitions(wanted, ground)
    gathered = _Gathered(files=[], uses=[])
    for uses in _used(wanted, ground, definitions, gathered):
        gathered.uses += uses
        if len(gathered.uses) > end:
            gathered.is_whole = False
            break
    items = gathered.uses[wanted.offset : end]
    truth = ground.truth(
        Told(
            **counted(gathered.files),
            places_found=len(gathered.uses),
            files_shown=len({use.address for use in items}),
            offset=wanted.offset,
            more=not gathered.is_whole,
            notes=gathered.notes(wanted.name, ground),
        )
    )
    return References(
        name=wanted.name, definitions=tuple(definitions[:DEFINITIONS_TOLD]), items=tuple(items), truth=truth
    )


def find_callers(wanted: Wanted, *, ground: Ground) -> Callers:
    """Which definitions use a name, what is closest to its definitions first."""
    end = wanted.offset + wanted.limit
    definitions = _definitions(wanted, ground)
    gathered = _Gathered(files=[], uses=[])
    callers: list[Caller] = []
    for uses in _used(wanted, ground, definitions, gathered):
        gathered.uses += uses
        callers += callers_in([use for use in uses if use.role is not Role.IMPORT and use.basis is not Basis.TEXT])
        if len(callers) > end:
            gathered.is_whole = False
            break
    items = callers[wanted.offset : end]
    truth = ground.truth(
        Told(
            **counted(gathered.files),
            places_found=len(callers),
            files_shown=len({caller.address for caller in items}),
            offset=wanted.offset,
            more=not gathered.is_whole,
            notes=gathered.notes(wanted.name, ground),
        )
    )
    return Callers(name=wanted.name, definitions=tuple(definitions[:DEFINITIONS_TOLD]), items=tuple(items), truth=truth)


def find_callees(wanted: Wanted, *, ground: Ground) -> Callees:
    """What the likeliest definition of a name calls, in the order of its lines."""
    definitions = _definitions(wanted, ground)
    if not definitions:
        truth = ground.truth(Told(notes=(_nothing(wanted.name, ground),)))
        return Callees(name=wanted.name, definition=None, items=(), truth=truth)
    definition = definitions[0]
    (file,) = _files_of([definition], ground)
    found, is_known = callees_of(definition, file=file, ground=ground)
    chosen = found[wanted.offset : wanted.offset + min(wanted.limit, CALLEES_RESOLVED_MAX)]
    items = [resolved(callee, file=file, ground=ground) if ground.may_parse else callee for callee in chosen]
    others = f"{len(definitions) - 1:,} other definitions of this name: narrow by path" if len(definitions) > 1 else ""
    truth = ground.truth(
        Told(
            files_found=1,
            repositories_found=1,
            places_found=len(found),
            files_shown=1,
            offset=wanted.offset,
            more=wanted.offset + len(chosen) < len(found),
            notes=(_basis({Basis.NAME}), others, "" if is_known else "its file could not be parsed"),
        )
    )
    return Callees(name=wanted.name, definition=definition, items=tuple(items), truth=truth)


def _definitions(wanted: Wanted, ground: Ground, *, limit: int = HOMES_MAX) -> list[DefinitionPlace]:
    """The definitions of a name; those that an index states come first."""
    found = definitions_of(wanted.name, ground=ground, homes=_near(wanted.near, ground), limit=limit)
    precise = _precise(wanted, ground)
    if not precise.symbols:
        return found
    told = [_as_stated(place, precise, ground) for place in found]
    return sorted(told, key=lambda place: place.basis is not Basis.PRECISE)


def _as_stated(place: DefinitionPlace, precise: Precise, ground: Ground) -> DefinitionPlace:
    (file,) = _files_of([place], ground)
    if precise.knows(file):
        for stated in precise.places(file, ground.text_of(file).split(b"\n")):
            if stated.role is Role.DEFINITION and stated.line == place.line:
                return replace(place, basis=Basis.PRECISE, symbol=stated.symbol)
    return place


def _precise(wanted: Wanted, ground: Ground) -> Precise:
    return Precise(ground, parts=parts_of(wanted.name), near=_near(wanted.near, ground))


def _used(
    wanted: Wanted, ground: Ground, definitions: Sequence[DefinitionPlace], gathered: _Gathered
) -> Iterable[list[UsePlace]]:
    """The uses of a name, file by file, and beside them what is to be gathered."""
    homes = [*_near(wanted.near, ground), *_files_of(_plain(definitions), ground)]
    uses = Uses(last_part(wanted.name), ground=ground, precise=_precise(wanted, ground), homes=homes)
    looked_at = 0
    for used in uses.found():
        looked_at += 1
        gathered.not_code += used.not_code
        gathered.others += used.others
        found = [use for use in used.uses if use.role is not Role.DEFINITION]
        if found:
            gathered.files.append(used.file)
            yield found
    gathered.is_whole = looked_at == len(uses.files)


def _plain(definitions: Sequence[DefinitionPlace]) -> Sequence[DefinitionPlace]:
    """Those that are not in tests and the like, if there are any."""
    return [place for place in definitions if not place.marks] or definitions


def _near(near: str, ground: Ground) -> list[File]:
    """The file that is named as `REPOSITORY:PATH`, in each commit that is looked at."""
    repository, _, path = near.rpartition(":")
    found = []
    for selected in ground.field.selected if path else ():
        number = selected.snapshot.path_number(path)
        if number is not None and selected.target.name.endswith(repository):
            found.append(File(selected, number))
    return found


def _files_of(places: Iterable[DefinitionPlace], ground: Ground) -> list[File]:
    by_commit = {(each.target.repository_id, each.target.commit): each for each in ground.field.selected}
    files: dict[File, None] = {}
    for place in places:
        selected = by_commit[place.address.repository_id, place.address.commit]
        number = selected.snapshot.path_number(place.address.path)
        if number is not None:
            files[File(selected, number)] = None
    return list(files)


def _basis(bases: set[Basis], tools: Collection[str] = ()) -> str:
    precise = f"precise ({', '.join(sorted(tools))})" if tools else "precise"
    if bases == {Basis.PRECISE}:
        return precise
    return f"partly {precise}, else by name" if Basis.PRECISE in bases else "by name"


def _nothing(name: str, ground: Ground) -> str:
    nearest = nearest_names(name, ground=ground, count=NEAREST_TOLD)
    return f"no such name; similar ones: {', '.join(nearest)}" if nearest else ""
