"""`/api/v1/search`: one answer, or the same piece by piece."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Annotated, Any, Final

from fastapi import Depends, Query
from fastapi.concurrency import iterate_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from grove.api.answers import (
    AnswerOut,
    CommitMatchOut,
    FacetsOut,
    RepositoryMatchOut,
    SuggestionOut,
    matches_out,
    truth_out,
)
from grove.api.caller import CallerOf
from grove.api.edge import Edge, open_stream
from grove.api.routing import needs, router_at
from grove.api.shapes import Received, Words
from grove.api.watching import alert
from grove.kit.errors import GroveError
from grove.search import Alert, Done, Filters, Matches, Mode, Question, SearchEvent

QUERY_CHARACTERS_MAX: Final = 10_000
FILES_MAX: Final = 1_000
CONTEXT_LINES_MAX: Final = 20
ALTERNATIVES_MAX: Final = 50

router = router_at("/api/v1/search", tag="search")

QueryText = Annotated[
    str, Field(max_length=QUERY_CHARACTERS_MAX, description="The query.", examples=["lang:py retry backoff"])
]
Alternatives = Annotated[list[Words], Field(max_length=ALTERNATIVES_MAX)]


class QuestionIn(Received):
    """A question. `repo`, `rev`, `path` and `lang` mean what the filters of a query mean; several are alternatives.

    A `repo` that is plainly a name means that repository alone, by all of its name or its last parts.
    """

    q: QueryText
    mode: Mode = Field(default=Mode.AUTO, description="How the text of the query is read.")
    repo: Alternatives = Field(default=[])
    rev: Alternatives = Field(default=[])
    path: Alternatives = Field(default=[])
    lang: Alternatives = Field(default=[])
    workspace: Alternatives = Field(default=[], description="Workspaces to search as they are now, by name or id.")
    limit: int = Field(default=20, ge=1, le=FILES_MAX, description="How many files are answered at most.")
    offset: int = Field(default=0, ge=0, le=FILES_MAX, description="How many of the best files are left out.")
    context: int = Field(default=0, ge=0, le=CONTEXT_LINES_MAX, description="Lines to show around each match.")
    explain: bool = Field(default=False, description="Tell the plan, and what each score is made of.")

    def question(self) -> Question:
        """As the core has it."""
        return Question(
            text=self.q,
            mode=self.mode,
            repositories=tuple(self.repo),
            revisions=tuple(self.rev),
            paths=tuple(self.path),
            languages=tuple(self.lang),
            workspaces=tuple(self.workspace),
            limit=self.limit,
            offset=self.offset,
            context_lines=self.context,
            explain=self.explain,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A search that has begun."""

    edge: Edge
    mode: Mode
    events: Iterator[SearchEvent]
    began: float = field(default_factory=time.perf_counter)

    def measure(self) -> None:
        """Count the search, which has just ended."""
        _measure(self.edge, self.mode, self.began)


def begin_search(asked: Annotated[QuestionIn, Query()], caller: CallerOf) -> Running:
    """Begin a search, up to its first event: a question that cannot be answered is refused before the answer begins."""
    began = time.perf_counter()
    events = iter(caller.grove.search.stream(caller.actor, asked.question()))
    first = list(islice(events, 1))
    return Running(edge=caller.edge, mode=asked.mode, events=chain(first, events), began=began)


@router.get("", openapi_extra=needs("search.run"))
def search_code(asked: Annotated[QuestionIn, Query()], caller: CallerOf) -> AnswerOut:
    """Search code: what answers the question, best first, and the truth about what was searched."""
    with measured(caller.edge, asked.mode):
        answer = caller.grove.search.run(caller.actor, asked.question())
    return AnswerOut.of(answer, explain=asked.explain)


@router.get(
    "/stream",
    response_class=EventSourceResponse,
    dependencies=[Depends(open_stream)],
    openapi_extra=needs("search.run"),
)
async def stream_search(running: Annotated[Running, Depends(begin_search)]) -> AsyncIterator[ServerSentEvent]:
    """The same piece by piece: `matches`, `progress`, `filters` and `alert` as they come, and `done` with the truth."""
    try:
        async for event in iterate_in_threadpool(running.events):
            yield ServerSentEvent(event=event.name, data=_body(event))
    except GroveError as failed:
        yield alert(failed)
    running.measure()


@contextmanager
def measured(edge: Edge, mode: Mode) -> Iterator[None]:
    """Count a search when it was answered."""
    began = time.perf_counter()
    yield
    _measure(edge, mode, began)


def _measure(edge: Edge, mode: Mode, began: float) -> None:
    edge.metrics.searches.labels(mode.value, "api").observe(time.perf_counter() - began)


def _body(event: SearchEvent) -> dict[str, Any]:
    match event:
        case Matches(files=files, repositories=found, commits=commits):
            return {
                "files": [_json(match) for match in matches_out(files)],
                "repositories": [_json(RepositoryMatchOut.model_validate(each)) for each in found],
                "commits": [_json(CommitMatchOut.model_validate(each)) for each in commits],
            }
        case Filters(facets=facets):
            return _json(FacetsOut.model_validate(facets))
        case Alert(suggested=suggested):
            shown = SuggestionOut.model_validate(suggested) if suggested else None
            return {
                "severity": event.severity,
                "title": event.title,
                "message": event.message,
                "suggested": _json(shown) if shown else None,
            }
        case Done(truth=truth, line=line):
            return {"truth": _json(truth_out(truth)), "truth_line": line}
    return {
        "files_found": event.files_found,
        "repositories_found": event.repositories_found,
        "matches_found": event.matches_found,
        "elapsed_ms": event.elapsed_ms,
    }


def _json(shown: BaseModel) -> dict[str, Any]:
    return shown.model_dump(mode="json")
