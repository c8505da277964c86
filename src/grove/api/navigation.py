"""`/api/v1/navigation`: definitions, references, callers and callees of names, files; and the outline of a file."""

from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field

from grove import navigation
from grove.api.answers import AddressOut, TruthOut, marks_out, truth_out
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import PathText, Received, Revision, Shown, Words
from grove.indexing import Role
from grove.navigation import Basis, DefinitionPlace, Wanted
from grove.search import truth_line

ITEMS_MAX: Final = 500
OFFSET_MAX: Final = 10_000
ALTERNATIVES_MAX: Final = 50

router = router_at("/api/v1/navigation", tag="navigation")
outlines = router_at("/api/v1/repositories/{repository_id}", tag="navigation")

_Alternatives = Annotated[list[Words], Field(max_length=ALTERNATIVES_MAX)]


class NameIn(Received):
    """A question about a name. `repo`, `rev`, `path` and `lang` are as in a search; several are alternatives."""

    name: str = Field(max_length=300, description="A name, or a qualified one.", examples=["Session.request"])
    repo: _Alternatives = Field(default=[])
    rev: _Alternatives = Field(default=[])
    path: _Alternatives = Field(default=[])
    lang: _Alternatives = Field(default=[])
    near: Words = Field(default="", description="A file, as REPOSITORY:PATH; what is close to it comes first.")
    limit: int = Field(default=50, ge=1, le=ITEMS_MAX)
    offset: int = Field(default=0, ge=0, le=OFFSET_MAX)

    def wanted(self) -> Wanted:
        """As the core has it."""
        return Wanted(
            name=self.name,
            repositories=tuple(self.repo),
            revisions=tuple(self.rev),
            paths=tuple(self.path),
            languages=tuple(self.lang),
            near=self.near,
            limit=self.limit,
            offset=self.offset,
        )


class DefinitionOut(AddressOut):
    """Where something is defined; `basis` says how that is known, `symbol` is its identity where an index tells it."""

    language: str
    marks: list[str]
    name: str
    kind: str
    container: str
    line: int
    end_line: int
    signature: str
    basis: Basis
    symbol: str

    @classmethod
    def of(cls, place: DefinitionPlace) -> Self:
        """As people see it."""
        return cls.model_validate(_placed(cls, place))


class AroundOut(Shown):
    """The innermost definition around a use."""

    name: str
    kind: str
    container: str
    line: int
    end_line: int


class UseOut(AddressOut):
    """A use of a name; columns are 0-based characters of `text`, the line."""

    language: str
    marks: list[str]
    line: int
    first_column: int
    end_column: int
    text: str
    role: Role
    basis: Basis
    around: AroundOut | None

    @classmethod
    def of(cls, use: navigation.UsePlace) -> Self:
        """As people see it."""
        return cls.model_validate(_placed(cls, use))


class CallerOut(AddressOut):
    """A definition that uses a name, or the part of a file outside of any, and where it does."""

    language: str
    marks: list[str]
    around: AroundOut | None
    uses: list[UseOut]

    @classmethod
    def of(cls, caller: navigation.Caller) -> Self:
        """As people see it."""
        return cls.model_validate({**_placed(cls, caller), "uses": [UseOut.of(use) for use in caller.uses]})


class CalleeOut(Shown):
    """A name that is called, on which lines, and the definitions that are probably meant."""

    name: str
    lines: list[int]
    definitions: list[DefinitionOut]


class _Answered(Shown):
    name: str
    truth: TruthOut
    truth_line: str


class DefinitionsOut(_Answered):
    """Where a name is defined, the likeliest first."""

    items: list[DefinitionOut]


class ReferencesOut(_Answered):
    """Where a name is used, what is closest to its definitions first."""

    definitions: list[DefinitionOut]
    items: list[UseOut]


class CallersOut(_Answered):
    """The definitions that use a name, the closest first."""

    definitions: list[DefinitionOut]
    items: list[CallerOut]


class CalleesOut(_Answered):
    """What a definition calls, in the order of its lines."""

    definition: DefinitionOut | None
    items: list[CalleeOut]


class FoundFileOut(AddressOut):
    """A file whose path matches; `columns` are the characters of the path that did."""

    language: str
    marks: list[str]
    score: float
    columns: list[int]

    @classmethod
    def of(cls, found: navigation.FoundFile) -> Self:
        """As people see it."""
        return cls.model_validate(_placed(cls, found))


class FoundFilesOut(_Answered):
    """The files whose paths match a pattern, the best first."""

    items: list[FoundFileOut]


class OutlinedOut(Shown):
    """A definition in a file; `depth` counts the definitions around it, `signature` is its first line."""

    name: str
    kind: str
    container: str
    line: int
    end_line: int
    depth: int
    signature: str


class OutlineOut(Shown):
    """The definitions of a file; without `is_known` there is no saying: its language has no grammar."""

    repository: str
    repository_id: UUID
    commit: str
    path: str
    language: str
    line_count: int
    is_known: bool
    items: list[OutlinedOut]


@router.get("/definitions", openapi_extra=needs("search.run"))
def find_definitions(asked: Annotated[NameIn, Query()], caller: CallerOf) -> DefinitionsOut:
    """Where a name is defined, the likeliest first: `A.b` is the `b` within an `A`."""
    answer = caller.grove.navigation.define(caller.actor, asked.wanted())
    return DefinitionsOut(**_answered(answer), items=_definitions(answer.items))


@router.get("/references", openapi_extra=needs("search.run"))
def find_references(asked: Annotated[NameIn, Query()], caller: CallerOf) -> ReferencesOut:
    """Where a name is used in code; comments and strings do not count. `basis` says how each use is known."""
    answer = caller.grove.navigation.references(caller.actor, asked.wanted())
    return ReferencesOut(
        **_answered(answer),
        definitions=_definitions(answer.definitions),
        items=[UseOut.of(use) for use in answer.items],
    )


@router.get("/callers", openapi_extra=needs("search.run"))
def find_callers(asked: Annotated[NameIn, Query()], caller: CallerOf) -> CallersOut:
    """Which definitions use a name, and where."""
    answer = caller.grove.navigation.callers(caller.actor, asked.wanted())
    return CallersOut(
        **_answered(answer),
        definitions=_definitions(answer.definitions),
        items=[CallerOut.of(item) for item in answer.items],
    )


@router.get("/callees", openapi_extra=needs("search.run"))
def find_callees(asked: Annotated[NameIn, Query()], caller: CallerOf) -> CalleesOut:
    """What the likeliest definition of a name calls, and where that is probably defined."""
    answer = caller.grove.navigation.callees(caller.actor, asked.wanted())
    return CalleesOut(
        **_answered(answer),
        definition=DefinitionOut.of(answer.definition) if answer.definition else None,
        items=[
            CalleeOut(name=item.name, lines=list(item.lines), definitions=_definitions(item.definitions))
            for item in answer.items
        ],
    )


@router.get("/files", openapi_extra=needs("search.run"))
def find_files(asked: Annotated[NameIn, Query()], caller: CallerOf) -> FoundFilesOut:
    """The files whose paths hold the characters of `name` in their order, the best first, as editors find files."""
    answer = caller.grove.navigation.find_files(caller.actor, asked.wanted())
    return FoundFilesOut(**_answered(answer), items=[FoundFileOut.of(found) for found in answer.items])


@outlines.get("/outline", openapi_extra=needs("file.read"))
def show_outline(repository_id: UUID, caller: CallerOf, *, path: PathText, rev: Revision = "") -> OutlineOut:
    """What a file defines, at any commit."""
    outline = caller.grove.navigation.outline(caller.actor, repository=str(repository_id), path=path, revision=rev)
    return OutlineOut.model_validate(outline)


def _answered(answer: Any) -> dict[str, Any]:
    return {"name": answer.name, "truth": truth_out(answer.truth), "truth_line": truth_line(answer.truth)}


def _definitions(places: tuple[DefinitionPlace, ...]) -> list[DefinitionOut]:
    return [DefinitionOut.of(place) for place in places]


def _placed(shape: type[AddressOut], placed: Any) -> dict[str, Any]:
    """The values of something that has an address, by the names that are shown."""
    address = {name: getattr(placed.address, name) for name in AddressOut.model_fields}
    own = shape.model_fields.keys() - AddressOut.model_fields.keys() - {"marks"}
    return {**address, **{name: getattr(placed, name) for name in own}, "marks": marks_out(placed.marks)}
