"""`find_references`: uses of a name, its callers, and what it calls. `find_files`, `find_similar`: places in code."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from grove.mcp.arguments import FindFiles, FindReferences, FindSimilar
from grove.mcp.budget import Level, fit
from grove.mcp.calls import Caller, Reply, joined
from grove.mcp.places import COMMIT_DIGITS
from grove.mcp.registry import repository_named
from grove.mcp.searching import exactly
from grove.mcp.visible import visible, visible_line
from grove.navigation import (
    Around,
    Callee,
    Callees,
    Callers,
    DefinitionPlace,
    References,
    SimilarPlace,
    Source,
    UsePlace,
    Wanted,
)
from grove.navigation import Caller as CallingPlace
from grove.search import FileAddress, Truth, truth_line


def find_references(caller: Caller, arguments: FindReferences) -> Reply:
    """Show where a name is used, who uses it, or what it calls.

    :raises GroveError: if the question cannot be answered.
    """
    wanted = Wanted(
        name=arguments.name.strip(),
        repositories=(exactly(repository_named(caller, arguments.repo).name),) if arguments.repo else (),
        revisions=(arguments.ref,) if arguments.ref else (),
        workspaces=(arguments.workspace,) if arguments.workspace else (),
        paths=(arguments.path,) if arguments.path else (),
        near=arguments.near,
        limit=arguments.limit,
        offset=arguments.offset,
    )
    navigation = caller.grove.navigation
    if arguments.relation == "callers":
        callers = navigation.callers(caller.actor, wanted)
        return _reply(_callers_levels(callers), callers.truth, callers.definitions, arguments)
    if arguments.relation == "callees":
        callees = navigation.callees(caller.actor, wanted)
        definitions = (callees.definition,) if callees.definition else ()
        return _reply(_callees_levels(callees), callees.truth, definitions, arguments)
    references = navigation.references(caller.actor, wanted)
    return _reply(_references_levels(references), references.truth, references.definitions, arguments)


def find_files(caller: Caller, arguments: FindFiles) -> Reply:
    """Find files by their paths.

    :raises GroveError: if the question cannot be answered.
    """
    wanted = Wanted(
        name=arguments.pattern.strip(),
        repositories=(exactly(repository_named(caller, arguments.repo).name),) if arguments.repo else (),
        revisions=(arguments.ref,) if arguments.ref else (),
        workspaces=(arguments.workspace,) if arguments.workspace else (),
        limit=arguments.limit,
    )
    answer = caller.grove.navigation.find_files(caller.actor, wanted)
    lines = [visible(_title(found.address)) for found in answer.items]
    told = joined(truth_line(answer.truth), _commits(answer.truth))
    fitted = fit([Level("paths", lambda: lines)], tokens_max=arguments.max_tokens, truth=told)
    return Reply(lines=fitted.lines or ["(none)"], truth=joined(told, fitted.note))


def find_similar(caller: Caller, arguments: FindSimilar) -> Reply:
    """Find code that is like some lines.

    :raises GroveError: if the question cannot be answered.
    """
    source = Source(
        repository=repository_named(caller, arguments.repo).name,
        path=arguments.path.removeprefix("/"),
        revision=arguments.ref,
        first_line=arguments.start_line,
        last_line=arguments.end_line,
    )
    within = (arguments.workspace,) if arguments.workspace else ()
    wanted = Wanted(limit=arguments.limit, workspaces=within)
    answer = caller.grove.navigation.find_similar(caller.actor, source, wanted)
    told = joined(truth_line(answer.truth), _commits(answer.truth))
    fitted = fit(
        [Level("places", lambda: list(map(_similar, answer.items)))], tokens_max=arguments.max_tokens, truth=told
    )
    return Reply(lines=fitted.lines or ["(none)"], truth=joined(told, fitted.note))


def _similar(place: SimilarPlace) -> str:
    within = f"  in {_named(place.around)}" if place.around else ""
    lines = f"{_title(place.address)}:{place.first_line}-{place.last_line}"
    return visible(f"{lines}  similarity {place.similarity:.2f}{within}")


def _reply(
    levels: Sequence[Level], truth: Truth, definitions: Sequence[DefinitionPlace], arguments: FindReferences
) -> Reply:
    defined = f"defined at {_place(definitions[0].address, definitions[0].line)}" if definitions else ""
    further = f"next offset={arguments.offset + arguments.limit}" if truth.more and not truth.limits_hit else ""
    told = joined(truth_line(truth), _commits(truth), visible(defined), further)
    fitted = fit(levels, tokens_max=arguments.max_tokens, truth=told)
    return Reply(lines=fitted.lines or ["(none)"], truth=joined(told, fitted.note))


def _references_levels(answer: References) -> list[Level]:
    return [
        Level("everything", lambda: list(_uses(answer.items, with_lines=True))),
        Level("locations without lines", lambda: list(_uses(answer.items, with_lines=False))),
    ]


def _callers_levels(answer: Callers) -> list[Level]:
    return [
        Level("everything", lambda: [line for item in answer.items for line in _caller(item, with_lines=True)]),
        Level("callers without lines", lambda: [line for item in answer.items for line in _caller(item)]),
    ]


def _callees_levels(answer: Callees) -> list[Level]:
    return [Level("everything", lambda: [_callee(item) for item in answer.items])]


def _uses(uses: Sequence[UsePlace], *, with_lines: bool) -> Iterator[str]:
    for address, places in groupby(uses, key=lambda use: use.address):
        yield visible(_title(address))
        for use in places:
            within = f" in {_named(use.around)}" if use.around else ""
            line = f"  {visible_line(use.text.strip())}" if with_lines else ""
            yield f"  {use.line}: {use.role.value}{visible(within)}{line}"


def _caller(item: CallingPlace, *, with_lines: bool = False) -> Iterator[str]:
    around = (
        f"{_named(item.around)}, lines {item.around.line}-{item.around.end_line}" if item.around else "no definition"
    )
    uses = ", ".join(str(use.line) for use in item.uses)
    yield visible(f"{_title(item.address)}  {around}; used on {uses}")
    if with_lines:
        yield from (f"  {use.line}: {visible_line(use.text.strip())}" for use in item.uses)


def _callee(item: Callee) -> str:
    lines = ", ".join(map(str, item.lines))
    defined = "; ".join(f"{found.kind} {_place(found.address, found.line)}" for found in item.definitions)
    return visible(f"{item.name}  on {lines}  {defined or '(not defined in what was searched)'}")


def _named(around: Around | None) -> str:
    if around is None:
        return ""
    return f"{around.kind} {around.container}.{around.name}" if around.container else f"{around.kind} {around.name}"


def _title(address: FileAddress) -> str:
    return f"[{address.repository}] {address.path}"


def _place(address: FileAddress, line: int) -> str:
    return f"{_title(address)}:{line}"


def _commits(truth: Truth) -> str:
    if len(truth.searched) != 1:
        return ""
    (commit,) = truth.searched
    return visible(f"at {commit.repository}@{commit.commit[:COMMIT_DIGITS]}")
