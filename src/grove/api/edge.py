"""What all requests of one app share."""

import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends, Request

from grove.api.errors import StreamsBusy
from grove.api.metrics import Metrics
from grove.kit.ids import digest
from grove.wiring import Grove

TOKENS_REMEMBERED_MAX: Final = 10_000
USE_SECONDS: Final = 60.0
STREAMS_MAX: Final = 100


class TokenUses:
    """When each token's use was last written down, so that not every request writes."""

    def __init__(self) -> None:
        self._marked: dict[str, float] = {}
        self._lock = threading.Lock()

    def is_due(self, secret: str) -> bool:
        """Whether the use of a token is to be written down now."""
        name, moment = digest(secret), time.monotonic()
        with self._lock:
            if moment - self._marked.get(name, -USE_SECONDS) < USE_SECONDS:
                return False
            if len(self._marked) >= TOKENS_REMEMBERED_MAX:
                self._marked.clear()
            self._marked[name] = moment
        return True


class Streams:
    """How many streams are open; each holds a connection for long and reads the database again and again."""

    def __init__(self, *, count_max: int = STREAMS_MAX) -> None:
        self._count_max = count_max
        self._count = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Keep one stream open.

        :raises StreamsBusy: if there are too many.
        """
        if self._count >= self._count_max:
            raise StreamsBusy(streams_max=self._count_max)
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1


@dataclass(slots=True, kw_only=True)
class Edge:
    """The parts below, and what this app itself remembers."""

    grove: Grove
    metrics: Metrics
    workers_alive: Callable[[], bool]
    token_uses: TokenUses = field(default_factory=TokenUses)
    streams: Streams = field(default_factory=Streams)
    is_started: bool = False
    is_schema_current: bool = False


async def edge_of(request: Request) -> Edge:
    """What the app was made with."""
    edge: Edge = request.app.state.edge
    return edge


EdgeOf = Annotated[Edge, Depends(edge_of)]


async def open_stream(edge: EdgeOf) -> AsyncIterator[None]:
    """Count a stream while its request lasts.

    :raises StreamsBusy: if there are too many.
    """
    async with edge.streams.one():
        yield
