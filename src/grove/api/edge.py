"""What all requests of one app share."""

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends, Request

from grove.api.errors import TooBusy
from grove.api.intake import Intake
from grove.api.metrics import Metrics
from grove.kit.ids import digest
from grove.wiring import Grove

TOKENS_REMEMBERED_MAX: Final = 10_000
USE_SECONDS: Final = 60.0
STREAMS_MAX: Final = 100
UPLOADS_MAX: Final = 2
"""Uploads, which are held in memory while they are read."""
TRANSFERS_MAX: Final = 16
"""Fetches and pushes of git clients, each of which has processes of its own."""
LARGE_DELIVERY_BYTES: Final = 1024 * 1024
LARGE_DELIVERIES_MAX: Final = 8
"""Deliveries of forges that are held in memory before it is known who sent them."""
LOOKS_MAX: Final = 10
"""Looks at other hosts, which may be slow: a quarter of the threads that answer requests."""


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


class Seats:
    """So many requests of a sort at once and no more, because each holds something for long."""

    def __init__(self, what: str, *, count_max: int) -> None:
        self._what = what
        self._count_max = count_max
        self._lock = threading.Lock()
        self.count = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a seat while the block lasts.

        :raises TooBusy: if every seat is taken.
        """
        with self._lock:
            if self.count >= self._count_max:
                raise TooBusy(what=self._what, at_once_max=self._count_max)
            self.count += 1
        try:
            yield
        finally:
            with self._lock:
                self.count -= 1


@dataclass(slots=True, kw_only=True)
class Edge:
    """The parts below, and what this app itself remembers."""

    grove: Grove
    metrics: Metrics
    workers_alive: Callable[[], bool]
    intake: Intake
    token_uses: TokenUses = field(default_factory=TokenUses)
    streams: Seats = field(default_factory=lambda: Seats("streams", count_max=STREAMS_MAX))
    looks: Seats = field(default_factory=lambda: Seats("looks at repositories", count_max=LOOKS_MAX))
    large_deliveries: Seats = field(default_factory=lambda: Seats("large deliveries", count_max=LARGE_DELIVERIES_MAX))
    uploads: Seats = field(default_factory=lambda: Seats("uploads", count_max=UPLOADS_MAX))
    transfers: Seats = field(default_factory=lambda: Seats("transfers of git clients", count_max=TRANSFERS_MAX))
    is_started: bool = False
    is_schema_current: bool = False

    def room_for_delivery(self, length: str | None) -> AbstractContextManager[None]:
        """A seat for a delivery that is large, or does not say how large it is; small ones need none.

        :raises TooBusy: when it is entered, if there are too many.
        """
        is_small = length is not None and int(length) < LARGE_DELIVERY_BYTES
        return nullcontext() if is_small else self.large_deliveries.one()


async def edge_of(request: Request) -> Edge:
    """What the app was made with."""
    edge: Edge = request.app.state.edge
    return edge


EdgeOf = Annotated[Edge, Depends(edge_of)]


async def open_stream(edge: EdgeOf) -> AsyncIterator[None]:
    """Count a stream while its request lasts.

    :raises TooBusy: if there are too many.
    """
    with edge.streams.one():
        yield


async def open_upload(edge: EdgeOf) -> AsyncIterator[None]:
    """Count an upload while its request lasts.

    :raises TooBusy: if there are too many.
    """
    with edge.uploads.one():
        yield


async def open_transfer(edge: EdgeOf) -> AsyncIterator[None]:
    """Count a fetch or a push while its request lasts.

    :raises TooBusy: if there are too many.
    """
    with edge.transfers.one():
        yield
