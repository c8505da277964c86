"""`/api/v1/navigation`: definitions, references, callers and callees of names, files; and the outline of a file."""

from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field

from grove import navigation
from grove.api.answers import AddressOut, TruthOut, marks_out, truth_out
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import LINE_NUMBER_MAX, PathText, Received, Revision, Shown, Words
from grove.api.workspaces import Name
from grove.languages import Role
from grove.navigation import Basis, DefinitionPlace, Wanted
from grove.search import truth_line

ITEMS_MAX: Final = 500
OFFSET_MAX: Final = 10_000
ALTERNATIVES_MAX: Final = 50

router = router_at("/api/v1/navigation", tag="navigation")
outlines = router_at("/api/v1/repositories/{repository_id}", tag="navigation")
drafts = router_at("/api/v1/workspaces/{name}", tag="navigation")

_Alternatives = Annotated[list[Words], Field(max_length=ALTERNATIVES_MAX)]


class _Filters(Received):
    repo: _Alternatives = Field(default=[])
    rev: _Alternatives = Field(default=[])
    path: _Alternatives = Field(default=[])
    lang: _Alternatives = Field(default=[])
    workspace: list[Annotated[str, Field(max_length=60)]] = Field(
        default=[], max_length=ALTERNATIVES_MAX, description="Workspaces of yours, as they are now."
    )
    limit: int = Field(default=50, ge=1, le=ITEMS_MAX)
    offset: int = Field(default=0, ge=0, le=OFFSET_MAX)

    def wanted(self, *, name: str = "", near: str = "") -> Wanted:
        """As the core has it."""
        return Wanted(
            name=name,
            repositories=tuple(self.repo),
            revisions=tuple(self.rev),
            paths=tuple(self.path),
            languages=tuple(self.lang),
            workspaces=tuple(self.workspace),
            near=near,
            limit=self.limit,
            offset=self.offset,
        )


class NameIn(_Filters):
    """A question about a name. `repo`, `rev`, `path`, `lang` and `workspace` are as in a search."""

    name: str = Field(max_length=300, description="A name, or a qualified one.", examples=["Session.request"])
    near: Words = Field(default="", description="A file, as REPOSITORY:PATH; what is close to it comes first.")

    def question(self) -> Wanted:
        """As the core has it."""
        return self.wanted(name=self.name, near=self.near)


class DefinitionOut(AddressOut):
    """Where something is defined; `basis` says how that is known, `symbol` and `tool` by which index, if any."""

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
    tool: str

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
    tool: str
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


class SimilarIn(_Filters):
    """Some lines of a file, and where to look for code like them."""

    source_path: Words = Field(max_length=4_096, description="The file that the lines are in.")
    source_rev: Words = Field(default="", description="At which branch, tag or commit.")
    start_line: int = Field(ge=1, le=LINE_NUMBER_MAX)
    end_line: int = Field(ge=1, le=LINE_NUMBER_MAX)


class SimilarPlaceOut(AddressOut):
    """Lines that are like others: 1 is the same but for white space. `text` is the first line of them."""

    language: str
    marks: list[str]
    first_line: int
    last_line: int
    similarity: float
    text: str
    around: AroundOut | None

    @classmethod
    def of(cls, place: navigation.SimilarPlace) -> Self:
        """As people see it."""
        return cls.model_validate(_placed(cls, place))


class SimilarOut(Shown):
    """The places that are most like some lines of a file of a commit, the most alike first."""

    repository: str
    repository_id: UUID
    commit: str
    path: str
    start_line: int
    end_line: int
    items: list[SimilarPlaceOut]
    truth: TruthOut
    truth_line: str


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
    """The definitions of a file; without `is_known` there is no saying: its language has no grammar.

    `oid` is the file's content; `commit` is the one that it was asked at, of a workspace its last one.
    """

    repository: str
    repository_id: UUID
    commit: str
    path: str
    oid: str
    language: str
    line_count: int
    is_known: bool
    items: list[OutlinedOut]


@router.get("/definitions", openapi_extra=needs("search.run"))
def find_definitions(asked: Annotated[NameIn, Query()], caller: CallerOf) -> DefinitionsOut:
    """Where a name is defined, the likeliest first: `A.b` is the `b` within an `A`."""
    answer = caller.grove.navigation.define(caller.actor, asked.question())
    return DefinitionsOut(**_answered(answer), items=_definitions(answer.items))


@router.get("/references", openapi_extra=needs("search.run"))
def find_references(asked: Annotated[NameIn, Query()], caller: CallerOf) -> ReferencesOut:
    """Where a name is used in code; comments and strings do not count. `basis` says how each use is known."""
    answer = caller.grove.navigation.references(caller.actor, asked.question())
    return ReferencesOut(
        **_answered(answer),
        definitions=_definitions(answer.definitions),
        items=[UseOut.of(use) for use in answer.items],
    )


@router.get("/callers", openapi_extra=needs("search.run"))
def find_callers(asked: Annotated[NameIn, Query()], caller: CallerOf) -> CallersOut:
    """Which definitions use a name, and where."""
    answer = caller.grove.navigation.callers(caller.actor, asked.question())
    return CallersOut(
        **_answered(answer),
        definitions=_definitions(answer.definitions),
        items=[CallerOut.of(item) for item in answer.items],
    )


@router.get("/callees", openapi_extra=needs("search.run"))
def find_callees(asked: Annotated[NameIn, Query()], caller: CallerOf) -> CalleesOut:
    """What the likeliest definition of a name calls, and where that is probably defined."""
    answer = caller.grove.navigation.callees(caller.actor, asked.question())
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
    answer = caller.grove.navigation.find_files(caller.actor, asked.question())
    return FoundFilesOut(**_answered(answer), items=[FoundFileOut.of(found) for found in answer.items])


@outlines.get("/similar", openapi_extra=needs("search.run"))
def find_similar(repository_id: UUID, asked: Annotated[SimilarIn, Query()], caller: CallerOf) -> SimilarOut:
    """Code that is like some lines of a file: copies, moved functions, other versions; in every repository."""
    source = navigation.Source(
        repository=str(repository_id),
        path=asked.source_path,
        revision=asked.source_rev,
        first_line=asked.start_line,
        last_line=asked.end_line,
    )
    answer = caller.grove.navigation.find_similar(caller.actor, source, asked.wanted())
    extract = answer.extract
    return SimilarOut(
        repository=extract.repository,
        repository_id=UUID(extract.repository_id),
        commit=extract.commit,
        path=extract.path,
        start_line=extract.first_line,
        end_line=extract.last_line,
        items=[SimilarPlaceOut.of(place) for place in answer.items],
        truth=truth_out(answer.truth),
        truth_line=truth_line(answer.truth),
    )


@outlines.get("/outline", openapi_extra=needs("file.read"))
def show_outline(repository_id: UUID, caller: CallerOf, *, path: PathText, rev: Revision = "") -> OutlineOut:
    """What a file defines, at any commit."""
    outline = caller.grove.navigation.outline(caller.actor, repository=str(repository_id), path=path, revision=rev)
    return OutlineOut.model_validate(outline)


@drafts.get("/outline", openapi_extra=needs("workspace.view"))
def show_outline_in_workspace(name: Name, caller: CallerOf, *, path: PathText) -> OutlineOut:
    """What a file of a workspace defines, as it is now."""
    outline = caller.grove.navigation.outline_in_workspace(caller.actor, workspace=name, path=path)
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
